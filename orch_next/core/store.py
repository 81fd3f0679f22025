"""One ledger file: its rows as they are on the disk, and the only way to change them."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Generic

from orch_next.core.changes import (
    ChangeRequest,
    Edit,
    Plan,
    WriteResult,
    always_ready,
    ignore_snapshot,
    no_entry,
)
from orch_next.core.diff import diff_records, make_change
from orch_next.core.events import Change, Publish, Record, publish_nothing, record_nothing
from orch_next.core.kinds import LedgerKind
from orch_next.core.lengths import MOST_CELL_BYTES, refuse_long, refuse_long_cells
from orch_next.core.reader import LedgerReader, Reading, Stamp, damaged, reading_of, stamp_of
from orch_next.core.reading import read_edited, read_ledger
from orch_next.core.records import R
from orch_next.core.schema import Snapshot
from orch_next.core.settling import Settling
from orch_next.core.view import LedgerView
from orch_next.errors import (
    BusyError,
    DamagedError,
    LedgerError,
    NotFoundError,
    UncertainError,
)
from orch_next.ledger.document import Row
from orch_next.ledger.file import (
    LedgerFile,
    Lock,
    LockedFile,
    Version,
    edit_version,
    read_version,
)
from orch_next.ledger.swap import Swap, swap
from orch_next.storage.disk import Disk
from orch_next.storage.process_locks import locked

# How long, in seconds, who only looks waits to record an outside edit under the lock.
_LOOKERS_PATIENCE = 1.0
log = logging.getLogger(__name__)


class LedgerStore(Generic[R]):
    """The rows of one ledger file, and the one way to change them; thread safe.

    A read shows the disk and waits for no writer; what it finds is recorded by `refresh`
    and before the next change. `ready` raises BusyError when a change could not be
    recorded. `record` (the journal) is called under the file's lock and returns the
    entries' numbers, `publish` (the listeners) behind it; a listener is quick and writes no
    ledger; `newest` tells the newest entry's number, or 0. No cell is made longer than
    `most_cell_bytes`. `stamp`, `clock`, `disk`, `swap` and `lock` are the system's; tests
    pass others.
    """

    def __init__(
        self,
        kind: LedgerKind[R],
        folder: Path,
        *,
        now: Callable[[], datetime],
        record: Record = record_nothing,
        publish: Publish = publish_nothing,
        seen: Callable[[Snapshot[R]], None] = ignore_snapshot,
        ready: Callable[[], None] = always_ready,
        newest: Callable[[], int] = no_entry,
        lock_timeout: float = 5.0,
        most_cell_bytes: int = MOST_CELL_BYTES,
        disk: Disk | None = None,
        swap: Swap = swap,
        lock: Lock = locked,
        stamp: Callable[[Path], Stamp] = stamp_of,
        wall_ns: Callable[[], int] = time.time_ns,
        clock: Callable[[], float] = time.monotonic,
        patience: float = 2.0,
    ) -> None:
        self.kind, self._most_cell_bytes = kind, most_cell_bytes
        path = folder / kind.file_name
        self._file = LedgerFile(path, disk=disk, swap=swap, lock=lock, patience=patience)
        self._now, self._record, self._publish, self._seen = now, record, publish, seen
        self._ready, self._timeout = ready, lock_timeout
        self._reader = LedgerReader(
            kind, self._file, newest=newest, begin=self._note, stamp=stamp, wall_ns=wall_ns
        )
        # Who holds it may change the file, and what was recorded of it.
        self._changing = threading.RLock()
        self._unsent: deque[Change] = deque()
        self._settling = Settling(clock)
        self._recorded: Snapshot[R] | None = None

    def snapshot(self) -> Snapshot[R]:
        """Return the present rows; raise DamagedError when there was never a good state."""
        present = self.look()
        if present.damage and not present.stale:
            raise damaged(present.damage[0])
        return present

    def look(self) -> Snapshot[R]:
        """Return the rows on the disk whatever their state, with their problems.

        Of a half-written save, and of a damaged file, the last good rows are returned.
        """
        return self._reader.look()

    def unchanged(self) -> Snapshot[R] | None:
        """Return the rows in memory if the disk surely shows them still, by one `stat`."""
        return self._reader.unchanged()

    def try_snapshot(self) -> Snapshot[R] | None:
        """Return the rows on the disk, None while somebody changes them; for the live tail.

        Outside edits that have settled are recorded and told.
        """
        if not self._changing.acquire(blocking=False):
            return None
        try:
            self._refresh(self._settling.is_ripe)
            return self._reader.look()
        finally:
            self._changing.release()

    def settles_at(self) -> float | None:
        """Return when (monotonic clock) an outside edit will have settled, None for none."""
        return self._settling.waits_until()

    def doubt(self) -> None:
        """Compare the file's bytes at the next look, whatever its size and times say."""
        self._reader.doubt()

    def refresh(self) -> list[Change]:
        """Record and tell what changed outside until now; return it."""
        with self._changing:
            return self._refresh(lambda _before, _present: True)

    def change(self, plan: Plan[R], request: ChangeRequest) -> WriteResult[R]:
        """Change the row that the plan names; tell of it when bytes changed.

        Under the lock the file is read, what others changed is recorded, the plan is made,
        its result verified, written and recorded. The plan may raise to abandon; it is made
        again when an outside save comes first. Raise NotFoundError for a missing file,
        DamagedError, BusyError, RowError, InputError or LedgerError with the file
        unchanged, UncertainError when the change is in place but the disk did not confirm.
        """
        deadline = time.monotonic() + self._timeout
        refuse_long("a comment", str(request.details.get("comment", "")), self._most_cell_bytes)
        self._ready()
        with self._held(), self._told(), self._found(), self._locked(deadline) as file:
            while True:
                before = self._take_in(file)
                edit = plan(before.view)
                refuse_long_cells(edit.changes, self._most_cell_bytes)
                after = self._prepared(before, edit)
                if self._put(file, before, after, edit, request):
                    return self._result(file, before, after, edit)

    # --- under the lock ----------------------------------------------------------------

    def _take_in(self, file: LockedFile) -> Reading[R]:
        """Read the file to build on, and record what others have changed."""
        reading = self._reader.take(file.read(known=self._reader.good is not None))
        self._record_outside(reading.snapshot)
        return reading

    def _prepared(self, before: Reading[R], edit: Edit) -> Reading[R]:
        """Return the file after an edit, verified; raise RowError or InputError."""
        version = edit_version(before.version, edit.changes)
        if version.data == before.version.data:
            return before
        view = _read_after(before.view, version)
        if view.find(edit.record_id) is None and not edit.removes:
            raise DamagedError(f"{self.kind.file_name}: {edit.record_id} would be gone")
        return reading_of(version, view)

    def _put(
        self,
        file: LockedFile,
        before: Reading[R],
        after: Reading[R],
        edit: Edit,
        request: ChangeRequest,
    ) -> bool:
        """Put the new bytes in place, show and record them; False when others came first."""
        self._reader.coming = after
        try:
            applied = file.put(before.version, after.version)
            if applied:
                self._take_over(before, after, edit, request, file.conflict_copy)
            return applied
        except UncertainError:
            self._take_over(before, self._left(after), edit, request, file.conflict_copy)
            raise
        finally:
            self._reader.coming = None

    def _take_over(
        self,
        before: Reading[R],
        after: Reading[R],
        edit: Edit,
        request: ChangeRequest,
        copy: Path | None,
    ) -> None:
        """Record our change, and show it."""
        was, present = before.find(edit.record_id), after.find(edit.record_id)
        self._note(after.snapshot)
        if was is None or present is None or was.rev != present.rev:
            self._put_down(after.snapshot, [self._own_change(was, present, request, copy)])
        self._reader.show(after)

    def _left(self, after: Reading[R]) -> Reading[R]:
        """Return what stands in the file when the disk did not confirm a change."""
        try:
            data = self._file.read()
            if data == after.version.data:
                return after
            version = read_version(data)
        except (OSError, DamagedError) as error:
            log.warning("%s: not read after a write: %s", self.kind.file_name, error)
            return after
        view = read_ledger(self.kind, version.document, after.view)
        return reading_of(version, view)

    def _result(
        self, file: LockedFile, before: Reading[R], after: Reading[R], edit: Edit
    ) -> WriteResult[R]:
        return WriteResult(
            before.find(edit.record_id),
            after.find(edit.record_id),
            before is not after,
            before.version.digest,
            after.version.digest,
            file.conflict_copy,
        )

    @contextmanager
    def _held(self) -> Iterator[None]:
        if not self._changing.acquire(timeout=self._timeout):
            raise BusyError(f"{self.kind.file_name} is being written by another request")
        try:
            yield
        finally:
            self._changing.release()

    def _locked(self, deadline: float) -> AbstractContextManager[LockedFile]:
        return self._file.locked(max(0.0, deadline - time.monotonic()))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell listeners, behind the file's lock, what was recorded under it."""
        try:
            yield
        finally:
            while self._unsent:
                self._publish(self._unsent.popleft())

    @contextmanager
    def _found(self) -> Iterator[None]:
        """Tell a missing file, and what a plan could not read, in our own errors."""
        try:
            yield
        except LedgerError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                # A ledger is never made from nothing.
                raise NotFoundError(f"{self.kind.file_name} is missing") from error
            raise
        except OSError as error:
            told = f"{self.kind.file_name}: not written: {error.strerror or error}"
            raise LedgerError(told) from error

    # --- what is recorded --------------------------------------------------------------

    def _refresh(self, is_ripe: Callable[[Snapshot[R], Snapshot[R]], bool]) -> list[Change]:
        present = self.look()
        if not self._is_news(present) or not is_ripe(self._recorded or present, present):
            return []
        with self._told(), ExitStack() as stack:
            # Without the lock an entry may stand in the journal twice: no reason to fail.
            with suppress(LedgerError, BusyError):
                stack.enter_context(self._file.locked(min(self._timeout, _LOOKERS_PATIENCE)))
            return self._record_outside(self.look())

    def _is_news(self, present: Snapshot[R]) -> bool:
        recorded = self._recorded
        news = not present.stale and not present.missing and not present.damage
        news = news and (recorded is None or present.records is not recorded.records)
        if not news:
            self._settling.forget()
        return news

    def _record_outside(self, present: Snapshot[R]) -> list[Change]:
        """Record what tells the rows from those that were recorded last."""
        if not self._is_news(present):
            return []
        before = self._recorded.records if self._recorded else present.records
        changes = diff_records(self.kind, before, present.records, self._now())
        self._note(present)
        self._put_down(present, changes)
        return changes

    def _note(self, snapshot: Snapshot[R]) -> None:
        self._recorded = snapshot
        self._settling.forget()
        self._seen(snapshot)

    def _put_down(self, snapshot: Snapshot[R], changes: Sequence[Change]) -> None:
        if changes:
            numbers = self._record(changes)
            self._reader.tell(snapshot, max(number or 0 for number in numbers))
            self._unsent.extend(changes)

    def _own_change(
        self, before: R | None, after: R | None, request: ChangeRequest, copy: Path | None
    ) -> Change:
        at = self._now()
        made = make_change(self.kind, request.event, before, after, at=at, who=request.who)
        details = dict(request.details) | ({"conflict_copy": str(copy)} if copy else {})
        return replace(made, details=details, payload_sha256=request.payload_sha256)


def _read_after(before: LedgerView[R], version: Version) -> LedgerView[R]:
    """Return the reading of a version that was made of the one before."""
    if version.places is not None:
        rows: list[Row] = [version.document.tables[at.table].rows[at.row] for at in version.places]
        view = read_edited(before, version.document, rows)
        if view is not None:
            return view
    return read_ledger(before.kind, version.document, before)
