"""Finished attempts of the dispatcher become outcomes by themselves (docs/knowledge.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from math import inf
from typing import Any

import sqlalchemy as sa

from orch_next.core.database import journal_table
from orch_next.core.events import hash_payload
from orch_next.core.lease_store import DONE, Attempt, attempt_table
from orch_next.knowledge.documents import Library, set_mark, take_mark
from orch_next.knowledge.outcomes import LONGEST_NAME, WorkOutcome
from orch_next.knowledge.store import KnowledgeStore

OPERATION = "dispatch"
ENDED_EVENTS = ("job_finished", "lease_expired")
# Only these ended by the core's own doing; the others were stopped or never began.
_COUNT = (DONE, "failed", "expired")
_MARK = "attempts"
_BATCH = 500
# An attempt may become visible after one that ended later, from another process.
_OVERLAP_SECONDS = 600.0
_JOURNALLED = ("task_reported", "task_lease_expired")


class AttemptReader:
    """Reads the attempts that ended since the last look; a look that is repeated is harmless."""

    def __init__(self, library: Library, store: KnowledgeStore) -> None:
        self._library, self._store = library, store

    def catch_up(self) -> int:
        """Record what ended meanwhile and return how many outcomes are new; raise BusyError."""
        new = self._read(_OVERLAP_SECONDS) if self._has_news() else 0
        # A clock that was turned back: look at everything.
        return new + (self._read(inf) if self._has_news() else 0)

    def _read(self, overlap: float) -> int:
        new, added = 0, _BATCH
        while added == _BATCH:
            added = self._read_batch(overlap)
            new += added
        return new

    def _has_news(self) -> bool:
        ended = sa.select(sa.func.count()).where(attempt_table.c.ended_at.is_not(None))
        with self._library.reading() as connection:
            return bool(connection.scalar(ended) != self._store.recorded(connection))

    def _read_batch(self, overlap: float) -> int:
        ended = attempt_table.c.ended_at
        with self._library.transaction() as connection:
            mark = take_mark(connection, _MARK)
            query = sa.select(attempt_table).where(
                ended > (mark - overlap if overlap < mark else 0)
            )
            rows = connection.execute(query.order_by(ended)).mappings()
            attempts = [Attempt(**row) for row in rows]
            fresh = self._unknown(connection, attempts)
            for outcome in fresh:
                self._store.add(connection, outcome)
            if len(fresh) < _BATCH and attempts:
                set_mark(connection, _MARK, int(max(one.ended_at or 0 for one in attempts)))
        return len(fresh)

    def _unknown(self, connection: sa.Connection, attempts: Iterable[Attempt]) -> list[WorkOutcome]:
        """Return the first 500 attempts that are not stored yet, as outcomes."""
        by_hash = {_hash_of(one): one for one in attempts}
        known = self._store.known(connection, list(by_hash))
        fresh = [one for key, one in by_hash.items() if key not in known][:_BATCH]
        told = _endings(connection, {one.task_id for one in fresh})
        return [as_outcome(one, told.get((one.task_id, one.generation), {})) for one in fresh]


def as_outcome(attempt: Attempt, ending: Mapping[str, Any]) -> WorkOutcome:
    """Turn an attempt that has ended, and what the journal says of its end, into an outcome."""
    ended = attempt.ended_at or attempt.started_at
    is_done = attempt.outcome == DONE
    status = "" if attempt.exit_status is None else f", exit status {attempt.exit_status}"
    artifact = str(ending.get("artifact") or "")
    return WorkOutcome(
        task_id=attempt.task_id[:LONGEST_NAME],
        operation_type=OPERATION,
        success=is_done,
        execution_time_ms=max(0.0, ended - attempt.started_at) * 1000,
        timestamp=datetime.fromtimestamp(ended, timezone.utc),
        outcome_hash=_hash_of(attempt),
        error_message=None
        if is_done
        else str(ending.get("message") or f"{attempt.outcome}{status}"),
        files_modified=(artifact,) if artifact not in ("", "-") else (),
        ps1_parameters_used={"script_name": attempt.core},
        performance_metrics={
            "attempt": attempt.attempt,
            "generation": attempt.generation,
            "outcome": attempt.outcome,
            "exit_status": attempt.exit_status,
        },
        source="dispatcher",
        counts=attempt.outcome in _COUNT,
    )


def _hash_of(attempt: Attempt) -> str:
    return hash_payload(
        {"task_id": attempt.task_id, "generation": attempt.generation, "source": "dispatcher"}
    )


def _endings(
    connection: sa.Connection, tasks: set[str]
) -> Mapping[tuple[str, int], Mapping[str, Any]]:
    """Return what the journal says of the attempts' ends, by task and generation."""
    columns = journal_table.c
    query = sa.select(columns.record_id, columns.details).where(columns.event.in_(_JOURNALLED))
    found: defaultdict[tuple[str, int], dict[str, Any]] = defaultdict(dict)
    if tasks:
        query = query.where(columns.record_id.in_(tasks)).order_by(columns.id)
        for task_id, details in connection.execute(query):
            found[task_id, int(details.get("generation") or 0)].update(details)
    return found
