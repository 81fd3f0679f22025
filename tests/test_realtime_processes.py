"""Two server processes over one STATE folder: with the database alone, and with Redis."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fleet import needs_redis, redis_server
from tests.live_clients import Listener, edit_notes, listeners, post
from tests.patience import PATIENCE, in_time, seconds_of
from tests.servers import PROJECT, Server, free_port, running_server


@pytest.fixture(params=["database", pytest.param("redis", marks=needs_redis)])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    with ExitStack() as stack:
        redis = request.param == "redis"
        env = {"ORCH_REDIS_URL": stack.enter_context(redis_server(tmp_path))} if redis else {}
        one = stack.enter_context(running_server(tmp_path, env=env))
        yield one, stack.enter_context(running_server(tmp_path, env=env))


def sources(client: Listener) -> list[tuple[int, str, str]]:
    """Return number, record and source of every row event that a client heard."""
    return [(p["seq"], p["id"], p["source"]) for p in client.payloads("task_updated")]


def test_each_change_reaches_the_clients_of_both_once(pair: tuple[Server, Server]) -> None:
    one, other = pair
    with (
        listeners(one.port, ["websocket"], ["polling"]) as ours,
        listeners(other.port, ["websocket"], ["polling"]) as theirs,
    ):
        post(one.port, "/api/tasks/hold", {"task_id": "003"})
        post(other.port, "/api/tasks/hold", {"task_id": "004"})
        assert all(client.wait(2, "task_updated") for client in [*ours, *theirs])
        edit_notes(one.orch_root, "005", "外から")
        assert all(client.wait(3, "task_updated") for client in [*ours, *theirs])
        time.sleep(2.5)  # nothing more may come
        heard = [sources(client) for client in [*ours, *theirs]]
    assert [sorted(events, key=lambda e: e[1]) for events in heard] == [
        sorted(heard[0], key=lambda e: e[1])
    ] * 4
    assert {(i, s) for _, i, s in heard[0]} == {
        ("003", "http"),
        ("004", "http"),
        ("005", "outside"),
    }
    assert [seq for seq, _, _ in heard[0]] == [1, 2, 3]


def test_what_the_command_line_does_has_its_author(pair: tuple[Server, Server]) -> None:
    one, other = pair
    command = [sys.executable, "-m", "orch_next", "tasks", "hold", "003", "--actor", "監査"]
    with listeners(one.port, ["websocket"]) as ours, listeners(other.port, ["polling"]) as theirs:
        root = ["--orch-root", str(one.orch_root)]
        subprocess.run([*command, *root], cwd=PROJECT, check=True, timeout=PATIENCE)
        assert all(client.wait(1, "task_updated") for client in [*ours, *theirs])
        time.sleep(1.5)  # nothing more may come
        heard = [client.payloads("task_updated") for client in [*ours, *theirs]]
    found = [[(p["source"], p["actor"], p["change"], p["seq"]) for p in one] for one in heard]
    assert found == [[("cli", "監査", "task_held", 1)]] * 2


def test_a_killed_owner_is_followed_within_five_seconds(pair: tuple[Server, Server]) -> None:
    one, other = pair
    with listeners(other.port, ["websocket"]) as (client,):
        one.process.kill()
        one.process.wait()
        killed = time.time()
        delays: list[float] = []
        bare = seconds_of(lambda: other.get("/health"))
        # Only an owner tells an outside edit at once; a guest waits a second more.
        while not delays or not in_time(delays[-1], 0.7, bare):
            assert time.time() - killed < 5 + other.ready_seconds
            bare = seconds_of(lambda: other.get("/health"))
            count = len(sources(client))
            saved = edit_notes(other.orch_root, "005", f"{time.time()}")
            assert client.wait(count + 1, "task_updated")
            delays.append(client.heard[-1][2] - saved)


@needs_redis
def test_a_redis_that_is_away_delays_no_event_and_loses_none(tmp_path: Path) -> None:
    port = free_port()
    with ExitStack() as stack:
        with redis_server(tmp_path, port) as url:
            env = {"ORCH_REDIS_URL": url}
            server = stack.enter_context(running_server(tmp_path, env=env))
            (client,) = stack.enter_context(listeners(server.port, ["websocket"]))
            post(server.port, "/api/tasks/promote", {"task_id": "006"})
            assert client.wait(1, "task_updated")
        for task_id in ("003", "004"):
            post(server.port, "/api/tasks/hold", {"task_id": task_id})
        assert client.wait(3, "task_updated")
        before = sources(client)
        with redis_server(tmp_path, port):
            time.sleep(1)  # nothing more may come
            heard = sources(client)
    assert (before, heard) == (
        [(1, "006", "http"), (2, "003", "http"), (3, "004", "http")],
        [(1, "006", "http"), (2, "003", "http"), (3, "004", "http")],
    )
