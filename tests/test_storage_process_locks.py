from __future__ import annotations

import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from orch_next.errors import BusyError
from orch_next.storage.process_locks import (
    Acquire,
    default_acquire,
    flock_lock,
    hold_for_life,
    is_held,
    locked,
    portable_lock,
)
from tests.ledger_disks import RootDisk
from tests.patience import PATIENCE, seconds_of

BOTH = pytest.mark.parametrize("acquire", [flock_lock, portable_lock])


@BOTH
def test_a_second_holder_waits_in_vain(tmp_path: Path, acquire: Acquire) -> None:
    path = tmp_path / ".台帳.lock"
    with locked(path, 1.0, acquire=acquire):
        with pytest.raises(BusyError) as caught, locked(path, 0.05, acquire=acquire):
            pass
        assert caught.value.retry_after == 1.0


@BOTH
def test_a_second_holder_waits_as_long_as_it_was_told(tmp_path: Path, acquire: Acquire) -> None:
    path = tmp_path / ".台帳.lock"

    def wait(seconds: float) -> None:
        with pytest.raises(BusyError), locked(path, seconds, acquire=acquire):
            pass

    with locked(path, 1.0, acquire=acquire):
        short, long = [seconds_of(partial(wait, seconds)) for seconds in (0.05, 1.0)]
    assert (short >= 0.05, long >= 1.0, short < long) == (True, True, True)


@BOTH
def test_a_lock_is_free_again_and_its_file_stays(tmp_path: Path, acquire: Acquire) -> None:
    path = tmp_path / ".TASKS.md.lock"
    for _ in range(2):
        with locked(path, 0.05, acquire=acquire):
            pass
    with pytest.raises(KeyError), locked(path, 0.05, acquire=acquire):
        raise KeyError
    with locked(path, 0.05, acquire=acquire):
        assert path.exists()
    inode = path.stat().st_ino
    with locked(path, 0.05, acquire=acquire):
        assert path.stat().st_ino == inode


def test_a_lock_for_life_is_had_at_once_or_not(tmp_path: Path) -> None:
    path = tmp_path / "移行.lock"
    with hold_for_life(path) as first, hold_for_life(path) as second:
        assert (first, second, is_held(path)) == (True, False, True)
    with locked(path, 1.0):
        assert is_held(path)
    assert (is_held(path), path.exists()) == (False, True)


@BOTH
def test_threads_exclude_each_other(tmp_path: Path, acquire: Acquire) -> None:
    path, inside, seen = tmp_path / ".lock", [0], []

    def work() -> None:
        for _ in range(20):
            with locked(path, PATIENCE, acquire=acquire):
                inside[0] += 1
                seen.append(inside[0])
                time.sleep(0.0002)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 80


@BOTH
def test_a_writer_that_goes_flat_out_lets_others_in(tmp_path: Path, acquire: Acquire) -> None:
    path, stop, came = tmp_path / ".lock", threading.Event(), []

    def flat_out() -> None:
        while not stop.is_set():
            with locked(path, PATIENCE, acquire=acquire):
                came.append("writer")
                time.sleep(0.002)

    thread = threading.Thread(target=flat_out)
    thread.start()
    try:
        for _ in range(10):
            with locked(path, PATIENCE, acquire=acquire):
                came.append("other")
    finally:
        stop.set()
        thread.join()
    turns = "".join(who[0] for who in came).split("o")
    assert ("writer" in came, len(turns)) == (True, 11)
    # The door: whoever waits there is next, so the writer comes in at most twice in between.
    assert max(map(len, turns[1:-1])) <= 2


def test_the_two_locks_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with locked(path, 1.0, acquire=portable_lock), pytest.raises(BusyError):  # noqa: SIM117
        with locked(path, 0.0, acquire=flock_lock):
            pass


def test_every_system_has_a_lock() -> None:
    assert [default_acquire(system) for system in ("win32", "linux", "darwin")] == [
        *(portable_lock, flock_lock, flock_lock)
    ]
    assert default_acquire() is default_acquire(sys.platform)


@pytest.mark.skipif(sys.platform != "linux", reason="names of descriptors are Linux's")
def test_lock_files_that_root_makes_belong_to_the_folders_owner(tmp_path: Path) -> None:
    disk = RootDisk()
    for _ in range(2):
        with locked(tmp_path / ".台帳.lock", 1.0, disk=disk):
            pass
    assert disk.given == [".台帳.lock", ".台帳.lock-next"]


@BOTH
def test_an_implementation_says_that_it_did_not_get_the_lock(
    tmp_path: Path, acquire: Acquire
) -> None:
    path, told = tmp_path / ".lock", []
    with acquire(path, 1.0, time.sleep) as first, acquire(path, 0.0, time.sleep) as second:
        told += [first, second]
    with acquire(path, 0.0, time.sleep) as third:
        told.append(third)
    assert told == [True, False, True]
