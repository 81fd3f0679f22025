"""Put a finished file in the ledger's place without destroying an editor's save."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orch_next.errors import UncertainError
from orch_next.ledger.settle import read_settled
from orch_next.ledger.temp import keep_copy
from orch_next.storage.disk import Disk

_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}
_WINDOWS_PAUSE = 0.01


@dataclass(frozen=True)
class Job:
    """One replacement: `temp` holds `after` and is to take the place of `before`.

    Waiting for editors ends at `deadline` (monotonic clock).
    """

    disk: Disk
    temp: Path
    target: Path
    before: bytes
    after: bytes
    now: Callable[[], datetime]
    deadline: float


@dataclass(frozen=True)
class Outcome:
    """Whether `after` is in place now, and the copy of a save that could not be."""

    applied: bool
    conflict_copy: Path | None = None


Swap = Callable[[Job], Outcome]


def swap(job: Job) -> Outcome:
    """Exchange the names where the system can, else compare and replace.

    Not applied means that an outside save came first and is in place. OSError means that
    nothing happened, UncertainError that the change is in place but perhaps not for good.
    """
    try:
        job.disk.exchange(job.temp, job.target)
    except FileNotFoundError:
        job.disk.remove(job.temp)
        return Outcome(False)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise _judged(job, error) from error
        return compare_and_replace(job)
    try:
        return _settle(job)
    except OSError as error:
        raise _uncertain(error) from error


def compare_and_replace(job: Job) -> Outcome:
    """Compare right before the replacement: all that can be done without an exchange."""
    if not _is_untouched(job):
        job.disk.remove(job.temp)
        return Outcome(False)
    try:
        _replace(job)
    except OSError as error:
        raise _judged(job, error) from error
    try:
        job.disk.sync_folder(job.target.parent)
    except OSError as error:
        raise _uncertain(error) from error
    return Outcome(True)


def _uncertain(error: OSError) -> UncertainError:
    return UncertainError(f"the disk did not confirm the change: {error}")


def _judged(job: Job, error: OSError) -> OSError | UncertainError:
    """Return the error itself when nothing happened for certain."""
    try:
        applied = read_settled(job.disk, job.target, job.deadline)[0] == job.after
    except OSError:
        applied = True
    return _uncertain(error) if applied else error


def _is_untouched(job: Job) -> bool:
    try:
        data, settled = read_settled(job.disk, job.target, job.deadline)
    except FileNotFoundError:
        return False
    return settled and data == job.before


def _replace(job: Job) -> None:
    while True:
        try:
            return job.disk.replace(job.temp, job.target)
        except PermissionError:
            # Windows refuses while a reader has the file open.
            if time.monotonic() >= job.deadline:
                raise
            time.sleep(_WINDOWS_PAUSE)


def _settle(job: Job) -> Outcome:
    """Look at what the exchange displaced; `temp` names it now."""
    # First the folder: an editor that was just opening the old file has opened it by then.
    failure = _sync_failure(job)
    displaced, settled = read_settled(job.disk, job.temp, job.deadline)
    copy = None
    if not settled:
        copy = keep_copy(job.disk, job.temp, job.target, job.now())
    elif displaced != job.before:
        return _give_back(job, displaced)
    else:
        job.disk.remove(job.temp)
    if failure:
        raise failure
    return Outcome(True, copy)


def _sync_failure(job: Job) -> OSError | None:
    try:
        job.disk.sync_folder(job.target.parent)
    except OSError as error:
        return error
    return None


def _give_back(job: Job, newest: bytes) -> Outcome:
    """Put the newest save back in place; an older one stays as a conflict copy.

    Each exchange shows what was in place meanwhile; when that is what we had put there,
    nothing newer came and `temp` names the older file.
    """
    placed = job.after
    while True:
        job.disk.exchange(job.temp, job.target)
        found, settled = read_settled(job.disk, job.temp, job.deadline)
        if settled and found == placed:
            break
        placed, newest = newest, found
    copy = None
    if placed is job.after:
        job.disk.remove(job.temp)
    else:
        copy = keep_copy(job.disk, job.temp, job.target, job.now())
    job.disk.sync_folder(job.target.parent)
    return Outcome(False, copy)
