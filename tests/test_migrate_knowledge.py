"""Outcomes: from every place into our store, once, and seen by search and learner."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest

from orch_next.core.database import Database
from orch_next.errors import BusyError
from orch_next.knowledge.documents import Library
from orch_next.knowledge.intake import take_in, unseen
from orch_next.knowledge.search import Search
from orch_next.knowledge.store import KnowledgeStore
from orch_next.migrate.house import House
from orch_next.migrate.intake.outcomes import known_hashes, read_outcomes
from orch_next.migrate.steps.data import DataStep
from orch_next.migrate.steps.knowledge import KnowledgeStep
from tests.knowledge_desk import outcome
from tests.moc_databases import KNOWLEDGE_TABLES, OUTCOMES, outcome_row
from tests.moc_moves import move
from tests.moc_tree import build_moc, tree_hash

NOW = datetime(2025, 10, 10, tzinfo=timezone.utc)
BODY = {"task_id": "001", "operation_type": "同期", "success": True, "execution_time_ms": 12}


def two_houses(tmp_path: Path) -> House:
    moc = build_moc(tmp_path)
    (tmp_path / "NEXT").mkdir()
    return House(moc, tmp_path / "NEXT", NOW)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_every_outcome_comes_in_once_and_is_found(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    before = tree_hash(house.source)
    move(DataStep(), house)
    work = move(KnowledgeStep(), house)
    assert work.counts == {"outcomes": 24, "different": 24, "added": 24, "refused": 1}
    assert [(one.code, one.where) for one in work.findings] == [
        ("outcome-refused", "data/broken.db")
    ]
    assert tree_hash(house.source) == before
    database = Database(f"sqlite:///{house.target / 'data' / 'orch-next.db'}")
    library = Library(database)
    store = KnowledgeStore(library)
    assert (store.count(), store.scripts()) == (OUTCOMES, ["sync.ps1"])
    assert Counter(one.success for one in store.recent("sync.ps1", 99)) == {True: 20, False: 4}
    found = Search(library).find("時間切れ", (), source="outcome").documents
    assert len(found) == 4
    database.close()
    assert KnowledgeStep().plan(house).changes == ()


def test_a_legacy_row_keeps_all_it_says(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    records = {one.where: one.outcome for one in read_outcomes(moc, NOW)}
    found = records["data/knowledge.db:work_outcomes:5"]
    assert found is not None
    local = datetime(2025, 10, 5, 4, 30, 0, 123456).astimezone(timezone.utc)
    assert (found.task_id, found.success, found.execution_time_ms) == ("005", False, 940.0)
    assert (found.timestamp, found.script) == (local, "sync.ps1")
    assert (found.files_modified, found.setting) == (("C:\\作業\\4.md",), (31_000, 0, 14, 512))
    assert (found.error_message, found.items) == ("承認待ちで時間切れ", 2.0)


def test_in_the_same_house_a_table_of_our_name_steps_aside(tmp_path: Path) -> None:
    moc = build_moc(tmp_path)
    with closing(sqlite3.connect(moc / "data" / "orch.db")) as db:
        db.executescript(KNOWLEDGE_TABLES)
        db.execute(f"INSERT INTO work_outcomes VALUES ({','.join('?' * 10)})", outcome_row(99))
        db.commit()
    house = House(moc, moc, NOW)
    work = move(KnowledgeStep(), house)
    assert work.counts == {"outcomes": 25, "different": 25, "added": 25, "refused": 1}
    assert len(known_hashes(moc / "data" / "orch-next.db")) == 25
    again = KnowledgeStep().plan(house)
    assert (again.changes, again.counts["outcomes"]) == ((), 25)


def test_json_outcomes_come_in_too(tmp_path: Path) -> None:
    house = House(tmp_path / "a", tmp_path / "b", NOW)
    house.target.mkdir()
    second = {**BODY, "task_id": "002"}
    write(house.source / "data" / "outcomes.jsonl", f"{json.dumps(BODY)}\n{json.dumps(second)}\n")
    write(house.source / "data" / "work_outcomes.json", json.dumps({"outcomes": [BODY]}))
    write(house.source / "data" / "unrelated.json", json.dumps([{**BODY, "task_id": "003"}]))
    work = move(KnowledgeStep(), house)
    assert work.counts == {"outcomes": 3, "different": 2, "added": 2, "refused": 0}


def test_what_is_no_outcome_is_told_and_stays(tmp_path: Path) -> None:
    house = House(tmp_path / "a", tmp_path / "b", NOW)
    house.target.mkdir()
    bad = [{**BODY, "success": "maybe"}, {**BODY, "timestamp": "2999-01-01"}, BODY]
    write(house.source / "data" / "outcomes.json", json.dumps(bad))
    write(house.source / "data" / "more_outcomes.json", "{}{")
    work = move(KnowledgeStep(), house)
    assert [(one.code, one.where) for one in work.findings] == [
        ("outcome-refused", "data/more_outcomes.json"),
        ("outcome-refused", "data/outcomes.json:1"),
        ("outcome-refused", "data/outcomes.json:2"),
    ]
    assert work.counts == {"outcomes": 1, "different": 1, "added": 1, "refused": 3}


def test_a_damaged_database_of_ours_is_left_alone(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    (house.target / "data").mkdir()
    shutil.copyfile(house.source / "data" / "broken.db", house.target / "data" / "orch-next.db")
    work = KnowledgeStep().plan(house)
    assert (work.changes, [one.code for one in work.findings]) == ((), ["knowledge-damaged"])


def test_a_lost_outcome_is_noticed(tmp_path: Path) -> None:
    house = two_houses(tmp_path)
    work = move(KnowledgeStep(), house)
    with closing(sqlite3.connect(house.target / "data" / "orch-next.db")) as db:
        db.execute("DELETE FROM work_outcomes WHERE number = 1")
        db.commit()
    assert [one.code for one in KnowledgeStep().verify(house, work)] == ["outcome-unseen"]


def test_what_search_and_learner_do_not_see_is_named(tmp_path: Path) -> None:
    path = tmp_path / "orch.db"
    one, other = outcome(task_id="001"), outcome(task_id="作業-2", operation_type="別")
    assert (take_in(path, [one, other, one]), take_in(path, [other])) == (2, 0)
    assert unseen(path, [one, other]) == []
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM search_words")
        db.commit()
    assert sorted(unseen(path, [one, other])) == sorted([one.outcome_hash, other.outcome_hash])


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orch.db"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(BusyError):
        take_in(path, [outcome()])
