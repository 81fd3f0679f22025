"""Outcomes of another installation, taken into a database file that no server uses yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from orch_next.core.database import Database
from orch_next.knowledge.documents import Library
from orch_next.knowledge.outcomes import WorkOutcome
from orch_next.knowledge.search import Search
from orch_next.knowledge.store import KnowledgeStore

_BATCH = 500


def take_in(path: Path, outcomes: Iterable[WorkOutcome]) -> int:
    """Store the outcomes that are not known yet, in their order; return how many there were.

    Raise BusyError when the file is no usable database.
    """
    added = 0
    with _library(path) as library:
        store, rest = KnowledgeStore(library), iter(outcomes)
        while batch := list(islice(rest, _BATCH)):
            with library.transaction() as connection:
                added += sum(store.add(connection, one) for one in batch)
    return added


def unseen(path: Path, outcomes: Sequence[WorkOutcome]) -> list[str]:
    """Return the hashes of outcomes that the store, the search or the learner do not see.

    The store is asked for each; the search and the learner for the newest of each script.
    Raise BusyError.
    """
    with _library(path) as library:
        store = KnowledgeStore(library)
        hashes = [one.outcome_hash for one in outcomes]
        with library.reading() as connection:
            known = store.known(connection, hashes)
        missing = [one for one in hashes if one not in known]
        newest = {one.script: one for one in sorted(outcomes, key=lambda one: one.timestamp)}
        found = (one.outcome_hash for one in newest.values() if not _is_seen(library, store, one))
        return [*missing, *found]


def _is_seen(library: Library, store: KnowledgeStore, outcome: WorkOutcome) -> bool:
    by_search = Search(library).find(outcome.task_id, (), limit=1_000, source="outcome").documents
    by_learner = store.recent(outcome.script, 1_000) if outcome.counts else [outcome]
    return bool(by_search) and bool(by_learner)


@contextmanager
def _library(path: Path) -> Iterator[Library]:
    database = Database(f"sqlite:///{path}")
    try:
        yield Library(database)
    finally:
        database.close()
