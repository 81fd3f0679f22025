"""Outcomes are stored once, and found again whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from orch_next.core.database import Database
from orch_next.core.lease_store import LeaseStore
from orch_next.knowledge.attempts import AttemptReader
from orch_next.knowledge.documents import Library
from orch_next.knowledge.index import LikeIndex
from orch_next.knowledge.search import Search
from orch_next.knowledge.store import KnowledgeStore
from tests.knowledge_desk import open_library, outcome


def test_an_outcome_comes_back_as_it_was(tmp_path: Path) -> None:
    first, second = KnowledgeStore(open_library(tmp_path)), KnowledgeStore(open_library(tmp_path))
    assert (first.save_work_outcome(outcome()), second.save_work_outcome(outcome())) == (
        True,
        False,
    )
    assert second.get_work_outcomes_by_task("001") == [outcome()]
    assert (second.get_work_outcomes_by_task("002"), second.count()) == ([], 1)


def test_the_newest_of_a_task_comes_first_and_scripts_in_order(tmp_path: Path) -> None:
    store = KnowledgeStore(open_library(tmp_path))
    old = replace(outcome(), outcome_hash="o", timestamp=outcome().timestamp - timedelta(days=1))
    stopped = replace(outcome(), outcome_hash="s", counts=False, operation_type="別の作業")
    for one in (outcome(), old, stopped):
        store.save_work_outcome(one)
    assert store.get_work_outcomes_by_task("001")[-1] == old
    assert store.recent("file_operations", 5) == [old, outcome()]
    assert store.recent("file_operations", 1) == [outcome()]
    assert (store.scripts(), store.count(), store.recent("別の作業", 5)) == (
        ["file_operations", "別の作業"],
        2,
        [],
    )


def test_a_database_without_a_full_text_index_is_looked_through(tmp_path: Path) -> None:
    library = Library(Database(f"sqlite:///{tmp_path / 'x.db'}"), LikeIndex())
    KnowledgeStore(library).save_work_outcome(outcome())
    search = Search(library)
    found = {q: len(search.find(q, ()).documents) for q in ("報告", "告", "file_op", "承認")}
    assert found == {"報告": 1, "告": 1, "file_op": 1, "承認": 0}


def test_an_empty_history_of_attempts_is_no_work(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    library = Library(database)
    reader = AttemptReader(library, KnowledgeStore(library))
    assert (reader.catch_up(), LeaseStore(database).running()) == (0, [])
