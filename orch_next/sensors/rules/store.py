"""Breaches of rules in the database: open ones, resolved ones, and when each rule was checked."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orch_next.clock import parse_micros, utc_micros
from orch_next.core.database import Database, metadata, storable_text
from orch_next.sensors.rules.files import Finding

KEPT_DAYS = 365
# Beyond this a rule is broken everywhere: the rest is counted, not listed.
MOST_PER_RULE = 1_000

violations_table = sa.Table(
    "rule_violations",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("rule_id", sa.String(32), nullable=False, index=True),
    sa.Column("fingerprint", sa.String(64), nullable=False, index=True),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("detected_at", sa.String(32), nullable=False),
    sa.Column("resolved_at", sa.String(32), index=True),
)
checks_table = sa.Table(
    "rule_checks",
    metadata,
    sa.Column("rule_id", sa.String(32), primary_key=True),
    sa.Column("checked_at", sa.String(32), nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
)


@dataclass(frozen=True)
class Violation:
    """A breach from its detection (aware UTC) to its end; `resolved_at` None: it is open."""

    number: int
    rule_id: str
    file: str
    line: int
    message: str
    detected_at: datetime
    resolved_at: datetime | None = None


@dataclass(frozen=True)
class Check:
    """When a rule was checked last, and what kept it from being checked, if anything."""

    rule_id: str
    checked_at: datetime
    problem: str = ""


class RuleStore:
    """The two tables; every method raises BusyError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, rule_id: str, findings: Iterable[Finding], now: datetime) -> None:
        """Add new breaches, follow those whose lines moved, resolve those that are gone."""
        present = dict(_fingerprints(list(findings)[:MOST_PER_RULE]))
        columns, at = violations_table.c, utc_micros(now)
        known_query = sa.select(columns.number, columns.fingerprint, columns.line, columns.message)
        is_open = sa.and_(columns.rule_id == rule_id, columns.resolved_at.is_(None))
        with self._database.transaction() as connection:
            for number, mark, line, message in connection.execute(known_query.where(is_open)).all():
                found = present.pop(mark, None)
                row = sa.update(violations_table).where(columns.number == number)
                if found is None:
                    connection.execute(row.values(resolved_at=at))
                    continue
                told = storable_text(found.message)
                if (found.line, told) != (line, message):
                    connection.execute(row.values(line=found.line, message=told))
            rows = [_as_row(rule_id, mark, one, at) for mark, one in present.items()]
            if rows:
                connection.execute(sa.insert(violations_table), rows)
            _note(connection, Check(rule_id, now))
            old = utc_micros(now - timedelta(days=KEPT_DAYS))
            connection.execute(sa.delete(violations_table).where(columns.resolved_at < old))

    def record_problem(self, rule_id: str, problem: str, now: datetime) -> None:
        """Note that a rule could not be checked; its breaches stay as they are."""
        with self._database.transaction() as connection:
            _note(connection, Check(rule_id, now, storable_text(problem)))

    def list_open(self) -> list[Violation]:
        """Return every open breach, the oldest first."""
        columns = violations_table.c
        return self._read(columns.resolved_at.is_(None), columns.number, None)

    def list_resolved(self, most: int) -> list[Violation]:
        """Return resolved breaches, the newest first."""
        columns = violations_table.c
        return self._read(columns.resolved_at.is_not(None), columns.number.desc(), most)

    def count_resolved(self) -> int:
        """Return how many resolved breaches are kept."""
        query = sa.select(sa.func.count()).where(violations_table.c.resolved_at.is_not(None))
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def list_checks(self) -> list[Check]:
        """Return when each rule was checked last."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(checks_table)).all()
        return [Check(rule_id, parse_micros(at), problem) for rule_id, at, problem in rows]

    def _read(self, where: Any, order: Any, most: int | None) -> list[Violation]:
        columns = violations_table.c
        shown = (columns.number, columns.rule_id, columns.file, columns.line, columns.message)
        query = sa.select(*shown, columns.detected_at, columns.resolved_at)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(where).order_by(order).limit(most)).all()
        return [
            Violation(*row[:5], parse_micros(row[5]), parse_micros(row[6]) if row[6] else None)
            for row in rows
        ]


def _fingerprints(findings: Sequence[Finding]) -> Iterable[tuple[str, Finding]]:
    """Name each breach by file and key, and by its turn among equal ones; never by its line."""
    turns: Counter[tuple[str, str]] = Counter()
    for one in findings:
        turns[one.file, one.key] += 1
        text = f"{one.file}\0{one.key}\0{turns[one.file, one.key]}"
        yield hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), one


def _as_row(rule_id: str, mark: str, one: Finding, at: str) -> dict[str, Any]:
    file = storable_text(one.file)  # names of files need not be text
    values = {"file": file, "line": one.line, "message": storable_text(one.message)}
    return {"rule_id": rule_id, "fingerprint": mark, "detected_at": at, **values}


def _note(connection: sa.Connection, check: Check) -> None:
    connection.execute(sa.delete(checks_table).where(checks_table.c.rule_id == check.rule_id))
    connection.execute(
        sa.insert(checks_table).values(
            rule_id=check.rule_id, checked_at=utc_micros(check.checked_at), problem=check.problem
        )
    )
