"""One ledger file: its rows as they are on the disk, and the only way to change them."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeAlias

from orch_next.core.diff import diff_records, make_change
from orch_next.core.events import Change, Emit, Record, Who, emit_nothing, record_nothing
from orch_next.core.kinds import LedgerKind
from orch_next.core.lengths import MOST_CELL_BYTES, refuse_long, refuse_long_cells
from orch_next.core.records import R
from orch_next.core.schema import Snapshot, load_snapshot, snapshot_of
from orch_next.core.settling import Settling, is_cut_short, lost_rows
from orch_next.core.view import LedgerView, read_edited, read_ledger
from orch_next.errors import (
    BusyError,
    DamagedError,
    LedgerError,
    NotFoundError,
    UncertainError,
)
from orch_next.ledger.disk import Disk
from orch_next.ledger.document import CellChange, Row
from orch_next.ledger.file import (
    LedgerFile,
    Lock,
    LockedFile,
    Version,
    edit_version,
    read_version,
)
from orch_next.ledger.lock import locked
from orch_next.ledger.parser import Problem, Severity
from orch_next.ledger.swap import Swap, swap

# How long, in seconds, who only looks waits to record an outside edit under the lock.
_LOOKERS_PATIENCE = 1.0
# A file touched this recently may change again under the same time stamp (FAT's clock
# ticks every 2 s), so its bytes are compared instead.
_SETTLED_NS = 2_000_000_000

Stamp: TypeAlias = tuple[int, ...]

log = logging.getLogger(__name__)


def always_ready() -> None:
    """Allow every change; the default where no journal is attached."""


def no_entry() -> int:
    """Know of no journal entry; the default where no journal is attached."""
    return 0


def ignore_snapshot(_snapshot: Snapshot[Any]) -> None:
    """Take no note of new snapshots; the default where no journal is attached."""


def stamp_of(path: Path) -> Stamp:
    """Return what changes with a save; the two times come first.

    ctime shows one that kept size and mtime: nobody can set it back.
    """
    found = path.stat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


@dataclass(frozen=True)
class Edit:
    """What a plan wants: the record it is about and the cells to change.

    `removes` says that the record is gone afterwards.
    """

    record_id: str
    changes: Sequence[CellChange]
    removes: bool = False


@dataclass(frozen=True)
class ChangeRequest:
    """Who changes a row, what the event is called, and what the journal notes beside it."""

    event: str
    who: Who
    details: Mapping[str, Any] = field(default_factory=dict)
    payload_sha256: str = ""


@dataclass(frozen=True)
class WriteResult(Generic[R]):
    """A change's result; `present` is None when the row was removed; digests are the file's.

    `conflict_copy` is where an outside save lies that could not be kept in place.
    """

    before: R | None
    present: R | None
    changed: bool
    digest_before: str
    digest: str
    conflict_copy: Path | None = None

    @property
    def after(self) -> R:
        """Return the row after the change; raise NotFoundError when it was removed."""
        if self.present is None:
            raise NotFoundError("the row was removed")
        return self.present


Plan: TypeAlias = Callable[[LedgerView[R]], Edit]


@dataclass(frozen=True)
class _Reading(Generic[R]):
    """Good bytes and what they say: as text, as a ledger, as rows."""

    version: Version
    view: LedgerView[R]
    snapshot: Snapshot[R]


class LedgerStore(Generic[R]):
    """The rows of one ledger file, and the one way to change them; thread safe.

    A read shows the disk and waits for no writer; what it finds is recorded by `refresh`
    and before the next change. `ready` raises BusyError when a change could not be
    recorded. `record` (the journal) is called under the file's lock and returns the
    entries' numbers, `emit` (the listeners) behind it; a listener is quick and writes no
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
        emit: Emit = emit_nothing,
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
        self._now, self._record, self._emit, self._seen = now, record, emit, seen
        self._ready, self._newest, self._timeout = ready, newest, lock_timeout
        self._stamp_of, self._wall_ns = stamp, wall_ns
        # Who holds `_changing` may change the file and what was recorded of it; `_reading`
        # guards what is shown, and is held for a read and a parse at most.
        self._changing, self._reading = threading.RLock(), threading.RLock()
        self._unsent: deque[Change] = deque()
        self._settling = Settling(clock)
        self._stamp: Stamp | None = None
        self._doubts = 0
        self._event = 0
        self._state: bytes | str | None = None
        self._present: Snapshot[R] | None = None
        self._good: _Reading[R] | None = None
        self._coming: _Reading[R] | None = None
        self._recorded: Snapshot[R] | None = None

    def snapshot(self) -> Snapshot[R]:
        """Return the present rows; raise DamagedError when there was never a good state."""
        present = self.look()
        if present.damage and not present.stale:
            raise _damaged(present.damage[0])
        return present

    def look(self) -> Snapshot[R]:
        """Return the rows on the disk whatever their state, with their problems.

        Of a half-written save, and of a damaged file, the last good rows are returned.
        """
        present = self.unchanged()
        if present is not None:
            return present
        with self._reading:
            return self._look_again()

    def unchanged(self) -> Snapshot[R] | None:
        """Return the rows in memory if the disk surely shows them still, by one `stat`."""
        present, stamp = self._present, self._stamp
        if present is not None and stamp is not None and stamp == self._stamp_now():
            return present
        return None

    def try_snapshot(self) -> Snapshot[R] | None:
        """Return the rows on the disk, None while somebody changes them; for the live tail.

        Outside edits that have settled are recorded and told.
        """
        if not self._changing.acquire(blocking=False):
            return None
        try:
            self._refresh(self._settling.is_ripe)
            return self._present
        finally:
            self._changing.release()

    def settles_at(self) -> float | None:
        """Return when (monotonic clock) an outside edit will have settled, None for none."""
        return self._settling.waits_until()

    def doubt(self) -> None:
        """Compare the file's bytes at the next look, whatever its size and times say.

        Some systems keep no time of the last change of a file's facts (on Windows `st_ctime`
        is the creation), so a save that keeps size and time shows in nothing but its notification.
        """
        self._doubts += 1

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

    def _take_in(self, file: LockedFile) -> _Reading[R]:
        """Read the file to build on, and record what others have changed."""
        data = file.read(known=self._good is not None)
        with self._reading:
            present = self._show(data, True, self._event)
            good = self._good
        if present.damage or good is None:
            raise _damaged(present.damage[0])
        self._record_outside(present)
        return good

    def _prepared(self, before: _Reading[R], edit: Edit) -> _Reading[R]:
        """Return the file after an edit, verified; raise RowError or InputError."""
        version = edit_version(before.version, edit.changes)
        if version.data == before.version.data:
            return before
        view = _read_after(before.view, version)
        if view.find(edit.record_id) is None and not edit.removes:
            raise DamagedError(f"{self.kind.file_name}: {edit.record_id} would be gone")
        return _Reading(version, view, snapshot_of(view, version.digest))

    def _put(
        self,
        file: LockedFile,
        before: _Reading[R],
        after: _Reading[R],
        edit: Edit,
        request: ChangeRequest,
    ) -> bool:
        """Put the new bytes in place, show and record them; False when others came first."""
        self._coming = after
        try:
            applied = file.put(before.version, after.version)
        except UncertainError:
            self._take_over(before, self._left(after), edit, request, file.conflict_copy)
            raise
        finally:
            self._coming = None
        if applied:
            self._take_over(before, after, edit, request, file.conflict_copy)
        return applied

    def _take_over(
        self,
        before: _Reading[R],
        after: _Reading[R],
        edit: Edit,
        request: ChangeRequest,
        copy: Path | None,
    ) -> None:
        """Record our change, and show it."""
        was, present = _find(before, edit.record_id), _find(after, edit.record_id)
        self._note(after.snapshot)
        if was is None or present is None or was.rev != present.rev:
            self._put_down([self._own_change(was, present, request, copy)])
        with self._reading:
            self._accept(after, self._event)

    def _left(self, after: _Reading[R]) -> _Reading[R]:
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
        return _Reading(version, view, snapshot_of(view, version.digest))

    def _result(
        self, file: LockedFile, before: _Reading[R], after: _Reading[R], edit: Edit
    ) -> WriteResult[R]:
        return WriteResult(
            _find(before, edit.record_id),
            _find(after, edit.record_id),
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
                self._emit(self._unsent.popleft())

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

    # --- what is shown -----------------------------------------------------------------

    def _stamp_now(self) -> Stamp | None:
        try:
            return (*self._stamp_of(self._file.path), self._doubts)
        except OSError:
            return None

    def _look_again(self) -> Snapshot[R]:
        if self._present is None:
            # An entry is made behind its change: a file read after it shows it.
            self._event = max(self._event, self._newest())
        stamp, event = self._stamp_now(), self._event
        if stamp is not None and stamp == self._stamp and self._present is not None:
            return self._present
        try:
            data, settled = self._file.look()
        except FileNotFoundError:
            return self._show_nothing("missing-file", "the file is missing")
        except OSError as error:
            return self._show_nothing("unreadable", f"the file cannot be read: {error.strerror}")
        present = self._show(data, settled, event)
        old = stamp is not None and self._wall_ns() - max(stamp[:2]) > _SETTLED_NS
        self._stamp = stamp if old and settled else None
        return present

    def _show(self, data: bytes, settled: bool, event: int) -> Snapshot[R]:
        """Show these bytes, or the last good ones with what is wrong with these."""
        for known in (self._good, self._coming):
            if known is not None and known.version.data == data:
                return self._accept(known, event if known is self._coming else 0)
        if self._state == data and self._present is not None:
            return self._present
        self._stamp, self._state = None, data if settled else None
        found, reading = self._parsed(data)
        problem = self._doubtful(found, data, settled)
        found = replace(found, problems=(*found.problems, problem)) if problem else found
        if reading is not None and not found.damage:
            return self._accept(reading, event)
        return self._keep(found)

    def _parsed(self, data: bytes) -> tuple[Snapshot[R], _Reading[R] | None]:
        try:
            version = read_version(data)
        except DamagedError:
            return load_snapshot(self.kind, data), None
        view = read_ledger(self.kind, version.document, self._good.view if self._good else None)
        reading = _Reading(version, view, snapshot_of(view, version.digest))
        return reading.snapshot, reading

    def _show_nothing(self, code: str, message: str) -> Snapshot[R]:
        if self._state == code and self._present is not None:
            return self._present
        self._stamp, self._state = None, code
        missing = code == "missing-file"
        severity: Severity = "warning" if missing else "damage"
        problem = Problem(code, severity, message, 1, self.kind.file_name)
        return self._keep(Snapshot(self.kind, "", (), (problem,), missing=missing))

    def _accept(self, reading: _Reading[R], event: int) -> Snapshot[R]:
        known = reading.snapshot
        if self._good is reading and self._present is known and event <= known.event:
            return known
        snapshot = replace(known, event=max(event, known.event))
        self._stamp, self._state = None, reading.version.data
        self._good, self._present = replace(reading, snapshot=snapshot), snapshot
        if self._recorded is None:
            self._note(snapshot)
        return snapshot

    def _keep(self, found: Snapshot[R]) -> Snapshot[R]:
        """Show the last good rows, if ever there were any, with what is wrong now."""
        if self._good is not None:
            found = replace(self._good.snapshot, stale=True, problems=found.problems)
            for problem in found.problems:
                log.warning("%s:%s: %s", problem.file, problem.line, problem.message)
        self._present = found
        if found.missing and self._recorded is None:
            self._note(found)
        return found

    def _doubtful(self, found: Snapshot[R], data: bytes, settled: bool) -> Problem | None:
        """Tell what only the past can tell: a table that is gone, a save half-written."""
        if self._good is None or found.damage:
            return None
        good = self._good.snapshot
        if good.records and any(problem.code == "no-table" for problem in found.problems):
            return self._damage("no-table", "the ledger's table is gone", 1)
        cut = is_cut_short(self._good.version.data, data)
        if (cut or not settled) and lost_rows(good, found):
            message = "the file ends in mid-line" if cut else "the file is still being written"
            return self._damage("unfinished-save", message, data.count(b"\n") + 1)
        return None

    def _damage(self, code: str, message: str, line: int) -> Problem:
        return Problem(code, "damage", message, line, self.kind.file_name)

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
        self._put_down(changes)
        with self._reading:
            if self._good is not None and self._good.snapshot is present:
                self._accept(self._good, self._event)
        return changes

    def _note(self, snapshot: Snapshot[R]) -> None:
        self._recorded = snapshot
        self._settling.forget()
        self._seen(snapshot)

    def _put_down(self, changes: Sequence[Change]) -> None:
        if changes:
            numbers = self._record(changes)
            self._event = max(self._event, *(number or 0 for number in numbers))
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


def _find(reading: _Reading[R], record_id: str) -> R | None:
    entry = reading.view.find(record_id)
    return entry.record if entry else None


def _damaged(problem: Problem) -> DamagedError:
    return DamagedError(f"{problem.file}:{problem.line}: {problem.message}")
