"""A ledger file: read whole, written in seven steps that lose nothing (D09)."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orch_next.clock import utc_now
from orch_next.errors import BusyError, DamagedError, LedgerError
from orch_next.ledger.disk import Disk
from orch_next.ledger.document import CellChange, apply_edits, plan_edits
from orch_next.ledger.lock import locked
from orch_next.ledger.parser import Document, decode, parse
from orch_next.ledger.settle import read_settled
from orch_next.ledger.swap import Job, Outcome, Swap, swap
from orch_next.ledger.temp import digest, sweep, write_temp
from orch_next.ledger.unfinished import find_unfinished, is_git_at_work
from orch_next.ledger.verify import check_rows, verify

__all__ = ["LedgerFile", "Plan", "Written", "digest", "resolve"]

Plan = Callable[[Document], Sequence[CellChange]]

# How long an editor may keep the file open, or away, before a read or a write goes on.
_READ_PATIENCE = 0.25
_WRITE_PATIENCE = 2.0
_PAUSE = 0.001


@dataclass(frozen=True)
class Written:
    """What a write did; `document` and `digest` (sha256 hex) are those of `after`.

    `conflict_copy` is where an outside save lies that could not be kept in place.
    """

    before: bytes
    after: bytes
    document: Document
    changed: bool
    digest_before: str
    digest: str
    conflict_copy: Path | None


@dataclass(frozen=True)
class _Version:
    data: bytes
    digest: str
    document: Document


def resolve(path: Path) -> Path:
    """Follow symlinks to the file itself; raise LedgerError for links that go in a circle."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise LedgerError(f"{path}: its symbolic links lead nowhere") from error


class LedgerFile:
    """One Markdown file; safe to share between threads and processes.

    `lock_timeout` is in seconds, and so is `patience`, the wait for an editor that has the
    file open; `lock`, `swap`, `disk` and `now` are passed in by tests.
    """

    def __init__(
        self,
        path: Path,
        *,
        lock_timeout: float = 5.0,
        swap: Swap = swap,
        lock: Callable[[Path, float], AbstractContextManager[None]] = locked,
        disk: Disk | None = None,
        now: Callable[[], datetime] = utc_now,
        patience: float = _WRITE_PATIENCE,
    ) -> None:
        self.path = path
        self._lock_timeout = lock_timeout
        self._swap = swap
        self._lock = lock
        self._disk = disk or Disk()
        self._now = now
        self._patience = patience
        self._last: _Version | None = None

    def read(self) -> bytes:
        """Read the file, waiting shortly for a half-written save; FileNotFoundError passes."""
        deadline = time.monotonic() + _READ_PATIENCE
        return read_settled(self._disk, self.path, deadline)[0]

    def write(self, plan: Plan) -> Written:
        """Change the cells that `plan` asks for, given the document as it stands.

        `plan` may raise anything to abandon the write; it is called again when an outside
        save comes first. Raise DamagedError, BusyError, RowError, InputError or
        LedgerError with the file unchanged, UncertainError when the disk did not confirm.
        """
        target = resolve(self.path)
        try:
            with self._lock(target.with_name(f".{target.name}.lock"), self._lock_timeout):
                return self._write_locked(target, plan)
        except OSError as error:
            raise LedgerError(_explained(target, error)) from error

    def _write_locked(self, target: Path, plan: Plan) -> Written:
        deadline = time.monotonic() + self._patience
        _await_git(target, deadline)
        _refuse_unfinished(target)
        copy = sweep(self._disk, target, self._now(), deadline)
        while time.monotonic() < deadline:
            before = self._version(self._read_whole(target, deadline))
            _refuse_damage(target, before.document)
            changes = list(plan(before.document))
            check_rows(before.document, changes)
            text = before.document.text
            edited = apply_edits(text, plan_edits(text, changes))
            after = self._version(edited.encode())
            verify(before.document, after.document, changes)
            if after.data == before.data:
                return _written(before, after, copy)
            outcome = self._put(target, before, after, deadline)
            copy = outcome.conflict_copy or copy
            if outcome.applied:
                return _written(before, after, copy)
        raise BusyError(f"{target.name} is being saved by others all the time", retry_after=1.0)

    def _read_whole(self, target: Path, deadline: float) -> bytes:
        """Read the bytes to build on: never an editor's half-written save."""
        patience = time.monotonic() + (_READ_PATIENCE if self._last else 0.0)
        while True:
            try:
                data, settled = read_settled(self._disk, target, deadline)
            except FileNotFoundError:
                # Some editors move the file away for a moment.
                if time.monotonic() >= patience:
                    raise
                time.sleep(_PAUSE)
                continue
            if settled:
                return data
            raise BusyError(f"{target.name} is open for writing in an editor", retry_after=1.0)

    def _version(self, data: bytes) -> _Version:
        """Parse the bytes, unless they are those of last time."""
        version = self._last
        if version is None or version.data != data:
            version = _Version(data, digest(data), parse(decode(data, self.path.name)))
            self._last = version
        return version

    def _put(self, target: Path, before: _Version, after: _Version, deadline: float) -> Outcome:
        try:
            temp = write_temp(self._disk, target, after.data, (before.digest, after.digest))
        except FileNotFoundError:
            return Outcome(False)
        try:
            return self._swap(
                Job(self._disk, temp, target, before.data, after.data, self._now, deadline)
            )
        except OSError:
            with contextlib.suppress(OSError):
                self._disk.remove(temp)
            raise


def _written(before: _Version, after: _Version, copy: Path | None) -> Written:
    return Written(
        before.data,
        after.data,
        after.document,
        before.data != after.data,
        before.digest,
        after.digest,
        copy,
    )


def _await_git(target: Path, deadline: float) -> None:
    """Wait for a git command that may replace the file; raise BusyError when it takes long."""
    while is_git_at_work(target, time.time()):
        if time.monotonic() >= deadline:
            raise BusyError(f"{target.name}: git is at work in its folder", retry_after=1.0)
        time.sleep(_PAUSE)


def _refuse_unfinished(target: Path) -> None:
    """Raise DamagedError while git may put the file back to what it was."""
    operation = find_unfinished(target)
    if operation == "merge":
        raise DamagedError(f"{target.name}: git is merging; finish or abort the merge first")
    if operation:
        told = f"git {operation} is not finished; finish or abort it first"
        raise DamagedError(f"{target.name}: {told}")


def _refuse_damage(target: Path, document: Document) -> None:
    if document.damage:
        first = document.damage[0]
        raise DamagedError(f"{target.name}:{first.line}: {first.message}")


def _explained(target: Path, error: OSError) -> str:
    if error.errno == errno.EBUSY:
        return (
            f"{target}: the file itself is a mount point (a bind mount, as with "
            "`docker run -v file:file`) and cannot be replaced; mount its folder instead"
        )
    if isinstance(error, FileNotFoundError):
        return f"{target}: no such file"
    return f"{target}: not written: {error.strerror or error}"
