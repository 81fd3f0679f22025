"""A place of our own: made once, whole or not at all, and nobody else's touched."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from orch_next.core.database import Database, journal_table, metadata
from orch_next.errors import DatabaseError, SchemaError
from orch_next.storage.migrations import MIGRATIONS, Place
from orch_next.storage.ours import OUR_NAMES
from tests.installations import put_database, table_rows, without_reset

# All rooms' tables, as the server has them.
from tests.test_storage_upgrade import open_client

__all__ = ["open_client"]
SCHEMAS = list(range(1, len(MIGRATIONS) + 1))
ALERTS = "CREATE TABLE alerts (id INTEGER PRIMARY KEY, level TEXT, message TEXT)"
AUDIT = "CREATE TABLE audit_events (timestamp TEXT, event_type TEXT, task_id TEXT)"


def put_legacy(path: Path, *, wal: bool = False) -> bytes:
    """Make a database as the legacy's monitor does; return its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as db:
        if wal:
            db.execute("PRAGMA journal_mode=WAL")
        db.execute(ALERTS)
        db.execute(AUDIT)
        db.execute("INSERT INTO alerts VALUES (1, 'warning', '温度')")
        db.execute("INSERT INTO audit_events VALUES ('2025-10-01T00:00:00Z', '承認', '001')")
        db.commit()
    return path.read_bytes()


def own(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'データ' / 'orch-next.db'}")


def open_once(database: Database) -> None:
    with closing(database):
        database.open()


def numbers(database: Database) -> list[int]:
    with database.reading() as connection:
        return list(connection.scalars(sa.text("SELECT number FROM orch_next_schema")))


@pytest.mark.parametrize("wal", [False, True])
def test_a_legacy_database_is_read_and_not_touched(tmp_path: Path, wal: bool) -> None:
    root = tmp_path / "MOC"
    (root / "ORCH" / "STATE").mkdir(parents=True)
    before = put_legacy(root / "data" / "orch.db", wal=wal)
    app = open_client(root, auth="open").application
    client = app.test_client()
    (event,) = client.get("/audit/events").get_json()
    assert (event["event_type"], event["timestamp"], event["resource_id"]) == (
        "承認",
        "2025-10-01T00:00:00Z",
        "001",
    )
    assert client.get("/api/monitoring/alerts").status_code == 200
    assert (root / "data" / "orch.db").read_bytes() == before
    assert not list((root / "data").glob("orch.db-*"))


def test_the_legacys_events_are_seen_while_it_writes(tmp_path: Path) -> None:
    root = tmp_path / "MOC"
    (root / "ORCH" / "STATE").mkdir(parents=True)
    put_legacy(root / "data" / "orch.db", wal=True)
    client = open_client(root, auth="open").application.test_client()
    with closing(sqlite3.connect(root / "data" / "orch.db")) as legacy:
        legacy.execute("INSERT INTO audit_events VALUES ('2025-10-02T00:00:00Z', '却下', '002')")
        legacy.commit()
        found = client.get("/audit/events?type=却下").get_json()
        assert [one["resource_id"] for one in found] == ["002"]


def test_another_programs_file_is_refused_with_the_command(tmp_path: Path) -> None:
    path = tmp_path / "旧" / "orch.db"
    before = put_legacy(path)
    with pytest.raises(SchemaError) as caught:
        open_once(Database(f"sqlite:///{path}"))
    assert caught.value.reason == (
        f"{path} belongs to another program: its table 'alerts' has other columns; "
        "ORCH-Next keeps a file of its own, which takes over what is ours: remove database_url, "
        f"or run: ORCH_DATABASE_URL=sqlite:///{path.with_name('orch-next.db')} orch-next serve"
    )
    assert str(caught.value) == "the database cannot be used now (database-unusable)"
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["orch.db"]


