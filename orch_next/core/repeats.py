"""What a core may ask a second time, because the first answer was lost: its claim, its report."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from orch_next.core.database import Database, metadata

# One row per generation that a pull core claimed, or that somebody reported.
repeat_table = sa.Table(
    "lease_repeats",
    metadata,
    sa.Column("task_id", sa.String(255), primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True),
    sa.Column("claim_sha256", sa.String(64), unique=True),
    sa.Column("used_at", sa.Float),
    sa.Column("report_sha256", sa.String(64)),
    sa.Column("status", sa.String(32)),
)


@dataclass(frozen=True)
class Repeat:
    """A generation: the key it was claimed with, its first sign of life, and how it was reported.

    `used_at` is the holder's first renewal: it has the token. `status` is what a report of
    `report_sha256` made of the task, if it was applied.
    """

    task_id: str
    generation: int
    claim_sha256: str | None = None
    used_at: float | None = None
    report_sha256: str | None = None
    status: str | None = None


class Repeats:
    """Reads and notes these rows; rows are never deleted, as those of attempts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_claim(self, claim_sha256: str) -> Repeat | None:
        """Return the generation that this key took, or None."""
        return self._find(repeat_table.c.claim_sha256 == claim_sha256)

    def find(self, task_id: str, generation: int) -> Repeat | None:
        """Return what is known of a generation."""
        return self._find(_is(task_id, generation))

    def note_report(self, task_id: str, generation: int, report_sha256: str, status: str) -> None:
        """Note what is about to be reported; call it under the ledger's lock."""
        said = {"report_sha256": report_sha256, "status": status}
        with self._database.transaction() as connection:
            row = sa.update(repeat_table).where(_is(task_id, generation)).values(said)
            if not connection.execute(row).rowcount:
                row_of = {"task_id": task_id, "generation": generation, **said}
                connection.execute(sa.insert(repeat_table).values(row_of))

    def _find(self, condition: sa.ColumnElement[bool]) -> Repeat | None:
        with self._database.reading() as connection:
            row = connection.execute(sa.select(repeat_table).where(condition)).mappings().first()
        return Repeat(**row) if row else None


def note_claim(
    connection: sa.Connection, task_id: str, generation: int, claim_sha256: str | None
) -> None:
    """Note within a transaction that a pull core got a generation, by a key or without."""
    row = {"task_id": task_id, "generation": generation, "claim_sha256": claim_sha256}
    connection.execute(sa.insert(repeat_table).values(row))


def note_use(connection: sa.Connection, task_id: str, generation: int, at: float) -> None:
    """Note within a transaction the holder's first sign that it has the token."""
    unused = _is(task_id, generation) & repeat_table.c.used_at.is_(None)
    connection.execute(sa.update(repeat_table).where(unused).values(used_at=at))


def hash_parts(*parts: str) -> str:
    """Return one sha256 of several texts, none of which can be read as part of another."""
    lengths = "".join(f"{len(part)}:{part}," for part in parts)
    return hashlib.sha256(lengths.encode("utf-8", "surrogatepass")).hexdigest()


def _is(task_id: str, generation: int) -> sa.ColumnElement[bool]:
    return sa.and_(repeat_table.c.task_id == task_id, repeat_table.c.generation == generation)
