"""One ledger file kept in memory: the last good rows, and the only way to change them."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Generic

from orch_next.core.diff import diff_records, make_change
from orch_next.core.events import Change, Emit, Record, Who
from orch_next.core.kinds import LedgerKind
from orch_next.core.lengths import MOST_CELL_BYTES, refuse_long, refuse_long_cells
from orch_next.core.reader import LedgerReader, Reading, Settling, is_cut_short
from orch_next.core.records import R
from orch_next.core.schema import Snapshot, snapshot_of
from orch_next.core.view import LedgerView, read_ledger
from orch_next.errors import (
    BusyError,
    DamagedError,
    LedgerError,
    NotFoundError,
    UncertainError,
)
from orch_next.ledger.disk import Disk
from orch_next.ledger.document import CellChange
from orch_next.ledger.file import LedgerFile, digest, resolve
from orch_next.ledger.lock import locked
from orch_next.ledger.parser import Document, Problem, decode, parse

# How long, in seconds, a read that noticed an outside edit waits to record it in turn.
_READERS_PATIENCE = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """What a plan wants: the record it is about and the cells to change.

    `removes` says that the record is gone afterwards.
    """

    record_id: str
    changes: Sequence[CellChange]
    removes: bool = False


@dataclass(frozen=True)
class Intent:
    """Who changes a row, what the event is called, and what the journal notes beside it."""

    event: str
    who: Who
    details: Mapping[str, Any] = field(default_factory=dict)
    payload_sha256: str = ""


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """A write's result; `present` is None when the row was removed; digests are the file's."""

    before: R | None
    present: R | None
    changed: bool
    digest_before: str
    digest: str

    @property
    def after(self) -> R:
        """Return the row after the change; raise NotFoundError when it was removed."""
        if self.present is None:
            raise NotFoundError("the row was removed")
        return self.present


class KeptLedger(Generic[R]):
    """The snapshot of one ledger file, refreshed when its content changes; thread safe.

    The thread lock is the right to replace the snapshot. Readers never wait for it once
    there is a snapshot: while someone writes they get the rows as they were before.
    `ready` raises BusyError when a change could not be recorded. `record` (the journal)
    is called under the file's lock too, `emit` (the listeners) behind it; a listener is
    quick and writes no ledger. No cell is made longer than `most_cell_bytes`.
    """

    def __init__(
        self,
        kind: LedgerKind[R],
        folder: Path,
        *,
        now: Callable[[], datetime],
        record: Record,
        emit: Emit,
        seen: Callable[[Snapshot[R]], None],
        ready: Callable[[], None],
        lock_timeout: float,
        most_cell_bytes: int = MOST_CELL_BYTES,
        disk: Disk | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.kind, self._most_cell_bytes = kind, most_cell_bytes
        self._file = LedgerFile(folder / kind.file_name, lock=_held_already, disk=disk)
        self._reader = LedgerReader(kind, self._file)
        self._now, self._record, self._emit, self._seen = now, record, emit, seen
        self._ready, self._timeout = ready, lock_timeout
        self._untold: deque[Change] = deque()
        self._lock, self._busy = threading.RLock(), False
        self._good_data, self._settling = b"", Settling(kind, self._file, clock)
        self._present: Snapshot[R] | None = None
        self._good: Snapshot[R] | None = None
        self._read: tuple[Document, LedgerView[R]] | None = None

    def snapshot(self) -> Snapshot[R]:
        """Return the present rows; raise DamagedError when there was never a good state."""
        present = self.look()
        if present.damage and not present.stale:
            problem = present.damage[0]
            raise DamagedError(f"{problem.file}:{problem.line}: {problem.message}")
        return present

    def look(self) -> Snapshot[R]:
        """Return the present state whatever it is, with its problems."""
        if self._lock.acquire(blocking=self._present is None):
            try:
                self._refresh()
            finally:
                self._lock.release()
        if self._present is None:
            raise BusyError(f"{self.kind.file_name} is being read for the first time")
        return self._present

    def settled(self) -> Snapshot[R] | None:
        """Return the present state whatever it is, or None while somebody is writing."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            if self._good is None or self._settling.is_ripe(self._good.records, self._good_data):
                self._refresh()
            return self._present
        finally:
            self._lock.release()

    def settles_at(self) -> float | None:
        """Return when (monotonic clock) an outside edit will have settled, None for none."""
        return self._settling.ripe_at()

    def doubt(self) -> None:
        """Compare the file's bytes at the next look, whatever its size and times say."""
        self._reader.doubt()

    def refresh(self) -> list[Change]:
        """Look at the file now; emit and return what changed outside."""
        with self._lock:
            return self._refresh()

    def write(self, plan: Callable[[LedgerView[R]], Step], intent: Intent) -> Outcome[R]:
        """Change the row that the plan names; tell of it when bytes changed.

        The plan sees the file as it stands under the lock and may raise to abandon.
        Errors of LedgerFile.write pass; after UncertainError the change is in place.
        """
        deadline = time.monotonic() + self._timeout
        refuse_long("a comment", str(intent.details.get("comment", "")), self._most_cell_bytes)
        self._ready()
        with self._held():
            if self._good is None:
                self._refresh()
            with self._undisturbed():
                return self._write_and_tell(plan, intent, deadline)

    def _write_and_tell(
        self, plan: Callable[[LedgerView[R]], Step], intent: Intent, deadline: float
    ) -> Outcome[R]:
        try:
            with ExitStack() as stack:
                self._take_turn(stack, max(0.0, deadline - time.monotonic()))
                return self._write(plan, intent)
        finally:
            self._tell()

    def _take_turn(self, stack: ExitStack, timeout: float) -> None:
        """Hold the file's lock, beyond LedgerFile.write, until the change is in the journal.

        Only so do other processes find it there when they notice the changed file.
        """
        path = resolve(self._file.path)
        try:
            stack.enter_context(locked(path.with_name(f".{path.name}.lock"), timeout))
        except OSError as error:
            raise LedgerError(f"{path.name}: not locked: {error.strerror}") from error

    @contextmanager
    def _held(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._timeout):
            raise BusyError(f"{self.kind.file_name} is being written by another request")
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        # A listener that reads the state must not start a refresh inside this one.
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def _refresh(self) -> list[Change]:
        if self._busy:
            return []
        reading = self._reader.read_if_changed()
        if reading is None:
            return []
        changes = self._adopt(reading)
        if changes:
            with self._undisturbed(), ExitStack() as stack:
                # Without its turn an entry may stand in the journal twice: no reason to
                # fail a read.
                with suppress(LedgerError, BusyError):
                    self._take_turn(stack, min(self._timeout, _READERS_PATIENCE))
                self._put_down(changes)
                stack.close()
                self._tell()
        return changes

    def _adopt(self, reading: Reading[R]) -> list[Change]:
        found = self._judged(reading)
        if self._good is not None and (found.damage or found.missing):
            self._present = replace(self._good, stale=True, problems=found.problems)
            for problem in found.problems:
                log.warning("%s:%s: %s", problem.file, problem.line, problem.message)
            return []
        changes = self._outside_changes(found.records)
        self._present = found
        if not found.damage:
            self._remember(found, reading.data or b"")
        return changes

    def _judged(self, reading: Reading[R]) -> Snapshot[R]:
        """Add what only the past can tell: a table that is gone, a save cut short."""
        found, problem = reading.snapshot, None
        if self._good is None or self._good.missing or found.damage or reading.data is None:
            return found
        if self._good.records and any(p.code == "no-table" for p in found.problems):
            problem = self._damage("no-table", "the ledger's table is gone", 1)
        elif is_cut_short(self._good_data, reading.data) and _lost(self._good, found):
            problem = self._cut_short(reading.data)
        return replace(found, problems=(*found.problems, problem)) if problem else found

    def _cut_short(self, data: bytes) -> Problem:
        return self._damage("unfinished-save", "the file ends in mid-line", data.count(b"\n") + 1)

    def _damage(self, code: str, message: str, line: int) -> Problem:
        return Problem(code, "damage", message, line, self.kind.file_name)

    def _outside_changes(self, records: Sequence[R]) -> list[Change]:
        if self._good is None or self._good.records is records:
            return []
        return diff_records(self.kind, self._good.records, records, self._now())

    def _remember(self, snapshot: Snapshot[R], data: bytes) -> None:
        self._present = self._good = snapshot
        self._good_data = data
        self._seen(snapshot)

    def _put_down(self, changes: Sequence[Change]) -> None:
        if changes:
            self._record(changes)
            self._untold.extend(changes)

    def _tell(self) -> None:
        while self._untold:
            self._emit(self._untold.popleft())

    def _write(self, plan: Callable[[LedgerView[R]], Step], intent: Intent) -> Outcome[R]:
        seen: list[tuple[LedgerView[R], Step]] = []

        def make_changes(document: Document) -> Sequence[CellChange]:
            view = self._view_of(document)
            self._refuse_cut_short(view, document)
            step = plan(view)
            refuse_long_cells(step.changes, self._most_cell_bytes)
            seen.append((view, step))
            return step.changes

        try:
            written = self._file.write(make_changes)
        except UncertainError:
            data = self._file.read()
            self._take_over(*seen[-1], parse(decode(data)), data, intent)
            raise
        details = {"conflict_copy": str(written.conflict_copy)} if written.conflict_copy else {}
        intent = replace(intent, details={**intent.details, **details})
        before, after = self._take_over(*seen[-1], written.document, written.after, intent)
        return Outcome(before, after, written.changed, written.digest_before, written.digest)

    def _refuse_cut_short(self, view: LedgerView[R], document: Document) -> None:
        data = document.text.encode("utf-8", "surrogatepass")
        found = snapshot_of(view, "")
        if self._good and is_cut_short(self._good_data, data) and _lost(self._good, found):
            problem = self._cut_short(data)
            raise DamagedError(f"{problem.file}:{problem.line}: {problem.message}")

    def _take_over(
        self, before: LedgerView[R], step: Step, document: Document, data: bytes, intent: Intent
    ) -> tuple[R | None, R | None]:
        """Make the written document the snapshot; tell of others' changes, then of ours."""
        changes = self._outside_changes(before.records)
        view, sha256 = self._view_of(document), digest(data)
        old, new = before.find(step.record_id), view.find(step.record_id)
        if new is None and not step.removes:
            raise DamagedError(f"{self.kind.file_name}: {step.record_id} is gone after its change")
        was, present = old.record if old else None, new.record if new else None
        self._reader.take_note(sha256)
        self._remember(snapshot_of(view, sha256), data)
        if was is None or present is None or was.rev != present.rev:
            changes.append(self._own_change(was, present, intent))
        self._put_down(changes)
        return was, present

    def _view_of(self, document: Document) -> LedgerView[R]:
        # LedgerFile gives the document of the last write again when nobody came between.
        if self._read is None or self._read[0] is not document:
            before = self._read[1] if self._read else None
            self._read = (document, read_ledger(self.kind, document, before))
        return self._read[1]

    def _own_change(self, before: R | None, after: R | None, intent: Intent) -> Change:
        at = self._now()
        made = make_change(self.kind, intent.event, before, after, at=at, who=intent.who)
        details = dict(intent.details)
        return replace(made, details=details, payload_sha256=intent.payload_sha256)


def _held_already(_path: Path, _timeout: float) -> AbstractContextManager[None]:
    return nullcontext()


def _lost(before: Snapshot[R], after: Snapshot[R]) -> bool:
    # Cutting the prose below the table is anyone's right.
    return [r.rev for r in before.records] != [r.rev for r in after.records]
