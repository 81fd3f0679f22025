"""Exclude other threads and processes through a lock file that is never deleted.

`locked` holds it for a moment and waits its turn, `hold_for_life` never waits.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import filelock

from orch_next.errors import BusyError
from orch_next.storage.atomic import make_lock
from orch_next.storage.disk import Disk

# Waiters look again after 0.2 to 1 ms: short against a write, long against a look.
_SHORTEST, _LONGEST = 0.0002, 0.001

Acquire = Callable[[Path, float, Callable[[float], None]], AbstractContextManager[bool]]


@contextlib.contextmanager
def locked(
    path: Path,
    timeout: float,
    pause: Callable[[float], None] = time.sleep,
    acquire: Acquire | None = None,
    disk: Disk | None = None,
) -> Iterator[None]:
    """Hold the lock file `path`; raise BusyError when it is not to be had in `timeout` s.

    A second file beside it is the door that the next writer waits in, so that one who
    writes flat out cannot shut the others out. `acquire` names the implementation.
    """
    acquire = acquire or default_acquire()
    door_path = path.with_name(path.name + "-next")
    for file in (path, door_path):
        make_lock(file, disk)
    deadline = time.monotonic() + timeout
    with contextlib.ExitStack() as lock:
        with contextlib.ExitStack() as door:
            _enter(door, acquire(door_path, timeout, pause), path)
            rest = max(deadline - time.monotonic(), 0.0)
            _enter(lock, acquire(path, rest, pause), path)
        yield


def _enter(stack: contextlib.ExitStack, lock: AbstractContextManager[bool], path: Path) -> None:
    if not stack.enter_context(lock):
        raise BusyError(f"{path.name} is held by another writer", retry_after=1.0)


def hold_for_life(path: Path) -> AbstractContextManager[bool]:
    """Hold a lock file as long as the block, or the process, lives; yield False for another's.

    It never waits, and the file is made like any other where it is missing; OSError passes.
    """
    return default_acquire()(path, 0.0, time.sleep)


def is_held(path: Path) -> bool:
    """Tell whether somebody holds a lock file that is there; OSError passes."""
    with hold_for_life(path) as was_free:
        return not was_free


def default_acquire(system: str = sys.platform) -> Acquire:
    """Return the cheap lock where the system has it, else the portable one."""
    return portable_lock if system == "win32" else flock_lock


@contextlib.contextmanager
def portable_lock(
    path: Path, timeout: float, pause: Callable[[float], None] = time.sleep
) -> Iterator[bool]:
    """Hold the lock with the `filelock` library; yield False when `timeout` s are over."""
    del pause  # filelock sleeps by itself
    lock = filelock.FileLock(path, timeout=timeout, thread_local=False, is_singleton=False)
    try:
        lock.acquire(poll_interval=_LONGEST)
    except filelock.Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


if sys.platform != "win32":  # pragma: no branch - Windows
    import fcntl

    @contextlib.contextmanager
    def flock_lock(
        path: Path, timeout: float, pause: Callable[[float], None] = time.sleep
    ) -> Iterator[bool]:
        """Hold `flock` on a fresh descriptor; yield False when `timeout` s are over."""
        deadline = time.monotonic() + timeout
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            while not _try_flock(fd):
                if time.monotonic() >= deadline:
                    yield False
                    return
                pause(random.uniform(_SHORTEST, _LONGEST))  # noqa: S311
            yield True
        finally:
            os.close(fd)

    def _try_flock(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
else:  # pragma: no cover - Windows
    flock_lock = portable_lock
