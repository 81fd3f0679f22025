"""Data: databases are read without a trace, imported once, and kept whatever they are."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

import orch_next
from orch_next.core.database import Database, metadata
from orch_next.migrate.house import House
from orch_next.migrate.intake.databases import (
    TableFacts,
    UnsoundError,
    describe,
    digest_of,
    is_companion,
    opened,
    snapshot,
)
from orch_next.migrate.intake.stores import Store, join_stores, read_lines, read_store
from orch_next.migrate.steps.data import DataStep
from orch_next.migrate.steps.knowledge import KnowledgeStep
from orch_next.storage import ours as our_tables
from tests.installations import put_database, table_rows, without_reset
from tests.moc_databases import OUTCOMES, build_databases
from tests.moc_moves import move
from tests.moc_tree import build_moc, tree_hash, tree_lines

NOW = datetime(2025, 10, 10, tzinfo=timezone.utc)
STORE = "data/work_instructions.json"


def two_houses(tmp_path: Path) -> House:
    moc = build_moc(tmp_path)
    (tmp_path / "NEXT").mkdir()
    return House(moc, tmp_path / "NEXT", NOW)


def facts_of(path: Path) -> dict[str, tuple[int, str]]:
    with opened(path) as db:
        return {table.name: (table.rows, table.checksum) for table in describe(db)}


def query(path: Path, text: str) -> list[tuple[object, ...]]:
    with opened(path) as db:
        return db.execute(text).fetchall()


def codes(findings: object, *wanted: str) -> list[tuple[str, str]]:
    assert isinstance(findings, tuple)
    return [(one.code, one.where) for one in findings if one.code in wanted]


def test_rows_in_the_wal_are_read_and_the_source_is_not_touched(tmp_path: Path) -> None:
    build_databases(tmp_path)
    before = tree_lines(tmp_path)
    tables = facts_of(tmp_path / "orch.db")
    assert {name: rows for name, (rows, _sum) in tables.items()} == {
        "alerts": 1,
        "audit_events": 3,
        "events": 1,
        "factory_lines": 2,
        "idempotency_keys": 1,
        "locks": 1,
        "metrics": 1,
        "tasks": 1,
    }
    assert tree_lines(tmp_path) == before
    with closing(sqlite3.connect(f"{(tmp_path / 'orch.db').as_uri()}?immutable=1", uri=True)) as db:
        # without the WAL a row is missing: the sample is what it claims to be
        assert db.execute("SELECT count(*) FROM audit_events").fetchone() == (2,)


def test_a_wal_database_without_a_wal_is_read_without_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    before = tree_lines(tmp_path)
    assert facts_of(path)["t"][0] == 1
    assert tree_lines(tmp_path) == before


def test_what_is_being_written_is_read_as_it_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        db.execute("INSERT INTO t VALUES (2)")
        assert facts_of(path)["t"][0] == 1
        db.commit()
        assert facts_of(path)["t"][0] == 2


def test_checksums_know_values_types_and_rows_but_no_order(tmp_path: Path) -> None:
    def checksum(*rows: tuple[object, object]) -> TableFacts:
        path = tmp_path / "x.db"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE t (a, b)")
            db.executemany("INSERT INTO t VALUES (?, ?)", rows)
            db.commit()
        with opened(path) as db:
            return describe(db)[0]

    first = checksum((1, "一"), (None, b"\0"))
    assert checksum((None, b"\0"), (1, "一")) == first
    others = [
        checksum(("1", "一"), (None, b"\0")),
        checksum((1, "一"), ("", b"\0")),
        checksum((1, "一"), (None, "\0")),
        checksum((1, "一"), (None, b"\0"), (1, "一")),
        checksum((1, "一")),
    ]
    assert first not in others


@pytest.mark.parametrize("damage", ["cut", "zeroed"])
def test_a_damaged_database_is_refused(tmp_path: Path, damage: str) -> None:
    build_databases(tmp_path, megabytes=1)
    path = tmp_path / "knowledge.db"
    data = path.read_bytes()
    path.write_bytes(data[:5000] if damage == "cut" else data[:4096] + bytes(len(data) - 4096))
    with pytest.raises(UnsoundError), opened(path):
        pass
    assert digest_of(path) == ""


def test_a_snapshot_is_one_file_with_everything(tmp_path: Path) -> None:
    build_databases(tmp_path)
    copy = tmp_path / "copy.db"
    snapshot(tmp_path / "orch.db", copy)
    assert facts_of(copy) == facts_of(tmp_path / "orch.db")
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("copy")] == ["copy.db"]
    assert not is_companion(copy)
    assert is_companion(tmp_path / "orch.db-wal")


def test_text_that_is_not_utf8_comes_through(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    with closing(sqlite3.connect(house.source / "data" / "audit_phase3.db")) as db:
        odd = "作業".encode("cp932")
        db.execute("INSERT INTO audit_events (ts, event, actor) VALUES ('2', 'x', ?)", (odd,))
        db.execute("UPDATE audit_events SET actor = CAST(actor AS TEXT) WHERE ts = '2'")
        db.commit()
    move(DataStep(), house)
    text = "SELECT hex(actor), typeof(actor) FROM audit_events WHERE ts = '2'"
    assert query(house.target / "data" / "orch-next.db", text) == [(odd.hex().upper(), "text")]
    assert DataStep().plan(house).changes == ()


def test_every_table_arrives(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    before = tree_hash(house.source)
    move(DataStep(), house)
    assert tree_hash(house.source) == before
    for name in ("locks", "knowledge", "quality_metrics", "automation", "self_healing", "security"):
        copies = [root / "data" / f"{name}.db" for root in (house.source, house.target)]
        assert copies[0].read_bytes() == copies[1].read_bytes()
    old, new = (facts_of(root / "data" / "orch.db") for root in (house.source, house.target))
    assert new == old
    own = facts_of(house.target / "data" / "orch-next.db")
    assert (old["audit_events"][0], own.pop("audit_events")[0], own) == (3, 4, {})


def test_audit_events_of_all_files_come_in_once(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    work = move(DataStep(), house)
    assert work.counts["audit events added"] == 4
    rows = query(house.target / "data" / "orch-next.db", "SELECT ts, task_id FROM audit_events")
    assert sorted(rows) == [
        ("2025-10-06T10:00:00Z", "001"),
        ("2025-10-06T10:05:00Z", ""),
        ("2025-10-07T00:00:00Z", "003"),
        ("2025-10-08T00:00:00Z", "001"),
    ]
    assert DataStep().plan(house).changes == ()


def test_equal_events_of_one_file_stay_as_many(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    with closing(sqlite3.connect(house.source / "data" / "more.db")) as db:
        db.execute("CREATE TABLE audit_events (id INTEGER PRIMARY KEY, timestamp, event_type)")
        db.executemany("INSERT INTO audit_events VALUES (?, '1', 'x')", [(1,), (2,)])
        db.commit()
    assert move(DataStep(), house).counts["audit events added"] == 6
    found = query(
        house.target / "data" / "orch-next.db",
        "SELECT count(*) FROM audit_events WHERE event_type = 'x' AND timestamp = '1'",
    )
    assert found == [(2,)]
    assert DataStep().plan(house).changes == ()


def test_a_base_with_the_key_of_phase_3_takes_events_of_the_same_moment(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    data = house.source / "data"
    (data / "orch.db-wal").unlink()
    (data / "audit_phase3.db").rename(data / "orch.db")
    with closing(sqlite3.connect(data / "more.db")) as db:
        db.execute("CREATE TABLE audit_events (ts, event, actor, count INTEGER)")
        db.execute("INSERT INTO audit_events VALUES ('2025-10-08T00:00:00Z', 'webhook', '別', 5)")
        db.commit()
    move(DataStep(), house)
    found = query(
        house.target / "data" / "orch-next.db",
        "SELECT actor, count, idem_key FROM audit_events ORDER BY actor",
    )
    assert found == [("CMD", None, "idem-3"), ("CMD", None, None), ("別", 5, None)]
    assert DataStep().plan(house).changes == ()


def test_our_server_makes_its_tables_beside_the_events(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    move(DataStep(), house)
    database = Database(f"sqlite:///{house.target / 'data' / 'orch-next.db'}")
    with database.transaction() as connection:
        alerts = [one["name"] for one in sa.inspect(connection).get_columns("alerts")]
    database.close()
    assert "first_at" in alerts


def test_in_the_same_house_the_old_database_is_not_touched(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    names = ("orch.db", "orch.db-wal")
    before = [(moc / "data" / name).read_bytes() for name in names]
    house = House(moc, moc, NOW)
    work = move(DataStep(), house)
    assert [str(one.path) for one in work.changes] == ["data/orch-next.db"]
    assert [(moc / "data" / name).read_bytes() for name in names] == before
    assert facts_of(moc / "data" / "orch-next.db")["audit_events"][0] == 4
    assert DataStep().plan(house).changes == ()


def test_what_an_earlier_version_had_in_the_old_file_is_taken(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    (house.target / "data").mkdir(parents=True, exist_ok=True)
    put_database(house.target / "data" / "orch.db")
    before = table_rows(house.target / "data" / "orch.db")
    move(DataStep(), house)
    after = table_rows(house.target / "data" / "orch-next.db")
    assert without_reset(after["journal"]) == before["journal"]
    assert after["identities"] == before["identities"]
    # Three of the old house's file, one of another, and the one that was here.
    assert len(after["audit_events"]) == 5


def test_what_the_new_house_has_stays_and_the_old_file_is_kept_beside(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    for name in ("data/locks.db", "data/config/monitor.json", "ORCH/REPORTS/NonStop_Audit.md"):
        place = house.target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"ours")
    work = move(DataStep(), house)
    assert codes(work.findings, "file-renamed") == [
        ("file-renamed", "ORCH/REPORTS/NonStop_Audit.md"),
        ("file-renamed", "data/config/monitor.json"),
        ("file-renamed", "data/locks.db"),
    ]
    assert (house.target / "data" / "locks.db").read_bytes() == b"ours"
    kept = house.target / "ORCH" / "REPORTS" / "NonStop_Audit.from-moc.md"
    assert kept.read_bytes() == (house.source / "ORCH/REPORTS/NonStop_Audit.md").read_bytes()
    assert facts_of(house.target / "data" / "locks.from-moc.db") == facts_of(
        house.source / "data" / "locks.db"
    )
    assert DataStep().plan(house).changes == ()


def test_a_database_that_the_new_server_wrote_keeps_its_rows(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    database = Database(f"sqlite:///{house.target / 'data' / 'orch-next.db'}")
    with database.transaction() as connection:
        connection.execute(sa.text("INSERT INTO high_water VALUES ('task', '', 7)"))
    database.close()
    move(DataStep(), house)
    path = house.target / "data" / "orch-next.db"
    assert query(path, "SELECT number FROM high_water") == [(7,)]
    assert query(path, "SELECT count(*) FROM audit_events") == [(4,)]
    beside = house.target / "data" / "orch.from-moc.db"
    assert not beside.exists()
    kept = house.target / "data" / "orch.db"
    assert facts_of(kept) == facts_of(house.source / "data" / "orch.db")
    assert DataStep().plan(house).changes == ()


def test_events_written_after_the_move_come_with_the_next_run(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    move(DataStep(), house)
    with closing(sqlite3.connect(house.source / "data" / "orch.db")) as db:
        db.execute("INSERT INTO audit_events (ts, event) VALUES ('2025-10-09T00:00:00Z', 'late')")
        db.commit()
    assert move(DataStep(), house).counts["audit events added"] == 1
    found = query(house.target / "data" / "orch-next.db", "SELECT count(*) FROM audit_events")
    assert found == [(5,)]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_logins_are_kept_for_their_owner_only_and_never_shown(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    work = move(DataStep(), house)
    copy = house.target / "data" / "security.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert codes(work.findings, "secrets-kept") == [("secrets-kept", "data/security.db")]
    told = repr((work.findings, work.counts, work.notes))
    assert "fabricated-password-hash" not in told
    assert "fabricated-password-hash" in copy.read_bytes().decode("latin-1")


def test_what_a_person_must_know_is_found(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    with closing(sqlite3.connect(house.source / "data" / "locks.db")) as db:
        db.execute("CREATE TABLE tasks (id TEXT)")
        db.executemany("INSERT INTO tasks VALUES (?)", [("003",), ("登録漏れ",)])
        db.commit()
    (house.source / "data" / "agents_registry.json").write_text("[{]")
    work = move(DataStep(), house)
    problems = [(one.code, one.where) for one in work.findings if one.severity != "info"]
    assert sorted(problems) == [
        ("approval-differs", "data/approvals.json"),
        ("database-damaged", "data/broken.db"),
        ("json-damaged", "data/agents_registry.json"),
        ("json-line", "data/metrics/health_20251006.json:3"),
        ("secrets-kept", "data/security.db"),
        ("task-unknown", "data/locks.db"),
    ]
    assert work.notes["stores"] == {
        "data/agents_registry_seed.json": 1,
        "data/approvals.json": 2,
        "data/work_instructions.json": 2,
    }
    assert (house.target / "data" / "broken.db").read_bytes() == (
        house.source / "data" / "broken.db"
    ).read_bytes()


def test_a_database_that_a_program_writes_blocks_the_step(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    with closing(sqlite3.connect(house.source / "data" / "knowledge.db")) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        found = [*DataStep().plan(house).findings, *KnowledgeStep().plan(house).findings]
    blockers = [(one.code, one.where) for one in found if one.severity == "blocker"]
    assert blockers == [("database-locked", "data/knowledge.db")] * 2


def test_a_wrong_table_is_noticed_after_the_move(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    work = move(DataStep(), house)
    with closing(sqlite3.connect(house.target / "data" / "knowledge.db")) as db:
        db.execute("UPDATE work_outcomes SET success = 1 - success WHERE task_id = '003'")
        db.commit()
    with closing(sqlite3.connect(house.target / "data" / "orch.db")) as db:
        db.execute("DROP TABLE factory_lines")
    (house.target / "data" / "locks.db").unlink()
    found = {(one.where, one.message.partition(": ")[2]) for one in DataStep().verify(house, work)}
    assert {(where, text) for where, text in found if "locks.db" not in where} == {
        ("data/knowledge.db", "data/knowledge.db: work_outcomes"),
        ("data/orch.db", "data/orch.db: factory_lines"),
    }
    assert {where for where, _text in found} > {"data/locks.db"}


def write_store(root: Path, whole: object) -> Store:
    path = root / STORE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8-sig")
    store = read_store(STORE, path)
    assert store is not None
    return store


def test_stores_are_joined_by_id(tmp_path: Path) -> None:
    old = write_store(tmp_path / "a", [{"id": "1", "title": "旧"}, {"id": "2"}, {"id": "3"}])
    new = write_store(tmp_path / "b", {"items": [{"id": "1", "title": "新"}, {"id": "2"}], "v": 1})
    joined = join_stores(old, new)
    assert json.loads(joined.content) == {
        "items": [{"id": "1", "title": "新"}, {"id": "2"}, {"id": "3"}],
        "v": 1,
    }
    assert (joined.added, joined.differing) == (1, ("1",))


def test_two_houses_with_a_store_become_one(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    write_store(house.target, [{"id": "INS-1", "title": "新しい家の指示"}])
    move(DataStep(), house)
    whole = json.loads((house.target / STORE).read_bytes())
    assert [one["id"] for one in whole] == ["INS-1", "INS-1759800000", "INS-1759800100"]
    assert DataStep().plan(house).changes == ()


def test_differing_records_leave_both_files(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    write_store(house.target, [{"id": "INS-1759800000", "title": "書き直した指示"}])
    work = move(DataStep(), house)
    assert codes(work.findings, "json-differs") == [("json-differs", STORE)]
    kept = house.target / "data" / "work_instructions.from-moc.json"
    assert kept.read_bytes() == (house.source / STORE).read_bytes()
    assert DataStep().plan(house).changes == ()


@pytest.mark.parametrize("whole", ['{"items": 1}', "7", "[{]", '{"other": []}'])
def test_a_store_of_another_form_is_none(tmp_path: Path, whole: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(whole)
    assert read_store(STORE, path) is None


def test_equal_ids_are_told(tmp_path: Path) -> None:
    store = write_store(tmp_path, [{"id": "1"}, {"id": "1"}, {"no": "id"}, "text"])
    assert [one.message for one in store.findings] == ["the id 1 occurs 2 times"]


def test_json_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "health.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\n{"a": 2}\n{"a"')
    count, bad = read_lines("data/metrics/health.json", path)
    assert (count, [one.where for one in bad]) == (2, ["data/metrics/health.json:4"])
    path.write_text('{\n "a": 1\n}\n')
    assert read_lines("x", path) == (1, [])


def test_the_list_of_our_tables_is_complete() -> None:
    for room in ("core", "knowledge", "sensors", "realtime"):
        package = importlib.import_module(f"{orch_next.__name__}.{room}")
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(one.name)
    tables = list(metadata.tables.values())
    unknown = [one.name for one in tables if not our_tables.is_our_name(one.name)]
    assert (len(tables) > 15, unknown) == (True, [])
    foreign = [one.name for one in tables if our_tables.is_foreign(one.name, one.columns.keys())]
    assert foreign == []
    assert our_tables.is_foreign("Alerts", ("alert_id", "level"))


def test_the_sample_has_the_outcomes_it_promises(tmp_path: Path) -> None:
    build_databases(tmp_path)
    assert facts_of(tmp_path / "knowledge.db")["work_outcomes"][0] == OUTCOMES
