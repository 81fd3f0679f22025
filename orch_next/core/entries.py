"""Entries of the journal's table: made of changes, stored in an order that everybody sees."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orch_next.clock import utc_micros
from orch_next.core.database import LEDGER, journal_table, turn_table
from orch_next.core.events import OUTSIDE, Change
from orch_next.core.history import is_record
from orch_next.core.spool import Entry as Entry

_INSERT = sa.insert(journal_table)
log = logging.getLogger(__name__)

# PostgreSQL tells those who listen to this channel of every entry.
CHANNEL = "orch_next_journal"
_TURN = 7262024  # of PostgreSQL's advisory locks
Key: TypeAlias = tuple[str, str, int]


def as_entry(change: Change) -> Entry:
    """Return the journal row of a change, ready for JSON."""
    rows = change.after or change.before or {}
    task_id = change.record_id if change.kind == "task" else rows.get("task_id", "")
    entry = {
        "uid": uuid.uuid4().hex,
        "ts": utc_micros(change.at),
        "actor": change.who.actor,
        "role": change.who.role,
        "event": change.event,
        "kind": change.kind,
        "record_id": change.record_id,
        "task_id": task_id,
        "appr_id": change.record_id if change.kind == "approval" else "",
        "before": change.before,
        "after": change.after,
        "rev_before": change.rev_before,
        "rev_after": change.rev_after,
        "source": change.who.source,
        "claimed": change.who.claimed,
        "details": {**change.details, **_row_before(change)},
        "payload_sha256": change.payload_sha256,
    }
    # PostgreSQL stores no NUL.
    return {k: v.replace("\0", "\ufffd") if isinstance(v, str) else v for k, v in entry.items()}


def make_reset(at: datetime) -> Change:
    """Describe that clients have to read everything again."""
    return Change(
        kind=LEDGER,
        event="events_reset",
        record_id="",
        before=None,
        after=None,
        rev_before=None,
        rev_after=None,
        at=at,
        who=OUTSIDE,
        details={"reset": True},
    )


def _row_before(change: Change) -> dict[str, Any]:
    if not change.raw_before:
        return {}
    return {"row_before": {"line": change.line_before, "raw": change.raw_before}}


def take_turn(connection: sa.Connection) -> None:
    """Let no later entry become visible before those of this transaction, and wake who listens.

    SQLite's transactions come one after the other by themselves.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))
        connection.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))
    elif connection.dialect.name != "sqlite":
        _lock_row(connection)


def insert_entry(connection: sa.Connection, entry: Entry) -> int:
    """Store an entry in its turn within the caller's transaction; return its id."""
    take_turn(connection)
    return insert(connection, entry)


def insert_at(connection: sa.Connection, number: int, entry: Entry) -> None:
    """Store an entry under a number above all others; those to come go on from there."""
    connection.execute(sa.insert(journal_table), {**entry, "id": number})
    if connection.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(journal_table.name, "id")
        connection.execute(sa.select(sa.func.setval(sequence, number)))


def insert(connection: sa.Connection, entry: Entry) -> int:
    """Store an entry and return its id; the caller has taken the turn."""
    # Values beside the statement, not in it: composing it takes longer than running it.
    key = connection.execute(_INSERT, entry).inserted_primary_key
    return int(key[0]) if key else 0


def insert_once(connection: sa.Connection, entry: Entry) -> None:
    """Store an entry unless it is there already."""
    try:
        with connection.begin_nested():
            insert(connection, entry)
    except IntegrityError:
        # A crash came between the insert and the end of the spool: it is stored.
        log.info("spooled journal entry %s was stored before", entry["uid"])


def is_occurrence(number: int) -> sa.ColumnElement[bool]:
    """Return the condition that finds entries of the first (0), second ... row with an id."""
    return sa.func.coalesce(journal_table.c.details["occurrence"].as_integer(), 0) == number


def key_of(entry: Entry) -> Key:
    """Return which row an entry is about: kind, id, and its place among rows with that id."""
    return entry["kind"], entry["record_id"], int(entry["details"].get("occurrence", 0))


def _is_same_row(entry: Entry) -> sa.ColumnElement[bool]:
    kind, record_id, occurrence = key_of(entry)
    columns = journal_table.c
    return sa.and_(columns.kind == kind, *is_record(record_id), is_occurrence(occurrence))


def newest(connection: sa.Connection, entry: Entry) -> Any:
    """Return `id` and `rev_after` of the newest entry about the same row, None for none."""
    columns = journal_table.c
    query = sa.select(columns.id, columns.rev_after).where(_is_same_row(entry))
    return connection.execute(query.order_by(columns.id.desc()).limit(1)).first()


def is_told(connection: sa.Connection, entry: Entry) -> bool:
    """Tell whether the row's newest entry left it as this one does."""
    found = newest(connection, entry)
    return found is not None and found.rev_after == entry["rev_after"]


def find_entry(connection: sa.Connection, entry: Entry, behind: int) -> int | None:
    """Return the last entry behind an id that left the row as this one does."""
    columns, rev = journal_table.c, entry["rev_after"]
    same_rev = columns.rev_after.is_(None) if rev is None else columns.rev_after == rev
    later = sa.select(sa.func.max(columns.id)).where(columns.id > behind, same_rev)
    found = connection.scalar(later.where(_is_same_row(entry)))
    return None if found is None else int(found)


def _lock_row(connection: sa.Connection) -> None:
    taken = connection.execute(sa.update(turn_table).values(id=1)).rowcount
    if not taken:
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(turn_table).values(id=1))
        except IntegrityError:
            connection.execute(sa.update(turn_table).values(id=1))
