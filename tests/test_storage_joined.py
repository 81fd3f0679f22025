"""The journal becomes the log of events: numbers go on above all that clients have."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orch_next.core.audit import list_events
from orch_next.core.database import Database
from orch_next.core.entries import CHANNEL
from orch_next.core.history import list_entries
from orch_next.core.journal import Journal
from orch_next.realtime.feed import Feed
from tests.installations import SAVED, put_database
from tests.live import NOW, make_change
from tests.patience import PATIENCE
from tests.postgresql import PostgreSQL, running_postgresql


def put_schema_1(path: Path, *, told: int = 5, last: str = "2025-10-09T03:04:41.000000Z") -> None:
    """Make the database of the version before, whose log of events had a number and a time."""
    put_database(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE orch_next_schema (number INTEGER PRIMARY KEY)")
        db.execute("INSERT INTO orch_next_schema VALUES (1)")
        db.execute("UPDATE live_counter SET value = ?", (told,))
        db.execute("UPDATE live_events SET ts = ?", (last,))
        db.commit()


def joint(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as connection:
        query = "SELECT id, event, kind FROM journal WHERE kind = 'ledger'"
        return [tuple(row) for row in connection.execute(sa.text(query))]


@pytest.mark.parametrize(
    ("told", "last", "number"),
    [
        (5, "2025-10-09T03:04:41.000000Z", 11),
        (700, "2025-10-09T03:04:41.000000Z", 701),
        (5, "2025-10-01T00:00:00.000000Z", 1_000_011),  # Redis told what came later
    ],
)
def test_a_sqlite_database_of_the_schema_before_goes_on_above_both(
    tmp_path: Path, told: int, last: str, number: int
) -> None:
    path = tmp_path / "記録.db"
    put_schema_1(path, told=told, last=last)
    with closing(Database(f"sqlite:///{path}")) as database:
        assert joint(database) == [(number, "events_reset", "ledger")]
        kept = Feed(database).load()
        assert [(event.seq, event.resets) for event in kept.events][-1] == (number, True)
        tables = sa.inspect(sa.create_engine(f"sqlite:///{path}")).get_table_names()
        assert [name for name in tables if name.startswith("live_")] == []


def test_no_list_shows_entries_of_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "記録.db"
    put_schema_1(path)
    with closing(Database(f"sqlite:///{path}")) as database:
        assert [one.id for one in list_entries(database)] == list(range(10, 0, -1))
        found = [one["id"] for one in list_events(database, (), 100, None)]
        assert found == [*range(10, 0, -1), -1]  # the legacy had one


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with running_postgresql() as running:
        yield running


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_postgresql_sequence_goes_on_above_both(server: PostgreSQL) -> None:
    url = server.restore(SAVED / "postgresql.sql", "joined")
    server.ask("UPDATE public.live_counter SET value = 700", "joined")
    with closing(Database(url)) as database:
        assert joint(database) == [(701, "events_reset", "ledger")]
        following = "SELECT nextval(pg_get_serial_sequence('orch_next.journal', 'id'))"
        assert server.ask(following, "joined") == "702"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_postgresql_entry_wakes_other_processes(server: PostgreSQL, tmp_path: Path) -> None:
    server.ask("CREATE DATABASE woken")
    url = server.url_of("woken")
    heard, stopping = threading.Semaphore(0), threading.Event()
    with closing(Database(url)) as database:
        listener = threading.Thread(target=database.listen, args=(CHANNEL, heard.release, stopping))
        listener.start()
        assert heard.acquire(timeout=PATIENCE)  # it has begun
        journal = Journal(url, now=lambda: NOW, spool=tmp_path / "pending.jsonl")
        with closing(journal):
            journal.record(make_change())
            assert heard.acquire(timeout=PATIENCE)
        stopping.set()
        listener.join(PATIENCE)
        assert not listener.is_alive()
