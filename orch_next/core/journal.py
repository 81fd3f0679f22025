"""The journal: who changed what, when and from where; nothing accepted goes unrecorded.

It is the log of live events, too: an entry's id is the event's number.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from orch_next.bounded import Bounded
from orch_next.core.audit import list_events
from orch_next.core.claims import Claims
from orch_next.core.database import Database, journal_table
from orch_next.core.entries import (
    Entry,
    Key,
    as_entry,
    find_entry,
    insert,
    insert_at,
    insert_once,
    is_told,
    key_of,
    make_reset,
    newest,
    take_turn,
)
from orch_next.core.events import OUTSIDE, Change
from orch_next.core.marks import Marks
from orch_next.core.schema import Snapshot
from orch_next.core.spool import Spool
from orch_next.errors import BusyError, SchemaError, UncertainError
from orch_next.storage.disk import Disk

log = logging.getLogger(__name__)


MOST_KNOWN = 100_000  # records whose newest entry is remembered


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
        self._known: Bounded[Key, int] = Bounded(MOST_KNOWN)
        # Records with an entry in the spool: which id it will have is known to nobody yet.
        self._unsure: set[Key] = set()
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
            highest = connection.scalar(sa.func.max(journal_table.c.id).select()) or 0
            insert_at(connection, max(highest, number) + 1, entry)
        with self._lock:
            self._start = None
        self._known = Bounded(MOST_KNOWN)
        return max(highest, number) + 1, entry["uid"]

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

    def _record(self, entries: Sequence[Entry]) -> list[int | None]:
        start, stored = self._first_id(), []
        with self.database.transaction() as connection:
            take_turn(connection)
            for entry in entries:
                known = self._find_known(connection, entry, start)
                stored.append((known, None) if known else (0, insert(connection, entry)))
        for entry, (known, inserted) in zip(entries, stored, strict=True):
            self._known.put(key_of(entry), known or inserted or 0)
            self._unsure.discard(key_of(entry))
        return [inserted for _, inserted in stored]

    def _find_known(self, connection: sa.Connection, entry: Entry, start: int) -> int | None:
        """Return the entry that tells of an outside change already."""
        if entry["source"] != OUTSIDE.source:
            return None
        last = newest(connection, entry)
        if last is not None and last.rev_after == entry["rev_after"]:
            return int(last.id)
        key = key_of(entry)
        if last is None or key in self._unsure:
            return None
        return find_entry(connection, entry, self._known.get(key) or start)

    def _first_id(self) -> int:
        """Return the last id at this process's first look; what it missed comes later."""
        with self._lock:
            if self._start is None:
                with self.database.reading() as connection:
                    self._start = connection.scalar(sa.func.max(journal_table.c.id).select()) or 0
            return self._start

    def _put_by(self, entry: Entry) -> None:
        self._unsure.add(key_of(entry))
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
                if entry["source"] != OUTSIDE.source or not is_told(connection, entry):
                    insert_once(connection, entry)
        except BusyError as error:
            log.warning("spooled journal entry %s not stored yet: %s", entry.get("uid"), error)
            return False
        return True
