"""The event log in the database: numbers rise across restarts and processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from orch_next.clock import utc_micros
from orch_next.core.database import Database, metadata
from orch_next.realtime.events import Draft, Event, stored_event
from orch_next.realtime.log import KEEP, KEEP_BYTES, Row

TRIM_EVERY = 100

EVENTS = sa.Table(
    "live_events",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("ts", sa.String(32), nullable=False),
)
ROWS = sa.Table(
    "live_rows",
    metadata,
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("record_id", sa.String(512), primary_key=True),
    sa.Column("rev", sa.String(128), nullable=False),
)
# Not an autoincrement column: only a locked counter makes the order of numbers the order
# in which transactions become visible, so that nobody's cursor passes an unseen event.
COUNTER = sa.Table(
    "live_counter",
    metadata,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)


class SqlEventLog:
    """An `EventLog` in the tables `live_events`, `live_rows` and `live_counter`."""

    def __init__(
        self, database: Database, *, keep: int = KEEP, keep_bytes: int = KEEP_BYTES
    ) -> None:
        self._database = database
        self._keep, self._keep_bytes = keep, keep_bytes

    def append(self, drafts: Sequence[Draft], at: datetime) -> int:
        """Number and keep what is new in one transaction; return how many events that made."""
        with self._database.transaction() as connection:
            seq = first = _locked_counter(connection)
            for draft in drafts:
                if not draft.is_row or _is_news(connection, draft):
                    seq += 1
                    _insert(connection, seq, draft, at)
            if seq > first:
                connection.execute(COUNTER.update().values(value=seq))
                self._trim(connection, first, seq)
        return seq - first

    def after(self, seq: int, limit: int = KEEP) -> list[Event]:
        """Return kept events behind `seq`, oldest first."""
        newest_first = (
            sa.select(EVENTS.c.seq, EVENTS.c.name, EVENTS.c.payload)
            .where(EVENTS.c.seq > seq)
            .order_by(EVENTS.c.seq.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(newest_first).all()
        return [stored_event(*row) for row in reversed(rows)]

    def newest(self) -> int:
        """Return the highest number given so far, 0 for none."""
        with self._database.reading() as connection:
            return int(connection.scalar(sa.select(COUNTER.c.value)) or 0)

    def told(self) -> dict[Row, str]:
        """Return the revision of every row as the log last told it."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(ROWS.c.kind, ROWS.c.record_id, ROWS.c.rev))
            return {(kind, record_id): rev for kind, record_id, rev in rows}

    def set_told(self, rows: Mapping[Row, str | None]) -> None:
        """Note revisions without telling anybody; None forgets a row."""
        keys = [{"key_kind": kind, "key_id": record_id} for kind, record_id in rows]
        values = [
            {"kind": kind, "record_id": record_id, "rev": rev}
            for (kind, record_id), rev in rows.items()
            if rev is not None
        ]
        with self._database.transaction() as connection:
            _locked_counter(connection)
            if keys:
                connection.execute(_delete_row(), keys)
            if values:
                connection.execute(ROWS.insert(), values)

    def close(self) -> None:
        """Close the connections; the next call opens others."""
        self._database.close()

    def _trim(self, connection: sa.Connection, first: int, seq: int) -> None:
        if seq // TRIM_EVERY > first // TRIM_EVERY:
            gone = max(seq - self._keep, _last_beyond(connection, self._keep_bytes))
            connection.execute(EVENTS.delete().where(EVENTS.c.seq <= gone))


def _last_beyond(connection: sa.Connection, most_bytes: int) -> int:
    """Return the newest event for which the newer ones leave no room, 0 for none."""
    size, payload = 0, sa.func.length(EVENTS.c.payload)
    query = sa.select(EVENTS.c.seq, payload).order_by(EVENTS.c.seq.desc())
    for number, (seq, length) in enumerate(connection.execute(query)):
        size += length
        if number and size > most_bytes:
            return int(seq)
    return 0


def _locked_counter(connection: sa.Connection) -> int:
    """Take the write lock by touching the counter; return its value."""
    touched = connection.execute(COUNTER.update().values(value=COUNTER.c.value))
    if touched.rowcount == 0:
        connection.execute(COUNTER.insert().values(name="seq", value=0))
    return int(connection.scalar(sa.select(COUNTER.c.value)) or 0)


def _is_news(connection: sa.Connection, draft: Draft) -> bool:
    """Store the row's revision unless the log has told exactly that one."""
    key = {"key_kind": draft.kind, "key_id": draft.record_id}
    told = connection.scalar(sa.select(ROWS.c.rev).where(_is_row()), key)
    if told == draft.rev:
        return False
    connection.execute(_delete_row(), key)
    if draft.rev is not None:
        values = {"kind": draft.kind, "record_id": draft.record_id, "rev": draft.rev}
        connection.execute(ROWS.insert().values(values))
    return True


def _insert(connection: sa.Connection, seq: int, draft: Draft, at: datetime) -> None:
    values = {"seq": seq, "name": draft.name, "payload": draft.encoded(), "ts": utc_micros(at)}
    connection.execute(EVENTS.insert().values(values))


def _is_row() -> sa.ColumnElement[bool]:
    return sa.and_(
        ROWS.c.kind == sa.bindparam("key_kind"), ROWS.c.record_id == sa.bindparam("key_id")
    )


def _delete_row() -> sa.Delete:
    return ROWS.delete().where(_is_row())
