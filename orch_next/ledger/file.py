"""A ledger file: read whole, and under its lock written in steps that lose nothing (D09)."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orch_next.clock import utc_now
from orch_next.errors import BusyError, DamagedError, LedgerError
from orch_next.ledger.cell_edit import Place, edit_cells
from orch_next.ledger.document import CellChange, apply_edits, plan_edits
from orch_next.ledger.parser import Document, decode, parse
from orch_next.ledger.settle import read_settled
from orch_next.ledger.swap import Job, Swap, swap
from orch_next.ledger.temp import digest, sweep, write_temp
from orch_next.ledger.unfinished import find_unfinished, is_git_at_work
from orch_next.ledger.verify import check_rows, verify
from orch_next.storage.disk import Disk
from orch_next.storage.process_locks import locked

__all__ = [
    "LedgerFile",
    "Lock",
    "LockedFile",
    "Version",
    "digest",
    "edit_version",
    "read_version",
    "resolve",
]

Lock = Callable[[Path, float], AbstractContextManager[None]]

# How long an editor may keep the file open, or away, before a read or a write goes on.
_READ_PATIENCE = 0.25
_WRITE_PATIENCE = 2.0
_PAUSE = 0.001


@dataclass(frozen=True)
class Version:
    """A ledger's bytes, their sha256 in hex and what they say.

    `places` are the rows in which it differs from the version that it was made of; None
    when it was parsed anew.
    """

    data: bytes
    digest: str
    document: Document
    places: tuple[Place, ...] | None = None


def read_version(data: bytes, name: str = "") -> Version:
    """Parse some bytes; raise DamagedError, with the file's name, when they are not UTF-8."""
    return Version(data, digest(data), parse(decode(data, name)))


def edit_version(before: Version, changes: Sequence[CellChange]) -> Version:
    """Return the version with these changes, verified; raise RowError or InputError."""
    check_rows(before.document, changes)
    quick = edit_cells(before.data, before.document, changes)
    if quick is not None:
        sha256 = digest(quick.data) if quick.places else before.digest
        return Version(quick.data, sha256, quick.document, quick.places)
    text = before.document.text
    after = read_version(apply_edits(text, plan_edits(text, changes)).encode())
    verify(before.document, after.document, changes)
    return after


def resolve(path: Path) -> Path:
    """Follow symlinks to the file itself; raise LedgerError for links that go in a circle."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise LedgerError(f"{path}: its symbolic links lead nowhere") from error


class LedgerFile:
    """One Markdown file; safe to share between threads and processes.

    `patience` is how many seconds a writer waits for an editor that has the file open;
    `lock`, `swap`, `disk` and `now` are passed in by tests.
    """

    def __init__(
        self,
        path: Path,
        *,
        swap: Swap = swap,
        lock: Lock = locked,
        disk: Disk | None = None,
        now: Callable[[], datetime] = utc_now,
        patience: float = _WRITE_PATIENCE,
    ) -> None:
        self.path = path
        self._swap = swap
        self._lock = lock
        self._disk = disk or Disk()
        self._now = now
        self._patience = patience

    def look(self, patience: float = _READ_PATIENCE) -> tuple[bytes, bool]:
        """Return the bytes, and False when somebody is still writing them.

        Wait so many seconds for a half-written save; FileNotFoundError and OSError pass.
        """
        return read_settled(self._disk, self.path, time.monotonic() + patience)

    def read(self) -> bytes:
        """Return the bytes as they are, waiting shortly for a half-written save."""
        return self.look()[0]

    @contextlib.contextmanager
    def locked(self, timeout: float) -> Iterator[LockedFile]:
        """Hold the file's lock against every other writer; raise BusyError or LedgerError."""
        target = resolve(self.path)
        with contextlib.ExitStack() as stack:
            try:
                lock = self._lock(target.with_name(f".{target.name}.lock"), timeout)
                stack.enter_context(lock)
            except OSError as error:
                raise LedgerError(f"{target.name}: not locked: {error.strerror}") from error
            deadline = time.monotonic() + self._patience
            yield LockedFile(target, self._disk, self._swap, self._now, deadline)


class LockedFile:
    """A ledger file whose lock is held: what it says now, and another version in its place.

    Raises LedgerError, DamagedError or BusyError with the file unchanged. Waiting for editors
    and git ends at `deadline` (monotonic clock). `conflict_copy` is where an outside save
    lies that could not be kept in place.
    """

    def __init__(
        self, target: Path, disk: Disk, swap: Swap, now: Callable[[], datetime], deadline: float
    ) -> None:
        self._target, self._disk, self._swap = target, disk, swap
        self._now, self._deadline = now, deadline
        self._looked = False
        self.conflict_copy: Path | None = None

    def read(self, *, known: bool) -> bytes:
        """Return the bytes to build on: never an editor's half-written save.

        A file that is `known` to have been there is waited for.
        """
        with _explained(self._target):
            if not self._looked:
                _await_git(self._target, self._deadline)
                _refuse_unfinished(self._target)
                self.conflict_copy = sweep(self._disk, self._target, self._now(), self._deadline)
            elif time.monotonic() >= self._deadline:
                told = f"{self._target.name} is being saved by others all the time"
                raise BusyError(told, retry_after=1.0)
            self._looked = True
            return self._read_whole(time.monotonic() + (_READ_PATIENCE if known else 0.0))

    def put(self, before: Version, after: Version) -> bool:
        """Put a version in the place of another; False when an outside save came first.

        Raise UncertainError when it is in place but the disk did not confirm it.
        """
        if after.data == before.data:
            return True
        with _explained(self._target):
            try:
                digests = before.digest, after.digest
                temp = write_temp(self._disk, self._target, after.data, digests)
            except FileNotFoundError:
                return False
            try:
                job = Job(
                    self._disk,
                    temp,
                    self._target,
                    before.data,
                    after.data,
                    self._now,
                    self._deadline,
                )
                outcome = self._swap(job)
            except OSError:
                with contextlib.suppress(OSError):
                    self._disk.remove(temp)
                raise
        self.conflict_copy = outcome.conflict_copy or self.conflict_copy
        return outcome.applied

    def _read_whole(self, patience: float) -> bytes:
        while True:
            try:
                data, settled = read_settled(self._disk, self._target, self._deadline)
            except FileNotFoundError:
                # Some editors move the file away for a moment.
                if time.monotonic() >= patience:
                    raise
                time.sleep(_PAUSE)
                continue
            if settled:
                return data
            name = self._target.name
            raise BusyError(f"{name} is open for writing in an editor", retry_after=1.0)


@contextlib.contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(_explanation(target, error)) from error


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


def _explanation(target: Path, error: OSError) -> str:
    if error.errno == errno.EBUSY:
        return (
            f"{target}: the file itself is a mount point (a bind mount, as with "
            "`docker run -v file:file`) and cannot be replaced; mount its folder instead"
        )
    if isinstance(error, FileNotFoundError):
        return f"{target}: no such file"
    return f"{target}: not written: {error.strerror or error}"
