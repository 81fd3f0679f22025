"""The journal: who changed what, when and from where; nothing accepted goes unrecorded."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orch_next.bounded import Bounded
from orch_next.clock import utc_micros
from orch_next.core.audit import list_events
from orch_next.core.claims import Claims
from orch_next.core.database import Database, journal_table, turn_table
from orch_next.core.events import OUTSIDE, Change, Who
from orch_next.core.marks import Marks
from orch_next.core.schema import Snapshot
from orch_next.core.spool import Entry, Spool
from orch_next.errors import BusyError, SchemaError, UncertainError
from orch_next.ledger.disk import Disk

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Authorship:
    """What was done to a row (`task_held`), and by whom."""

    event: str
    who: Who


MOST_KNOWN = 100_000  # records whose newest entry is remembered


class Journal:
    """Records changes in the database; what it does not take waits in the spool file.

    A change that stands in the ledger is never reported as failed because of the journal.
    Several processes over one ledger see each other's changes as outside edits: such a
    change is recorded only when no entry after the last known one explains it.
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
        self.database = Database(database_url, disk)
        self.marks = Marks(self.database)
        self.claims = Claims(self.database, now=now)
        self._spool = Spool(spool, disk=disk)
        self._log_folders = tuple(log_folders)
        self._known: Bounded[tuple[str, str], int] = Bounded(MOST_KNOWN)
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
        entry = as_entry(change)
        try:
            self._drain()
            found = self._record(change, entry)
        except BusyError as error:
            log.error("journal entry spooled to %s: %s", self._spool.path, error)
            self._put_by(entry)
            return None
        return found

    def record_all(self, changes: Sequence[Change]) -> list[int | None]:
        """Store changes in their order; return their ids as `record` does."""
        return [self.record(change) for change in changes]

    def first_number(self) -> int:
        """Return the newest entry's number at this process's first look, 0 if it is not known."""
        try:
            return self._first_id()
        except BusyError as error:
            log.warning("the journal cannot be read yet: %s", error)
            return 0

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

    def author(self, kind: str, record_id: str, rev: str) -> Authorship | None:
        """Return who gave a row this revision, None when its newest entry tells of another.

        Entries of outside edits name nobody. Raise BusyError.
        """
        columns = journal_table.c
        wanted = (columns.rev_after, columns.event, columns.actor, columns.role)
        query = (
            sa.select(*wanted, columns.source, columns.claimed)
            .where(columns.kind == kind, columns.record_id == record_id)
            .order_by(columns.id.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            found = connection.execute(query).first()
        if found is None or found.rev_after != rev or found.source == OUTSIDE.source:
            return None
        return Authorship(found.event, Who(found.actor, found.role, found.source, found.claimed))

    def _record(self, change: Change, entry: Entry) -> int | None:
        key, start = (change.kind, change.record_id), self._first_id()
        with self.database.transaction() as connection:
            if change.who.source == OUTSIDE.source:
                known = _find_entry(connection, change, self._known.get(key) or start)
                if known is not None:
                    self._known.put(key, known)
                    return None
            inserted = _insert(connection, entry)
        self._known.put(key, inserted)
        return inserted

    def _first_id(self) -> int:
        """Return the last id at this process's first look; what it missed comes later."""
        with self._lock:
            if self._start is None:
                with self.database.reading() as connection:
                    self._start = connection.scalar(sa.func.max(journal_table.c.id).select()) or 0
            return self._start

    def _put_by(self, entry: Entry) -> None:
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


def _row_before(change: Change) -> dict[str, Any]:
    if not change.raw_before:
        return {}
    return {"row_before": {"line": change.line_before, "raw": change.raw_before}}


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


def _find_entry(connection: sa.Connection, change: Change, behind: int) -> int | None:
    _take_turn(connection)
    columns = journal_table.c
    same_rev = (
        columns.rev_after.is_(None)
        if change.rev_after is None
        else columns.rev_after == change.rev_after
    )
    same = [columns.kind == change.kind, columns.record_id == change.record_id, same_rev]
    query = sa.select(sa.func.max(columns.id)).where(columns.id > behind, *same)
    found = connection.scalar(query)
    return None if found is None else int(found)


def _take_turn(connection: sa.Connection) -> None:
    taken = connection.execute(sa.update(turn_table).values(id=1)).rowcount
    if not taken:
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(turn_table).values(id=1))
        except IntegrityError:
            connection.execute(sa.update(turn_table).values(id=1))
