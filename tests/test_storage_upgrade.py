"""An installation of the version before is brought further in place, and loses nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from orch_next import create_app
from orch_next.core.database import Database
from orch_next.errors import SchemaError
from orch_next.realtime.hub import Reset
from orch_next.security.requests import EXTENSION
from tests.installations import (
    LATER,
    NOW,
    OTHERS,
    SAVED,
    put_database,
    put_installation,
    saved_facts,
    table_rows,
)
from tests.postgresql import PostgreSQL, running_postgresql

# Tables that the version before had not.
NEW = (
    "attempt_places",
    "identity_standing",
    "lease_claims",
    "lease_repeats",
    "wanted_sessions",
)
# Tables that the version before had, and we have not.
GONE = (*OTHERS, "live_counter", "live_events", "live_rows")
NUMBERED = "orch_next_schema"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with running_postgresql() as running:
        yield running


def open_client(root: Path, at: datetime = NOW, **settings: Any) -> FlaskClient:
    app = create_app({"root": root / "ORCH", "auth": "token", **settings}, now=lambda: at)
    app.extensions["orch_next"].board.journal.open()
    return app.test_client()


def close_databases(client: FlaskClient) -> None:
    extensions = client.application.extensions
    extensions["orch_next"].board.close()
    extensions[EXTENSION].close()


def ask(client: FlaskClient, token: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    method = "GET" if body is None else "POST"
    return client.open(path, method=method, json=body, headers=headers).get_json()


def check_everything_goes_on(client: FlaskClient, facts: dict[str, Any]) -> None:
    """Log in, renew, undo, repeat a request and decide, as if nothing had happened."""
    tokens = facts["tokens"]
    history = ask(client, tokens["CMD"], "/api/history?limit=100")["entries"]
    assert [(one["id"], one["event"], one["source"]) for one in history] == [
        (10, "task_updated", "outside"),
        (9, "task_held", "http"),
        (8, "approval_requested", "dispatcher"),
        (7, "task_reported", "dispatcher"),
        (6, "task_claimed", "dispatcher"),
        (5, "task_claimed", "dispatcher"),
        (4, "task_promoted", "http"),
        (3, "task_promoted", "http"),
        (2, "task_created", "http"),
        (1, "task_created", "http"),
    ]
    assert [one["undoable"] for one in history[:2]] == [True, True]
    login = {"username": "閲覧", "password": facts["password"]}
    assert client.post("/api/security/login", json=login).status_code == 200
    renewal = {"job_id": facts["task"], "token": facts["claim"]["token"], "seconds": 3600}
    renewed = ask(client, tokens["WORK"], "/api/leases/renew", renewal)
    assert (renewed["success"], renewed["job_id"]) == (True, "003")
    sent = {"title": "図面｜C:\\図面\\一.dwg の確認", "owner": "WORK"}
    key = {"Authorization": f"Bearer {tokens['CMD']}", "Idempotency-Key": "create-1"}
    again = client.post("/api/tasks/create", json=sent, headers=key)
    assert again.get_json() == facts["created"]
    undone = ask(client, tokens["CMD"], "/api/undo/9", {})
    assert (undone["success"], undone["journal_id"]) == (
        True,
        14,
    )  # the joint of the two logs was 11, login and renewal 12 and 13
    verdict = {"appr_id": "A004", "approver": "監査 次郎", "approver_role": "AUDIT"}
    assert ask(client, tokens["AUDIT"], "/api/approvals/approve", verdict)["success"] is True
    newest = ask(client, tokens["CMD"], "/api/history?limit=1")["entries"][0]
    assert (newest["id"], newest["event"]) == (15, "approval_decided")


def check_events_go_on(client: FlaskClient) -> None:
    """Numbers rise above those of both logs; who has an older one reads everything again."""
    live = client.application.extensions["orch_next"].live
    live.tail.open()
    assert live.hub.catch_up(10) == [Reset(11)]
    assert live.hub.catch_up(11) == []


def check_checkpoints(told: Any) -> None:
    """What had been told of the rows is known still."""
    assert sorted((kind, at, sorted(json.loads(rows))) for kind, at, rows in told) == [
        ("approval", 11, ["A001", "A002", "A003"]),
        ("milestone", 11, ["M1"]),
        ("task", 11, ["001", "002", "003", "004", "deploy-004"]),
    ]


def test_a_sqlite_installation_goes_on(tmp_path: Path) -> None:
    root = put_installation(tmp_path)
    former, own = root / "data" / "orch.db", root / "data" / "orch-next.db"
    put_database(former)
    bytes_before, before = former.read_bytes(), table_rows(former)
    client = open_client(root)
    check_events_go_on(client)
    after = table_rows(own)
    assert after.pop(NUMBERED) == [(1,), (2,)]
    check_checkpoints(after.pop("ledger_checkpoints"))
    reset = after["journal"].pop(2)
    assert (reset[0], reset[5:7]) == (11, ("events_reset", "ledger"))
    assert [after.pop(name) for name in NEW] == [[]] * len(NEW)
    assert after == {name: rows for name, rows in before.items() if name not in GONE}
    check_everything_goes_on(client, saved_facts())
    events = ask(client, saved_facts()["tokens"]["CMD"], "/audit/events?type=承認")
    assert [(one["user_id"], one["resource_id"]) for one in events] == [("旧", "001")]
    assert former.read_bytes() == bytes_before
    assert not list(former.parent.glob("orch.db-*"))
    # The second start finds it done.
    again = open_client(root, LATER)
    newest = ask(again, saved_facts()["tokens"]["CMD"], "/api/history?limit=1")["entries"]
    assert newest[0]["id"] == 15


def test_what_an_earlier_version_left_in_its_log_is_taken_too(tmp_path: Path) -> None:
    root = put_installation(tmp_path)
    former = root / "data" / "orch.db"
    put_database(former)
    crashed = sqlite3.connect(former)
    crashed.execute("UPDATE readings SET cpu = 77.5")
    crashed.commit()
    open_client(root)
    assert table_rows(root / "data" / "orch-next.db")["readings"][0][2] == 77.5
    crashed.close()


def test_the_line_of_the_way_back_uses_the_old_file(tmp_path: Path) -> None:
    root = put_installation(tmp_path)
    former = root / "data" / "orch.db"
    put_database(former)
    client = open_client(root, database_url=f"sqlite:///{former}")
    check_everything_goes_on(client, saved_facts())
    assert not (root / "data" / "orch-next.db").exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_postgresql_installation_goes_on(server: PostgreSQL, tmp_path: Path) -> None:
    url = server.restore(SAVED / "postgresql.sql", "saved")
    root = put_installation(tmp_path)
    counts = "SELECT count(*) FROM {}.journal"
    assert server.ask(counts.format("public"), "saved") == "10"
    # Leases are counted by the server's own clock: the saved one is held now, too.
    held = "expires_at = extract(epoch FROM now()) + 600, heartbeat_at = extract(epoch FROM now())"
    server.ask(f"UPDATE public.leases SET {held}", "saved")
    client = open_client(root, database_url=url)
    check_events_go_on(client)
    names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    assert tuple(server.ask(names, "saved").split()) == OTHERS
    assert server.ask(counts.format("orch_next"), "saved") == "11"
    assert server.ask("SELECT * FROM orch_next.orch_next_schema ORDER BY 1", "saved") == "1\n2"
    kept = "SELECT kind || '/' || at FROM orch_next.ledger_checkpoints ORDER BY 1"
    assert server.ask(kept, "saved").split() == ["approval/11", "milestone/11", "task/11"]
    assert "live_" not in server.ask("SELECT tablename FROM pg_tables", "saved")
    check_everything_goes_on(client, saved_facts("facts-postgresql.json"))
    close_databases(client)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_user_who_may_make_no_schema_is_told_the_command(server: PostgreSQL) -> None:
    server.ask("CREATE USER 低い")
    server.ask("CREATE DATABASE low")
    database = Database(server.url_of("low", "低い"))
    with pytest.raises(SchemaError) as caught:
        database.open()
    _, _, command = caught.value.reason.partition("psql low -c ")
    assert command == "'CREATE SCHEMA orch_next AUTHORIZATION \"低い\"'"
    server.ask(command.strip("'"), "low")
    with closing(database):
        database.open()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_schema_that_the_owner_chose_is_kept(server: PostgreSQL) -> None:
    server.ask("CREATE DATABASE chosen")
    server.ask("CREATE SCHEMA 工場", "chosen")
    server.ask("ALTER ROLE orch IN DATABASE chosen SET search_path = 工場", "chosen")
    with closing(Database(server.url_of("chosen"))) as database:
        database.open()
    found = "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = 'journal'"
    assert server.ask(found, "chosen") == "工場"
