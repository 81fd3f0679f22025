"""gunicorn with Redis and nginx: two workers or two processes, a killed leader, a path."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from orch_next.storage.leader import LEASE_SECONDS, LOCK_NAME
from tests.event_stream import EventSource
from tests.fleet import needs_nginx, needs_redis, nginx, redis_server
from tests.live_clients import Listener, edit_notes, listeners, post
from tests.patience import PATIENCE, in_time, seconds_of, until
from tests.servers import COMMANDS, PROJECT, Server, running_server

pytestmark = [needs_redis, needs_nginx]
WAYS = (["polling"], ["websocket"], ["polling", "websocket"])
TWO_WORKERS = [*COMMANDS["eventlet"][:-1], "2"]


def heard(client: Listener) -> list[tuple[int, str, str]]:
    """Return number, record and source of every row event of one client."""
    return [(p["seq"], p["id"], p["source"]) for p in client.payloads("task_updated")]


def is_told(client: Listener, task_id: str) -> bool:
    """Tell whether a client has heard of the task, or is gone with its worker."""
    return client.gone.is_set() or task_id in {record for _, record, _ in heard(client)}


def all_told(clients: list[Listener], task_id: str) -> bool:
    return all(is_told(client, task_id) for client in clients)


def leader_of(server: Server) -> int:
    """Return the worker that holds the leader's lock, 0 when none does."""
    lock = str(server.orch_root / "STATE" / LOCK_NAME)
    holding = [pid for pid in workers_of(server) if lock in files_of(pid)]
    return holding[0] if len(holding) == 1 else 0


def files_of(pid: int) -> set[str]:
    """Return the paths of a process's open files; none of one that has ended."""
    with suppress(psutil.NoSuchProcess):
        return {one.path for one in psutil.Process(pid).open_files()}
    return set()


def clients_of(pid: int, port: int) -> int:
    """Return how many connections to the server's port a process has accepted."""
    found = psutil.Process(pid).net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in found)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int, str]]:
    """Two workers behind one port behind nginx: no client stays at its worker by itself."""
    folder = tmp_path_factory.mktemp("workers")
    with ExitStack() as stack:
        url = stack.enter_context(redis_server(folder))
        env = {"ORCH_REDIS_URL": url, "ORCH_TRUSTED_PROXIES": "1", "ORCH_PROXY_ASKS": "true"}
        run = running_server(folder, command=TWO_WORKERS, env=env)
        server = stack.enter_context(run)
        yield server, stack.enter_context(nginx(folder, server.port)), url


def workers_of(server: Server) -> list[int]:
    return [child.pid for child in psutil.Process(server.process.pid).children()]


def connect_to_both(stack: ExitStack, server: Server, port: int) -> list[Listener]:
    """Connect WebSockets until each worker has some."""
    clients: list[Listener] = []
    before = {pid: clients_of(pid, server.port) for pid in workers_of(server)}
    while len(clients) < 60:
        clients += stack.enter_context(listeners(port, *[["websocket"]] * 4))
        gained = [clients_of(pid, server.port) - before[pid] for pid in before]
        if len(gained) == 2 and min(gained) >= 2:
            return clients
    raise AssertionError("one worker got every client")


def hear_eleven_changes(server: Server, port: int, notes: str) -> list[list[tuple[int, str, str]]]:
    """Change a row ten times by HTTP and one from outside; return what each client heard."""
    with ExitStack() as stack:
        clients = connect_to_both(stack, server, port)
        for n in range(10):
            post(port, f"/api/tasks/{('hold', 'promote')[n % 2]}", {"task_id": "003"})
        edit_notes(server.orch_root, "005", notes)
        assert all(client.wait(11, "task_updated") for client in clients)
        time.sleep(0.5)  # nothing more may come
        return [heard(client) for client in clients]


def test_events_cross_workers_in_one_order(workers: tuple[Server, int, str]) -> None:
    server, port, _ = workers
    found = hear_eleven_changes(server, port, "外から")
    assert found == [found[0]] * len(found)
    assert [seq for seq, _, _ in found[0]] == list(range(found[0][0][0], found[0][0][0] + 11))
    assert [i for _, i, _ in found[0]] == ["003"] * 10 + ["005"]


