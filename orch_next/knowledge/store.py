"""The knowledge store: work outcomes in the journal's database (contract 6, D27, D28)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orch_next.clock import parse_micros, utc_micros
from orch_next.errors import RuleError
from orch_next.knowledge.documents import Document, Library
from orch_next.knowledge.outcomes import WorkOutcome, storable
from orch_next.knowledge.tables import outcome_table

MOST_OF_A_TASK = 1_000
MOST_OUTCOMES = 200_000
# SQLite takes at most so many values in a statement.
_MOST_BOUND = 500
_COLUMNS = outcome_table.c


class KnowledgeStore:
    """Keeps outcomes; each is stored once, whoever sends it how often."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def save_work_outcome(self, outcome: WorkOutcome) -> bool:
        """Store an outcome and its words; False when it was known. Raise BusyError, RuleError."""
        with self._library.transaction() as connection:
            newest = connection.scalar(sa.select(sa.func.max(_COLUMNS.number))) or 0
            if newest >= MOST_OUTCOMES:
                raise RuleError(f"{MOST_OUTCOMES} outcomes are stored: archive the database")
            return self.add(connection, outcome)

    def add(self, connection: sa.Connection, outcome: WorkOutcome) -> bool:
        """Store an outcome within a transaction; False when it was known."""
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(outcome_table).values(_as_row(outcome)))
        except IntegrityError:
            return False
        self._library.add(connection, _as_document(outcome))
        return True

    def known(self, connection: sa.Connection, hashes: Sequence[str]) -> set[str]:
        """Return those of the hashes that are stored."""
        found: set[str] = set()
        for at in range(0, len(hashes), _MOST_BOUND):
            some = _COLUMNS.outcome_hash.in_(hashes[at : at + _MOST_BOUND])
            found.update(connection.scalars(sa.select(_COLUMNS.outcome_hash).where(some)))
        return found

    def recorded(self, connection: sa.Connection) -> int:
        """Return how many of the dispatcher's attempts are stored."""
        query = sa.select(sa.func.count()).where(_COLUMNS.source == "dispatcher")
        return int(connection.scalar(query) or 0)

    def get_work_outcomes_by_task(self, task_id: str) -> list[WorkOutcome]:
        """Return a task's outcomes, newest first, at most 1,000; raise BusyError."""
        return self._newest([_COLUMNS.task_id == storable(task_id)], MOST_OF_A_TASK)

    def recent(self, script: str, limit: int) -> list[WorkOutcome]:
        """Return the last outcomes of a script that count, oldest first; raise BusyError."""
        return self._newest([_COLUMNS.script == storable(script), _COLUMNS.counts], limit)[::-1]

    def last_scripts(self, task_ids: Sequence[str]) -> dict[str, str]:
        """Return the script of each task's last run that counts; raise BusyError."""
        newest = (_COLUMNS.ts.desc(), _COLUMNS.number.desc())
        age = sa.func.row_number().over(partition_by=_COLUMNS.task_id, order_by=newest)
        found: dict[str, str] = {}
        with self._library.reading() as connection:
            for at in range(0, len(task_ids), _MOST_BOUND):
                some = _COLUMNS.task_id.in_(storable(list(task_ids[at : at + _MOST_BOUND])))
                runs = sa.select(_COLUMNS.task_id, _COLUMNS.script, age.label("age"))
                ages = runs.where(some, _COLUMNS.counts).subquery().c
                last = sa.select(ages.task_id, ages.script).where(ages.age == 1)
                found.update((task_id, script) for task_id, script in connection.execute(last))
        return found

    def scripts(self) -> list[str]:
        """List the scripts that have outcomes; raise BusyError."""
        query = sa.select(_COLUMNS.script).distinct().order_by(_COLUMNS.script)
        with self._library.reading() as connection:
            return list(connection.scalars(query))

    def count(self) -> int:
        """Return how many outcomes count for learning; raise BusyError."""
        query = sa.select(sa.func.count()).select_from(outcome_table).where(_COLUMNS.counts)
        with self._library.reading() as connection:
            return int(connection.scalar(query) or 0)

    def _newest(self, where: Iterable[sa.ColumnElement[bool]], limit: int) -> list[WorkOutcome]:
        query = sa.select(outcome_table).where(*where)
        query = query.order_by(_COLUMNS.ts.desc(), _COLUMNS.number.desc()).limit(limit)
        with self._library.reading() as connection:
            return [_as_outcome(dict(row)) for row in connection.execute(query).mappings()]


def _as_row(outcome: WorkOutcome) -> dict[str, Any]:
    row = {**vars(outcome), "script": outcome.script, "ts": utc_micros(outcome.timestamp)}
    del row["timestamp"]
    return {**row, "files_modified": list(outcome.files_modified)}


def _as_outcome(row: dict[str, Any]) -> WorkOutcome:
    del row["number"], row["script"]
    at = parse_micros(row.pop("ts"))
    return WorkOutcome(**{**row, "timestamp": at, "files_modified": tuple(row["files_modified"])})


def _as_document(outcome: WorkOutcome) -> Document:
    parts = [outcome.error_message or "", *outcome.files_modified]
    parts += _texts(outcome.performance_metrics) + _texts(outcome.ps1_parameters_used)
    return Document(
        "outcome",
        outcome.outcome_hash,
        outcome.task_id,
        utc_micros(outcome.timestamp),
        f"{outcome.operation_type} {'success' if outcome.success else 'failure'}",
        "\n".join(part for part in parts if part),
    )


def _texts(members: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in members.items() if value is not None]
