"""Streams that break all the time and servers that are killed: every event once, in order."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest

from tests.live_clients import keep_editing, listeners, post
from tests.live_readers import Reader
from tests.servers import Server, free_port, running_server

SECONDS = 12.0


@pytest.mark.slow
def test_every_event_comes_once_whatever_breaks(tmp_path: Path) -> None:
    port, stopped = free_port(), threading.Event()
    readers = [Reader(port) for _ in range(3)]
    threads = [threading.Thread(target=reader.run) for reader in readers]

    def start_all(server: Server) -> None:
        threads.append(threading.Thread(target=keep_editing, args=(server.orch_root, stopped)))
        for thread in threads:
            thread.start()

    with running_server(tmp_path, port=port) as server:
        start_all(server)
        time.sleep(SECONDS / 4)
        server.process.kill()
    for number in (signal.SIGTERM, signal.SIGKILL):
        with running_server(tmp_path, port=port) as server:
            time.sleep(SECONDS / 4)
            server.stop(number)
    stopped.set()
    with running_server(tmp_path, port=port) as server:
        time.sleep(2)
        for reader in readers:
            reader.stopped.set()
        for thread in threads:
            thread.join(10)
        newest = readers[0].seen[-1]
    assert [(r.seen, r.resets) for r in readers] == [(list(range(newest + 1)), 0)] * 3
    assert (newest > 20, min(r.connections for r in readers) > 50) == (True, True)


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