def test_events_say_who_made_the_change(workers: tuple[Server, int, str]) -> None:
    server, port, _ = workers
    told = hear_eleven_changes(server, port, "もう一度")[0]
    assert [(i, s) for _, i, s in told] == [("003", "http")] * 10 + [("005", "outside")]


def test_a_killed_leader_is_followed_by_the_other_worker(workers: tuple[Server, int, str]) -> None:
    server, port, _ = workers
    with ExitStack() as stack:
        clients = connect_to_both(stack, server, port)
        killed = leader_of(server)
        os.kill(killed, signal.SIGKILL)
        followed = seconds_of(lambda: until(lambda: leader_of(server) not in (0, killed)))
        assert followed < 2 * LEASE_SECONDS + server.ready_seconds
        for task_id in ("005", "006"):
            edit_notes(server.orch_root, task_id, f"{time.time()}")
            until(partial(all_told, clients, task_id))
        left = [client for client in clients if not client.gone.is_set()]
        found = [heard(client) for client in left]
        first, last = found[0][0][0], found[0][-1][0]
        (late,) = stack.enter_context(listeners(port, ["websocket"], since=first - 1))
        assert late.wait(len(found[0]), "task_updated")
        replayed = heard(late)
    assert (len(left) < len(clients), found) == (True, [found[0]] * len(left))
    assert [seq for seq, _, _ in found[0]] == list(range(first, last + 1))
    assert replayed == found[0]


LEFT = {'X-Forwarded-Prefix "";': "X-Forwarded-Prefix /orch;"}
STRIPPED = {**LEFT, "# rewrite ^/orch": "rewrite ^/orch"}
# where the site is: the server, its settings, what is changed in the shipped nginx site
SITES: Mapping[str, tuple[str, Mapping[str, str], Mapping[str, str]]] = {
    "at the root": ("eventlet", {}, {}),
    "below a path that a setting names": ("serve", {"ORCH_URL_PREFIX": "/orch"}, {}),
    "below a path that nginx names": ("serve", {}, LEFT),
    "below a path that nginx strips": ("serve", {}, STRIPPED),
}


@pytest.mark.parametrize("where", SITES)
def test_two_processes_behind_the_site(tmp_path: Path, where: str) -> None:
    mode, more, edits = SITES[where]
    prefix = "" if where == "at the root" else "/orch"
    with ExitStack() as stack:
        redis_url = stack.enter_context(redis_server(tmp_path))
        proxy = {"ORCH_TRUSTED_PROXIES": "1", "ORCH_PROXY_ASKS": "true"}
        env = {**proxy, "ORCH_REDIS_URL": redis_url, **more}
        servers = [
            stack.enter_context(running_server(tmp_path, mode, env=env, plain=True))
            for _ in range(2)
        ]
        port = stack.enter_context(nginx(tmp_path, *(one.port for one in servers), edits=edits))
        path = f"{prefix}/socket.io"
        clients = stack.enter_context(listeners(port, *WAYS, *WAYS, path=path))
        bare, started = seconds_of(lambda: servers[0].get("/health")), time.monotonic()
        stream = stack.enter_context(EventSource(port, f"{prefix}/events"))
        # nginx keeps nothing back: the next piece would come 3 s later
        assert in_time(time.monotonic() - started, 1.0, bare)
        page, mark = fetch(port, f"{prefix}/"), f"{prefix}/static/css/tokens.css"
        post(port, f"{prefix}/api/tasks/hold", {"task_id": "003"})
        edit_notes(servers[0].orch_root, "005", "外から")
        assert all(client.wait(2, "task_updated") for client in clients)
        found = [heard(client) for client in clients]
        streamed = [json.loads(message.data)["id"] for message in stream.wait(2)]
        css = (PROJECT / "static" / "css" / "tokens.css").read_text("utf-8")
        assert (mark in page, fetch(port, mark)) == (True, css)
    assert found == [found[0]] * len(clients)
    assert sorted((i, s) for _, i, s in found[0]) == [("003", "http"), ("005", "outside")]
    assert sorted(streamed) == ["003", "005"]


def fetch(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        assert answer.headers["Set-Cookie"].startswith("orch_client=")
        text: str = answer.read().decode()
    return text