def test_what_is_ours_in_a_mixed_file_is_taken(tmp_path: Path) -> None:
    former = tmp_path / "データ" / "orch.db"
    former.parent.mkdir()
    put_database(former)
    with closing(sqlite3.connect(former)) as db:
        db.execute("DROP TABLE alerts")
        db.execute(ALERTS)
    before = table_rows(former)
    open_once(own(tmp_path))
    after = table_rows(former.with_name("orch-next.db"))
    assert (without_reset(after["journal"]), after["alerts"]) == (before["journal"], [])


def test_a_newer_schema_is_refused_in_words(tmp_path: Path) -> None:
    database = own(tmp_path)
    database.open()
    with database.transaction() as connection:
        connection.execute(sa.text("INSERT INTO orch_next_schema VALUES (99)"))
    with pytest.raises(SchemaError) as caught:
        open_once(own(tmp_path))
    assert caught.value.reason.endswith(
        f"belongs to a newer ORCH-Next (schema 99, this one knows {len(MIGRATIONS)}); "
        "run: pip install --upgrade orch-next"
    )
    database.close()


def test_processes_that_start_together_do_it_once(tmp_path: Path) -> None:
    former = tmp_path / "データ" / "orch.db"
    former.parent.mkdir()
    put_database(former)
    databases = [own(tmp_path) for _ in range(4)]
    threads = [threading.Thread(target=database.open) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [numbers(database) for database in databases] == [SCHEMAS] * 4
    for database in databases:
        database.close()
    rows = table_rows(former.with_name("orch-next.db"))
    assert without_reset(rows["journal"]) == table_rows(former)["journal"]


def test_a_migration_that_ends_halfway_leaves_what_was(tmp_path: Path) -> None:
    database = own(tmp_path)
    database.open()
    with database.transaction() as connection:
        connection.execute(sa.text("INSERT INTO high_water VALUES ('task', 'T-', 8)"))
    before = table_rows(tmp_path / "データ" / "orch-next.db")

    def half(connection: sa.Connection, _place: Place) -> None:
        connection.execute(sa.text("CREATE TABLE 半分 (a)"))
        connection.execute(sa.text("DELETE FROM high_water"))
        raise MemoryError("電源")

    def rest(connection: sa.Connection, _place: Place) -> None:
        connection.execute(sa.text("ALTER TABLE high_water ADD COLUMN note TEXT"))

    url = str(database.url)
    with pytest.raises(MemoryError):
        open_once(Database(url, migrations=(*MIGRATIONS, half)))
    assert table_rows(tmp_path / "データ" / "orch-next.db") == before
    open_once(Database(url, migrations=(*MIGRATIONS, rest)))
    after = table_rows(tmp_path / "データ" / "orch-next.db")
    assert (after["orch_next_schema"], after["high_water"]) == (
        [(number,) for number in (*SCHEMAS, len(SCHEMAS) + 1)],
        [("task", "T-", 8, None)],
    )
    database.close()


def test_opening_what_is_complete_writes_nothing(tmp_path: Path) -> None:
    open_once(own(tmp_path))
    path = tmp_path / "データ" / "orch-next.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        open_once(own(tmp_path))


def test_the_list_of_our_names_is_complete() -> None:
    assert set(OUR_NAMES) - {"search_words"} == set(metadata.tables)


@pytest.mark.skipif(os.name != "posix", reason="file modes mean nothing here")
def test_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        database = own(tmp_path)
        with database.transaction() as connection:
            connection.execute(sa.select(journal_table.c.id))
            folder = tmp_path / "データ"
            files = [*folder.glob("*.db"), *folder.glob("*-wal"), *folder.glob("*-shm")]
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in (folder, *files)}
        database.close()
    finally:
        os.umask(old)
    assert modes == {
        "データ": 0o700,
        "orch-next.db": 0o600,
        "orch-next.db-wal": 0o600,
        "orch-next.db-shm": 0o600,
    }


def test_a_file_that_is_no_database_is_a_lasting_fault(tmp_path: Path) -> None:
    path = tmp_path / "orch-next.db"
    path.write_text("データベースではありません" * 100, encoding="utf-8")
    with pytest.raises(DatabaseError) as caught:
        open_once(Database(f"sqlite:///{path}"))
    assert (caught.value.lasting, caught.value.reason) == (True, "file is not a database")
