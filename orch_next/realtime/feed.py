"""The journal as live clients hear it: its entries in order, behind a position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from orch_next.core.database import LEDGER, Database, checkpoint_table, journal_table
from orch_next.core.entries import is_occurrence, take_turn
from orch_next.core.history import newest_rows
from orch_next.core.schema import KINDS
from orch_next.realtime.events import Event, event_of
from orch_next.realtime.hub import KEEP, KEEP_BYTES

# Logins, callbacks and the like stand in the journal as well, and are nobody's events.
TOLD = (*(kind.name for kind in KINDS), LEDGER)
# So many entries behind a checkpoint make the next start take a new one.
MOST_BEHIND = 10_000
_NAMES = (
    *("id", "uid", "ts", "actor", "event", "kind", "record_id"),
    *("after", "rev_after", "source", "details"),
)


@dataclass(frozen=True)
class Position:
    """The entry that was read last: its number, and what tells it from another's."""

    id: int = 0
    uid: str = ""


@dataclass(frozen=True)
class Kept:
    """What can be replayed: events, the number below which none can, where to go on."""

    events: Sequence[Event]
    floor: int
    newest: int
    position: Position


class Feed:
    """Reads events from the journal's table; every method raises BusyError."""

    def __init__(
        self, database: Database, *, keep: int = KEEP, keep_bytes: int = KEEP_BYTES
    ) -> None:
        self._database = database
        self._keep, self._keep_bytes = keep, keep_bytes

    def load(self) -> Kept:
        """Return the newest events that are kept for those who come back."""
        with self._database.reading() as connection:
            newest = _newest(connection)
            query = _select().where(journal_table.c.id <= newest.id)
            found: list[Event] = []
            size = floor = 0
            for event in map(event_of, newest_rows(connection, query, self._keep + 1)):
                size += event.size
                if found and (len(found) == self._keep or size > self._keep_bytes):
                    floor = event.seq
                    break
                found.append(event)
        return Kept(found[::-1], floor, found[0].seq if found else 0, newest)

    def after(self, position: Position, limit: int) -> tuple[list[Event], Position] | None:
        """Return at most the last `limit` events behind a position, and the next position.

        None when the entry at the position is not the one that was read there: another
        database, or this one restored from a backup.
        """
        columns = journal_table.c
        with self._database.reading() as connection:
            newest = _newest(connection)
            if newest == position:
                return [], position
            if position.id and not _stands(connection, position):
                return None
            query = _select().where(columns.id > position.id, columns.id <= newest.id)
            found = [event_of(row) for row in newest_rows(connection, query, limit)]
        return found[::-1], newest

    def told_revisions(self, kind: str) -> dict[str, str] | None:
        """Return the revision of every row as the journal has it, None before the first look."""
        with self._database.reading() as connection:
            return _told_revisions(connection, kind)[0]

    def keep_revisions(self, kind: str, revisions: Mapping[str, str]) -> None:
        """Take these revisions as known from now on, without telling anybody."""
        with self._database.transaction() as connection:
            take_turn(connection)
            _keep_revisions(connection, kind, revisions, _newest(connection).id)

    def shorten(self, kind: str) -> None:
        """Begin a new checkpoint where very many entries stand behind the last one."""
        with self._database.reading() as connection:
            at, behind = _told_revisions(connection, kind)[1:]
        if behind <= MOST_BEHIND:
            return
        with self._database.transaction() as connection:
            take_turn(connection)
            revisions, at, _ = _told_revisions(connection, kind)
            if revisions is not None:
                _keep_revisions(connection, kind, revisions, at)

    def last_rows(self, kind: str, record_ids: Sequence[str]) -> dict[str, dict[str, Any] | None]:
        """Return the cells that the newest entries of these rows have left."""
        columns = journal_table.c
        newest = (
            sa.select(sa.func.max(columns.id))
            .where(columns.kind == kind, columns.record_id.in_(record_ids), is_occurrence(0))
            .group_by(columns.record_id)
        )
        query = sa.select(columns.record_id, columns.after).where(columns.id.in_(newest))
        with self._database.reading() as connection:
            return {record_id: after for record_id, after in connection.execute(query)}


def _select() -> sa.Select[Any]:
    columns = journal_table.c
    # Of rows that share an id only the first one is told.
    is_told = sa.and_(columns.kind.in_(TOLD), is_occurrence(0))
    return sa.select(*(columns[name] for name in _NAMES)).where(is_told)


def _newest(connection: sa.Connection) -> Position:
    columns = journal_table.c
    query = sa.select(columns.id, columns.uid).order_by(columns.id.desc()).limit(1)
    found = connection.execute(query).first()
    return Position(*found) if found else Position()


def _stands(connection: sa.Connection, position: Position) -> bool:
    query = sa.select(journal_table.c.uid).where(journal_table.c.id == position.id)
    return bool(connection.scalar(query) == position.uid)


def _told_revisions(connection: sa.Connection, kind: str) -> tuple[dict[str, str] | None, int, int]:
    """Return revisions, the newest entry among them, and how many are behind the checkpoint."""
    columns, kept = journal_table.c, checkpoint_table.c
    query = sa.select(kept.at, kept.revisions).where(kept.kind == kind)
    checkpoint = connection.execute(query).first()
    if checkpoint is None:
        return None, 0, 0
    at, revisions = checkpoint
    later = sa.select(columns.id, columns.record_id, columns.rev_after)
    later = later.where(columns.id > at, columns.kind == kind, is_occurrence(0))
    rows = connection.execute(later.order_by(columns.id)).all()
    revisions = {**revisions, **{record_id: rev for _, record_id, rev in rows}}
    present = {record_id: rev for record_id, rev in revisions.items() if rev is not None}
    return present, rows[-1][0] if rows else at, len(rows)


def _keep_revisions(
    connection: sa.Connection, kind: str, revisions: Mapping[str, str], at: int
) -> None:
    connection.execute(sa.delete(checkpoint_table).where(checkpoint_table.c.kind == kind))
    values = {"kind": kind, "at": at, "revisions": dict(revisions)}
    connection.execute(sa.insert(checkpoint_table).values(values))
