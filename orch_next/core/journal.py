"""The journal: who changed what, when and from where; nothing accepted goes unrecorded.

It is the log of live events, too: an entry's id is the event's number.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orch_next.bounded import Bounded
from orch_next.core.audit import list_events
from orch_next.core.claims import Claims
from orch_next.core.database import LEDGER, Database, journal_table, turn_table
from orch_next.core.events import OUTSIDE, Change, utc_micros
from orch_next.core.history import is_record
from orch_next.core.marks import Marks
from orch_next.core.schema import Snapshot
from orch_next.core.spool import Entry, Spool
from orch_next.errors import BusyError, SchemaError, UncertainError
from orch_next.ledger.disk import Disk

log = logging.getLogger(__name__)


MOST_KNOWN = 100_000  # records whose newest entry is remembered
# PostgreSQL tells those who listen to this channel of every entry.
CHANNEL = "orch_next_journal"
_TURN = 7262024  # of PostgreSQL's advisory locks
_Key: TypeAlias = tuple[str, str, int]


class Journal:
    """Records changes in the database; what it does not take waits in the spool file.

    A change that stands in the ledger is never reported as failed because of the journal.
    Several processes over one ledger see each other's changes as outside edits: such a
    change is recorded only when the row's newest entry does not say the same, nor one
    after the last that this process knows.
    """

    def __init__(
        self,
        database_url: str,
        *,
        now: Callable[[], datetime],
        spool: Path,
        log_folders: Sequence[Path] = (),
        disk: Disk | None = None,
    ) -> None:
        self.database, self._now = Database(database_url, disk), now
        self.marks = Marks(self.database)
        self.claims = Claims(self.database, now=now)
        self._spool = Spool(spool, disk=disk)
        self._log_folders = tuple(log_folders)
        self._known: Bounded[_Key, int] = Bounded(MOST_KNOWN)
        # Records with an entry in the spool: which id it will have is known to nobody yet.
        self._unsure: set[_Key] = set()
        self._start: int | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Make the tables, take in spooled entries, drop old keys; raise BusyError."""
        self.database.open()
        self._first_id()
        self._drain()
        self.claims.forget_old()

    def ready(self) -> None:
        """Raise BusyError when neither the database nor the spool would take an entry."""
        try:
            self.database.open()
        except SchemaError:
            raise
        except BusyError as error:
            try:
                self._spool.check()
            except OSError as reason:
                log.error("%s: %s", self._spool.path, reason)
                message = "the change could not be recorded (database and spool refuse it)"
                raise BusyError(message, retry_after=5.0) from error

    def close(self) -> None:
        """Give the database's connections back."""
        self.database.close()

    def record(self, change: Change) -> int | None:
        """Store one change and return its id; None when it was known or went to the spool."""
        return self.record_all([change])[0]

    def record_all(self, changes: Sequence[Change]) -> list[int | None]:
        """Store changes in one transaction; return their ids as `record` does."""
        entries = [as_entry(change) for change in changes]
        try:
            self._drain()
            return self._record(entries)
        except BusyError as error:
            log.error("journal entries spooled to %s: %s", self._spool.path, error)
            for entry in entries:
                self._put_by(entry)
            return [None] * len(entries)

    def begin_again(self, number: int) -> tuple[int, str]:
        """Go on with numbers above this one; clients read everything again from there.

        For a database that is not the one it was: restored from a backup, or another one.
        Return id and uid of the entry that says so. Raise BusyError.
        """
        entry = as_entry(make_reset(self._now()))
        with self.database.transaction() as connection:
            take_turn(connection)
            newest = connection.scalar(sa.func.max(journal_table.c.id).select()) or 0
            insert_at(connection, max(newest, number) + 1, entry)
        with self._lock:
            self._start = None
        self._known = Bounded(MOST_KNOWN)
        return max(newest, number) + 1, entry["uid"]

    def catch_up(self) -> None:
        """Take in what waits in the spool; without the database it goes on waiting."""
        if not self.database.is_away:
            self._drain()

    def note(self, snapshot: Snapshot[Any]) -> None:
        """Keep what a new snapshot shows: the highest ids, and since when we look."""
        try:
            self._first_id()
        except BusyError as error:
            log.warning("the journal cannot be read yet: %s", error)
        self.marks.note(snapshot)

    def events(
        self,
        limit: int = 100,
        type: str | None = None,
        before: int | None = None,
        *,
        with_security: bool = False,
    ) -> list[dict[str, Any]]:
        """Return what happened, newest first, with the nine keys of D20; raise BusyError."""
        folders = self._log_folders
        return list_events(self.database, folders, limit, type, before, with_security=with_security)

    def last_details(self, kind: str, record_id: str, event: str) -> dict[str, Any]:
        """Return what the newest such entry says beside its rows; empty for none.

        Raise BusyError.
        """
        columns = journal_table.c
        same = (columns.kind == kind, columns.record_id == record_id, columns.event == event)
        query = sa.select(columns.details).where(*same).order_by(columns.id.desc()).limit(1)
        with self.database.reading() as connection:
            return dict(connection.scalar(query) or {})

    def _record(self, entries: Sequence[Entry]) -> list[int | None]:
        start, stored = self._first_id(), []
        with self.database.transaction() as connection:
            take_turn(connection)
            for entry in entries:
                known = self._find_known(connection, entry, start)
                stored.append((known, None) if known else (0, _insert(connection, entry)))
        for entry, (known, inserted) in zip(entries, stored, strict=True):
            self._known.put(_key_of(entry), known or inserted or 0)
            self._unsure.discard(_key_of(entry))
        return [inserted for _, inserted in stored]

    def _find_known(self, connection: sa.Connection, entry: Entry, start: int) -> int | None:
        """Return the entry that tells of an outside change already."""
        if entry["source"] != OUTSIDE.source:
            return None
        newest = _newest(connection, entry)
        if newest is not None and newest.rev_after == entry["rev_after"]:
            return int(newest.id)
        key = _key_of(entry)
        if newest is None or key in self._unsure:
            return None
        return _find_entry(connection, entry, self._known.get(key) or start)

    def _first_id(self) -> int:
        """Return the last id at this process's first look; what it missed comes later."""
        with self._lock:
            if self._start is None:
                with self.database.reading() as connection:
                    self._start = connection.scalar(sa.func.max(journal_table.c.id).select()) or 0
            return self._start

    def _put_by(self, entry: Entry) -> None:
        self._unsure.add(_key_of(entry))
        try:
            self._spool.put(entry)
        except OSError:
            log.exception("journal entry neither stored nor spooled: %r", entry)
        except UncertainError as error:
            log.error("spooled journal entry %s: %s", entry.get("uid"), error)

    def _drain(self) -> None:
        try:
            self._spool.drain(self._store)
        except (OSError, UncertainError) as error:
            log.warning("journal spool %s not read yet: %s", self._spool.path, error)

    def _store(self, entry: Entry) -> bool:
        try:
            with self.database.transaction() as connection:
                take_turn(connection)
                if entry["source"] != OUTSIDE.source or not _is_told(connection, entry):
                    _insert_once(connection, entry)
        except BusyError as error:
            log.warning("spooled journal entry %s not stored yet: %s", entry.get("uid"), error)
            return False
        return True


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
    return _insert(connection, entry)


