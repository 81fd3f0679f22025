"""The same knowledge on a real PostgreSQL server."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from orch_next.core.database import Database
from orch_next.knowledge.attempts import AttemptReader
from orch_next.knowledge.documents import Library
from orch_next.knowledge.model import learn as learn_quickly
from orch_next.knowledge.search import Search
from orch_next.knowledge.shelf import Shelf
from orch_next.knowledge.store import KnowledgeStore
from tests.knowledge_desk import Told, fill, make_trainer, outcome
from tests.postgresql import postgresql
from tests.test_core_journal import PROMOTED, journal_at

__all__ = ["postgresql"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_outcomes_search_and_models_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    databases = [Database(postgresql) for _ in range(4)]
    libraries = [Library(database) for database in databases]
    threads = [threading.Thread(target=library.open) for library in libraries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    library = libraries[0]
    store, search = KnowledgeStore(library), Search(library)
    saved = [store.save_work_outcome(outcome(error_message="容量\0不足 'a' & b")) for _ in "12"]
    assert (saved, len(store.get_work_outcomes_by_task("001"))) == ([True, False], 1)
    journal = journal_at(postgresql, tmp_path)
    journal.record(PROMOTED)
    journal.close()
    for query, sources in {
        "容量": ["outcome"],
        "量不足": [],
        "作業\\報告": ["outcome"],
        "file_oper": ["outcome"],
        "task_promoted": ["journal"],
        "') OR 1=1 --": [],
        "a' & !b": ["outcome"],
    }.items():
        assert [one.source for one in search.find(query, ()).documents] == sources, query
    fill(store, 25)
    trainer = make_trainer(library, learn_quickly, Told(), lambda work: work())
    trainer.start(2)
    assert (trainer.training.state, Shelf(libraries[1]).current()[0]["version"]) == ("done", 1)
    assert AttemptReader(library, store).catch_up() == 0
    assert (store.get_work_outcomes_by_task("\0"), store.recent("\0", 1)) == ([], [])
    assert Shelf(library).latest("\0") is None
    for database in databases:
        database.close()
