"""The journal's rows as people look back on them: one, one record's, or all, in pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from orch_next.core.database import (
    INDEXED,
    LEDGER,
    SECURITY,
    Database,
    journal_table,
    record_prefix,
)
from orch_next.errors import NotFoundError

LARGEST_ID = 2**63 - 1
_AT_ONCE = 50  # rows that are fetched together
_NAMES = (
    *("id", "ts", "actor", "role", "event", "kind", "record_id", "before", "after"),
    *("rev_before", "rev_after", "source", "claimed", "details"),
)


@dataclass(frozen=True)
class JournalEntry:
    """One row of the journal; `before` and `after` are the contract's keys or None."""

    id: int
    ts: str
    actor: str
    role: str
    event: str
    kind: str
    record_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    rev_before: str | None
    rev_after: str | None
    source: str
    claimed: bool
    details: Mapping[str, Any]

    @property
    def undoes(self) -> int | None:
        """Return the id of the entry that this one took back, or None."""
        found = self.details.get("undoes")
        return found if isinstance(found, int) else None

    @property
    def statuses(self) -> tuple[str | None, str | None]:
        """Return the status before and after; None where there is no row."""
        before, after = self.before or {}, self.after or {}
        return before.get("status"), after.get("status")

    @property
    def size(self) -> int:
        """Return about how many bytes the entry has in an answer."""
        said = (self.before, self.after, self.details)
        return sum(len(orjson.dumps(one)) for one in said if one)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Return the cells that differ: `cell`, `before`, `after` (None: no row)."""
        before, after = self.before or {}, self.after or {}
        cells = [(name, before.get(name), after.get(name)) for name in before | after]
        return [
            {"cell": name, "before": old, "after": new} for name, old, new in cells if old != new
        ]

    def as_json(self) -> dict[str, Any]:
        """Return what clients see: the author, the cells that changed, what was undone."""
        names = ("id", "ts", "actor", "role", "event", "kind", "record_id", "source", "claimed")
        return {
            **{name: getattr(self, name) for name in names},
            "comment": str(self.details.get("comment", "")),
            "undoes": self.undoes,
            "changes": self.changes,
        }


def get_entry(database: Database, entry_id: int) -> JournalEntry:
    """Return one entry; raise NotFoundError, BusyError."""
    query = _select().where(journal_table.c.id == entry_id)
    if 0 < entry_id <= LARGEST_ID:
        with database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row:
            return JournalEntry(**row)
    raise NotFoundError(f"the journal has no entry {entry_id}")


def newest_id(database: Database) -> int:
    """Return the newest entry's id, 0 for an empty journal; raise BusyError."""
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.max(journal_table.c.id))) or 0


def list_entries(
    database: Database,
    *,
    kind: str = "",
    record_id: str | None = None,
    actor: str | None = None,
    source: str | None = None,
    before: int = LARGEST_ID,
    after: int = 0,
    limit: int = 100,
    with_security: bool = False,
    most_bytes: int | None = None,
) -> list[JournalEntry]:
    """Return at most `limit` entries with `after` < id < `before`, newest first; BusyError.

    Those of the door are for who may see the audit: `with_security`. With `most_bytes` the
    last entry is the first one that goes beyond so much JSON.
    """
    columns = journal_table.c
    query = _select().where(columns.id < before)
    if after:
        query = query.where(columns.id > after)
    if not with_security:
        query = query.where(columns.kind != SECURITY)
    if kind:
        query = query.where(columns.kind == kind)
    if record_id is not None:
        query = query.where(*is_record(record_id))
    if actor is not None:
        query = query.where(columns.actor == actor)
    if source is not None:
        query = query.where(columns.source == source)
    with database.reading() as connection:
        rows = newest_rows(connection, query, limit)
        return list(_within((JournalEntry(**row) for row in rows), most_bytes))


def newest_rows(
    connection: sa.Connection, query: sa.Select[Any], limit: int
) -> Iterator[sa.RowMapping]:
    """Yield the journal's rows of a query, newest first, a few at a time: they may be large."""
    columns, newest = journal_table.c, LARGEST_ID
    for at in range(0, limit, _AT_ONCE):
        some = query.where(columns.id < newest).order_by(columns.id.desc())
        rows = connection.execute(some.limit(min(_AT_ONCE, limit - at))).mappings().all()
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        newest = rows[-1]["id"]


def _within(entries: Iterable[JournalEntry], most_bytes: int | None) -> Iterator[JournalEntry]:
    size = 0
    for entry in entries:
        yield entry
        size += entry.size
        if most_bytes is not None and size > most_bytes:
            return


def is_record(record_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that find a record's entries by the index."""
    column = journal_table.c.record_id
    # A bare `record_id = ?` would let SQLite put the constant into the prefix and miss the index.
    return record_prefix(column) == record_id[:INDEXED], column.concat("") == record_id


def _select() -> sa.Select[Any]:
    columns = journal_table.c
    return sa.select(*(columns[name] for name in _NAMES)).where(columns.kind != LEDGER)
