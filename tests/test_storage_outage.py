"""A database that is away, frozen or read-only: nothing is lost, nobody waits for long."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orch_next.security.identities import Identities
from tests.patience import PATIENCE, in_time
from tests.postgresql import PostgreSQL, running_postgresql
from tests.servers import Server, running_server

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def database() -> Iterator[PostgreSQL]:
    with running_postgresql() as running:
        yield running


@pytest.fixture
def url(database: PostgreSQL, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a database of its own to each test."""
    name = request.node.name
    database.ask(f"CREATE DATABASE {name}")
    yield database.url_of(name)


def ask(
    server: Server, path: str, body: Any = None, token: str = "", timeout: float = 30.0
) -> tuple[int, Any, float]:
    """Return status, JSON and seconds of one request."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, headers)
    started = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            found = (answer.status, json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        found = (error.code, json.loads(error.read()))
    return (*found, time.monotonic() - started)


def change(server: Server, verb: str, task_id: str) -> None:
    status, answer, seconds = ask(server, f"/api/tasks/{verb}", {"task_id": task_id})
    assert (status, answer["success"]) == (200, True), answer
    assert in_time(seconds, 12, ask(server, "/health")[2])


def wait_for(what: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def journal(database: PostgreSQL, name: str, sources: str = "'http'") -> list[str]:
    rows = database.ask(
        "SELECT event || ' ' || record_id FROM orch_next.journal "
        f"WHERE source IN ({sources}) ORDER BY id",
        name,
    )
    return rows.split("\n") if rows else []


@pytest.mark.slow
def test_frozen(database: PostgreSQL, url: str, tmp_path: Path) -> None:
    """Sixty strangers wait on a frozen server: `/health` and known readers do not."""
    with closing(Identities(url)) as identities:
        _, token = identities.add("司令", "CMD")
    strangers = [f"orch_{number:012x}_{'x' * 43}" for number in range(60)]
    env = {"ORCH_DATABASE_URL": url, "ORCH_AUTH": "token"}
    with running_server(tmp_path, "serve", env=env) as server:
        assert ask(server, "/api/tasks", token=token)[0] == 200
        bare = max(ask(server, "/health")[2] for _ in range(5))
        database.freeze()
        try:
            with ThreadPoolExecutor(60) as pool:
                reads = [pool.submit(ask, server, "/api/tasks", None, one) for one in strangers]
                time.sleep(0.5)
                looks = [ask(server, "/health") for _ in range(5)]
                assert not any(one.done() for one in reads)
                found = [one.result() for one in reads]
            known = [ask(server, "/api/tasks", token=token) for _ in range(3)]
            write = ask(server, "/api/tasks/hold", {"task_id": "001"}, token)
        finally:
            database.thaw()
        assert [(status, in_time(seconds, 1, bare)) for status, _, seconds in looks] == [
            (200, True)
        ] * 5
        assert {status for status, _, _ in found} == {503}
        assert in_time(max(seconds for _, _, seconds in found), 12, bare)
        assert [status for status, _, _ in known] == [200] * 3
        assert in_time(sum(seconds for _, _, seconds in known), 9, bare)  # one of them asks for all
        assert (write[0], write[1]["error"], in_time(write[2], 9, bare)) == (
            503,
            "the database cannot be used now (database-unusable)",
            True,
        )
        assert wait_for(lambda: ask(server, "/api/tasks/hold", {"task_id": "001"}, token)[0] == 200)


def test_stopped(database: PostgreSQL, url: str, tmp_path: Path) -> None:
    """What changed meanwhile is in the journal in its order, before anything new."""
    with running_server(tmp_path, "serve", env={"ORCH_DATABASE_URL": url}) as server:
        change(server, "promote", "006")
        database.stop()
        try:
            change(server, "hold", "006")
            change(server, "promote", "006")
            change(server, "hold", "005")
            assert ask(server, "/api/tasks")[0] == 200
        finally:
            database.start()
        expected = ["task_promoted 006", "task_held 006", "task_promoted 006", "task_held 005"]
        # Nobody writes: the spool is taken in all the same.
        assert wait_for(lambda: journal(database, "test_stopped") == expected)
        change(server, "request_fix", "005")
        assert journal(database, "test_stopped") == [*expected, "task_fix_requested 005"]
        newest = ask(server, "/api/history?limit=1")[1]["entries"][0]
        assert (newest["event"], newest["record_id"], newest["undoable"]) == (
            "task_fix_requested",
            "005",
            True,
        )


def test_readonly(database: PostgreSQL, url: str, tmp_path: Path) -> None:
    """A database that may only be read keeps nobody from working."""
    with running_server(tmp_path, "serve", env={"ORCH_DATABASE_URL": url}) as server:
        change(server, "promote", "006")
        database.ask("ALTER DATABASE test_readonly SET default_transaction_read_only = on")
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        kill += "WHERE datname = 'test_readonly'"
        database.ask(kill)
        change(server, "hold", "006")
        change(server, "promote", "006")
        assert journal(database, "test_readonly") == ["task_promoted 006"]
        database.ask("ALTER DATABASE test_readonly SET default_transaction_read_only = off")
        database.ask(kill)
        expected = ["task_promoted 006", "task_held 006", "task_promoted 006"]
        assert wait_for(lambda: journal(database, "test_readonly") == expected)


def test_locked(database: PostgreSQL, url: str, tmp_path: Path) -> None:
    """A table that somebody else holds ends in the spool, in seconds."""
    with running_server(tmp_path, "serve", env={"ORCH_DATABASE_URL": url}) as server:
        change(server, "promote", "006")
        lock = "BEGIN; LOCK TABLE orch_next.journal; SELECT pg_sleep(5); COMMIT"
        holder = threading.Thread(target=lambda: database.ask(lock, "test_locked"))
        holder.start()
        time.sleep(0.5)
        change(server, "hold", "006")
        assert in_time(ask(server, "/api/tasks")[2], 2, ask(server, "/health")[2])
        holder.join()
        expected = ["task_promoted 006", "task_held 006"]
        assert wait_for(lambda: journal(database, "test_locked") == expected)


@pytest.mark.slow
def test_doubled(database: PostgreSQL, url: str, tmp_path: Path) -> None:
    """Two processes over one folder: a change made while the database was away is told once."""
    env = {"ORCH_DATABASE_URL": url}
    with running_server(tmp_path, env=env) as one, running_server(tmp_path, env=env) as other:
        change(one, "promote", "006")
        database.stop()
        try:
            change(one, "hold", "006")
            change(other, "promote", "006")
            time.sleep(1.5)  # each looks at the file every half second
        finally:
            database.start()
        every = "'http', 'outside'"
        wanted = ["task_promoted 006", "task_held 006", "task_promoted 006"]
        assert wait_for(lambda: len(journal(database, "test_doubled", every)) >= 3)
        time.sleep(2)
        assert journal(database, "test_doubled", every) == wanted