def insert_at(connection: sa.Connection, number: int, entry: Entry) -> None:
    """Store an entry under a number above all others; those to come go on from there."""
    connection.execute(sa.insert(journal_table).values({**entry, "id": number}))
    if connection.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(journal_table.name, "id")
        connection.execute(sa.select(sa.func.setval(sequence, number)))


def _insert(connection: sa.Connection, entry: Entry) -> int:
    key = connection.execute(sa.insert(journal_table).values(entry)).inserted_primary_key
    return int(key[0]) if key else 0


def _insert_once(connection: sa.Connection, entry: Entry) -> None:
    try:
        with connection.begin_nested():
            _insert(connection, entry)
    except IntegrityError:
        # A crash came between the insert and the end of the spool: it is stored.
        log.info("spooled journal entry %s was stored before", entry["uid"])


def is_occurrence(number: int) -> sa.ColumnElement[bool]:
    """Return the condition that finds entries of the first (0), second ... row with an id."""
    return sa.func.coalesce(journal_table.c.details["occurrence"].as_integer(), 0) == number


def _key_of(entry: Entry) -> _Key:
    return entry["kind"], entry["record_id"], int(entry["details"].get("occurrence", 0))


def _is_same_row(entry: Entry) -> sa.ColumnElement[bool]:
    kind, record_id, occurrence = _key_of(entry)
    columns = journal_table.c
    return sa.and_(columns.kind == kind, *is_record(record_id), is_occurrence(occurrence))


def _newest(connection: sa.Connection, entry: Entry) -> Any:
    columns = journal_table.c
    query = sa.select(columns.id, columns.rev_after).where(_is_same_row(entry))
    return connection.execute(query.order_by(columns.id.desc()).limit(1)).first()


def _is_told(connection: sa.Connection, entry: Entry) -> bool:
    newest = _newest(connection, entry)
    return newest is not None and newest.rev_after == entry["rev_after"]


def _find_entry(connection: sa.Connection, entry: Entry, behind: int) -> int | None:
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
