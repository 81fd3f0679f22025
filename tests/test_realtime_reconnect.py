"""Streams that break all the time and servers that are killed: every event once, in order."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest

from tests.event_stream import EventSource
from tests.live_clients import keep_editing, listeners, post
from tests.live_readers import Reader
from tests.patience import PATIENCE, until
from tests.servers import Server, free_port, running_server

PHASES = 3


def far(reader: Reader, goal: tuple[int, int]) -> bool:
    """Tell whether a reader has so many events and connections."""
    return len(reader.seen) >= goal[0] and reader.connections >= goal[1]


def newest_of(server: Server) -> int:
    """Return the newest event's number, by asking with one that is far too high."""
    with EventSource(server.port, "/events", last_id=str(10**9)) as source:
        return int(source.wait(1)[0].last_id)


@pytest.mark.slow
def test_every_event_comes_once_whatever_breaks(tmp_path: Path) -> None:
    port, stopped = free_port(), threading.Event()
    readers = [Reader(port) for _ in range(3)]
    threads = [threading.Thread(target=reader.run) for reader in readers]

    def start_all(server: Server) -> None:
        threads.append(threading.Thread(target=keep_editing, args=(server.orch_root, stopped)))
        for thread in threads:
            thread.start()

    def go_on() -> None:
        """Wait until each reader has heard 10 more events and broken 20 more connections."""
        goals = [(len(one.seen) + 10, one.connections + 20) for one in readers]
        until(lambda: all(far(*pair) for pair in zip(readers, goals, strict=True)))

    with running_server(tmp_path, port=port) as server:
        start_all(server)
        go_on()
        server.process.kill()
    for number in (signal.SIGTERM, signal.SIGKILL):
        with running_server(tmp_path, port=port) as server:
            go_on()
            server.stop(number)
    stopped.set()
    threads.pop().join(PATIENCE)  # who edits
    with running_server(tmp_path, port=port) as server:
        time.sleep(2)  # the last edits are noticed
        newest = newest_of(server)
        until(lambda: all(reader.seen[-1] >= newest for reader in readers))
        for reader in readers:
            reader.stopped.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert [(r.seen, r.resets) for r in readers] == [(list(range(newest + 1)), 0)] * 3
    assert newest >= 10 * PHASES


MODES = ["serve", "serve-threading", "gthread"]


@pytest.mark.parametrize("mode", MODES)
def test_a_polling_client_catches_up_with_more_than_one_answer_may_hold(
    tmp_path: Path, mode: str
) -> None:
    with running_server(tmp_path, mode) as server:
        with listeners(server.port, ["polling"]) as (present,):
            for n in range(40):
                post(server.port, f"/api/tasks/{('hold', 'promote')[n % 2]}", {"task_id": "003"})
            assert present.wait(40, "task_updated")
            first = present.payloads("task_updated")[0]["seq"]
        with listeners(server.port, ["polling"], since=first - 1) as (late,):
            assert late.wait(40, "task_updated")
            seqs = [payload["seq"] for payload in late.payloads("task_updated")]
    assert seqs == list(range(first, first + 40))
