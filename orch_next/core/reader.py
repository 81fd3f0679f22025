"""What one ledger file shows: its rows as they are on the disk, or the last good ones."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeAlias

from orch_next.core.kinds import LedgerKind
from orch_next.core.reading import read_ledger
from orch_next.core.records import R
from orch_next.core.schema import Snapshot, load_snapshot, snapshot_of
from orch_next.core.settling import is_cut_short, lost_rows
from orch_next.core.view import LedgerView
from orch_next.errors import DamagedError
from orch_next.ledger.file import LedgerFile, Version, read_version
from orch_next.ledger.parser import Problem, Severity

# A file touched this recently may change again under the same time stamp (FAT's clock
# ticks every 2 s), so its bytes are compared instead.
_SETTLED_NS = 2_000_000_000

Stamp: TypeAlias = tuple[int, ...]

log = logging.getLogger(__name__)


def stamp_of(path: Path) -> Stamp:
    """Return what changes with a save; the two times come first.

    ctime shows one that kept size and mtime: nobody can set it back.
    """
    found = path.stat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


@dataclass(frozen=True)
class Reading(Generic[R]):
    """Good bytes and what they say: as text, as a ledger, as rows."""

    version: Version
    view: LedgerView[R]
    snapshot: Snapshot[R]

    def find(self, record_id: str) -> R | None:
        """Return the first record with this id, or None."""
        entry = self.view.find(record_id)
        return entry.record if entry else None


def reading_of(version: Version, view: LedgerView[R]) -> Reading[R]:
    """Put together what one version says."""
    return Reading(version, view, snapshot_of(view, version.digest))


class LedgerReader(Generic[R]):
    """Reads a file again when `stat` says that it may have changed; thread safe.

    The lock is held for a read and a parse at most, never for a write. `newest` tells the
    newest journal entry's number, `begin` takes the first rows ever seen. A writer says in
    `coming` what it is about to put in place: nobody parses that again.
    """

    def __init__(
        self,
        kind: LedgerKind[R],
        file: LedgerFile,
        *,
        newest: Callable[[], int],
        begin: Callable[[Snapshot[R]], None],
        stamp: Callable[[Path], Stamp],
        wall_ns: Callable[[], int],
    ) -> None:
        self._kind, self._file = kind, file
        self._newest, self._begin = newest, begin
        self._stamp_of, self._wall_ns = stamp, wall_ns
        self._lock = threading.RLock()
        self._stamp: Stamp | None = None
        self._doubts = 0
        self._event = 0
        self._begun = False
        self._state: tuple[bytes, bool] | str | None = None
        self._present: Snapshot[R] | None = None
        self.good: Reading[R] | None = None
        self.coming: Reading[R] | None = None

    def doubt(self) -> None:
        """Compare the file's bytes at the next look, whatever its size and times say.

        Some systems keep no time of the last change of a file's facts (on Windows `st_ctime`
        is the creation), so a save that keeps size and time shows in nothing but its notification.
        """
        self._doubts += 1

    def look(self) -> Snapshot[R]:
        """Return the rows on the disk whatever their state, with their problems.

        Of a half-written save, and of a damaged file, the last good rows are returned.
        """
        present = self.unchanged()
        if present is not None:
            return present
        with self._lock:
            return self._look_again()

    def unchanged(self) -> Snapshot[R] | None:
        """Return the rows in memory if the disk surely shows them still, by one `stat`."""
        present, stamp = self._present, self._stamp
        if present is not None and stamp is not None and stamp == self._stamp_now():
            return present
        return None

    def take(self, data: bytes) -> Reading[R]:
        """Show bytes that a writer has read; raise DamagedError when they are not good."""
        with self._lock:
            present = self._show(data, True, self._event)
            if present.damage or self.good is None:
                raise damaged(present.damage[0])
            return self.good

    def show(self, reading: Reading[R]) -> None:
        """Show what a writer has put in place."""
        with self._lock:
            self._accept(reading, self._event)

    def tell(self, snapshot: Snapshot[R], event: int) -> None:
        """Take note that entries up to this number tell of the rows of a snapshot."""
        with self._lock:
            self._event = max(self._event, event)
            if self.good is not None and self.good.snapshot is snapshot:
                self._accept(self.good, self._event)

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
            data, settled = self._file.look(*self._patience())
        except FileNotFoundError:
            return self._show_nothing("missing-file", "the file is missing")
        except OSError as error:
            return self._show_nothing("unreadable", f"the file cannot be read: {error.strerror}")
        present = self._show(data, settled, event)
        old = stamp is not None and self._wall_ns() - max(stamp[:2]) > _SETTLED_NS
        self._stamp = stamp if old and settled else None
        return present

    def _patience(self) -> tuple[float, ...]:
        """Wait for an editor once, not in every read while it has the file open."""
        return (0.0,) if isinstance(self._state, tuple) and not self._state[1] else ()

    def _show(self, data: bytes, settled: bool, event: int) -> Snapshot[R]:
        """Show these bytes, or the last good ones with what is wrong with these."""
        for known in (self.good, self.coming):
            if known is not None and known.version.data == data:
                return self._accept(known, event if known is self.coming else 0)
        if self._state == (data, settled) and self._present is not None:
            return self._present
        self._stamp, self._state = None, (data, settled)
        found, reading = self._parsed(data)
        problem = self._doubtful(found, data, settled)
        found = replace(found, problems=(*found.problems, problem)) if problem else found
        if reading is not None and not found.damage:
            return self._accept(reading, event)
        return self._keep(found)

    def _parsed(self, data: bytes) -> tuple[Snapshot[R], Reading[R] | None]:
        try:
            version = read_version(data)
        except DamagedError:
            return load_snapshot(self._kind, data), None
        before = self.good.view if self.good else None
        reading = reading_of(version, read_ledger(self._kind, version.document, before))
        return reading.snapshot, reading

    def _show_nothing(self, code: str, message: str) -> Snapshot[R]:
        if self._state == code and self._present is not None:
            return self._present
        self._stamp, self._state = None, code
        missing = code == "missing-file"
        severity: Severity = "warning" if missing else "damage"
        problem = Problem(code, severity, message, 1, self._kind.file_name)
        return self._keep(Snapshot(self._kind, "", (), (problem,), missing=missing))

    def _accept(self, reading: Reading[R], event: int) -> Snapshot[R]:
        known = reading.snapshot
        if self.good is reading and self._present is known and event <= known.event:
            return known
        snapshot = replace(known, event=max(event, known.event))
        self._stamp, self._state = None, (reading.version.data, True)
        self.good, self._present = replace(reading, snapshot=snapshot), snapshot
        self._note_first(snapshot)
        return snapshot

    def _keep(self, found: Snapshot[R]) -> Snapshot[R]:
        """Show the last good rows, if ever there were any, with what is wrong now."""
        if self.good is not None:
            found = replace(self.good.snapshot, stale=True, problems=found.problems)
            for problem in found.problems:
                log.warning("%s:%s: %s", problem.file, problem.line, problem.message)
        self._present = found
        if found.missing:
            self._note_first(found)
        return found

    def _note_first(self, snapshot: Snapshot[R]) -> None:
        if not self._begun:
            self._begun = True
            self._begin(snapshot)

    def _doubtful(self, found: Snapshot[R], data: bytes, settled: bool) -> Problem | None:
        """Tell what only the past can tell: a table that is gone, a save half-written."""
        if self.good is None or found.damage:
            return None
        good = self.good.snapshot
        if good.records and any(problem.code == "no-table" for problem in found.problems):
            return self._damage("no-table", "the ledger's table is gone", 1)
        cut = is_cut_short(self.good.version.data, data)
        if (cut or not settled) and lost_rows(good, found):
            message = "the file ends in mid-line" if cut else "the file is still being written"
            return self._damage("unfinished-save", message, data.count(b"\n") + 1)
        return None

    def _damage(self, code: str, message: str, line: int) -> Problem:
        return Problem(code, "damage", message, line, self._kind.file_name)


def damaged(problem: Problem) -> DamagedError:
    """Return the error that tells of a problem and its place."""
    return DamagedError(f"{problem.file}:{problem.line}: {problem.message}")
