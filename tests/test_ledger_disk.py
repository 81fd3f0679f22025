from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orch_next.errors import LedgerError, UncertainError
from orch_next.ledger.document import CellChange
from orch_next.ledger.swap import Swap, compare_and_replace, swap
from orch_next.storage.disk import Disk
from tests.ledger_disks import (
    KINDS,
    CountingDisk,
    EditorDisk,
    FaultyDisk,
    Killed,
    fast_folder,
    made_to_last,
    save_by_rename,
)
from tests.ledger_plain import PlainLedger, Tables
from tests.ledger_torture import ledger_text, set_value

OLD = ledger_text(1_000)
NEW = OLD.replace("| 0 |", "| 完了 |", 1)
OUTSIDE = OLD.replace("保存 0", "保存 1")
SWAPS = pytest.mark.parametrize("how", [swap, compare_and_replace])


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as folder:
        yield folder


def attempt(
    path: Path, disk: Disk, how: Swap, saves: list[Callable[[], None]] | None = None
) -> str:
    """Write once and return what the caller was told; editors' `saves` come in between."""
    saves = [] if saves is None else saves

    def plan(document: Tables) -> list[CellChange]:
        while saves:
            saves.pop()()
        return [*set_value(0, "完了")(document)]

    try:
        PlainLedger(path, swap=how, disk=disk).write(plan)
    except Killed:
        return "killed"
    except UncertainError:
        return "uncertain"
    except LedgerError:
        return "not applied"
    return "applied"


def calls_of_a_write(path: Path, how: Swap, saves: list[Callable[[], None]]) -> int:
    path.write_bytes(OLD.encode())
    disk = CountingDisk()
    assert attempt(path, disk, how, saves) == "applied"
    return len(disk.calls)


def durable_calls(folder: Path, how: Swap) -> list[str]:
    path, disk = folder / "TASKS.md", CountingDisk()
    path.write_bytes(OLD.encode())
    assert attempt(path, disk, how) == "applied"
    return made_to_last(disk)


def faults(folder: Path, how: Swap, make: type[FaultyDisk] = FaultyDisk) -> list[str]:
    """Fail every call of a write in every way; return what went wrong."""
    path, wrong = folder / "TASKS.md", []
    for number in range(calls_of_a_write(path, how, [])):
        for kind in KINDS:
            path.write_bytes(OLD.encode())
            told = attempt(path, make(number, kind), how)
            left = path.read_bytes()
            allowed = {"applied": [NEW], "not applied": [OLD]}.get(told, [OLD, NEW])
            if left not in map(str.encode, allowed) or not _goes_on(path, NEW):
                wrong.append(f"{kind} at call {number}: {told}")
    return wrong


def _goes_on(path: Path, expected: str) -> bool:
    """Write again on a sound disk; nobody had to tidy up, and nothing is left over."""
    told = attempt(path, Disk(), swap)
    left = {file.name for file in path.parent.iterdir()}
    tidy = left == {"TASKS.md", ".TASKS.md.lock", ".TASKS.md.lock-next"}
    return told == "applied" and tidy and path.read_bytes().decode() == expected


@SWAPS
def test_any_failing_call_leaves_the_old_or_the_new_bytes(folder: Path, how: Swap) -> None:
    assert faults(folder, how) == []


class Careless(FaultyDisk):
    """Take a short write for a whole one: the mutant."""

    def __init__(self, at: int, kind: str) -> None:
        super().__init__(at, kind)
        whole = super().__getattribute__("write")
        self.__dict__["write"] = partial(self._write_and_claim_all, whole)

    def _write_and_claim_all(self, write: Any, fd: int, data: memoryview) -> int:
        write(fd, data[: len(data) // 2] if self.kind == "short" else data)
        return len(data)


def test_ignoring_a_short_write_is_caught(folder: Path) -> None:
    assert any("short" in fault for fault in faults(folder, swap, Careless))


@SWAPS
def test_a_failing_call_never_costs_an_editors_save(folder: Path, how: Swap) -> None:
    path, wrong, tried = folder / "TASKS.md", [], 0
    save = save_by_rename(path, OUTSIDE)
    for number in range(calls_of_a_write(path, how, [save])):
        for kind in KINDS:
            path.write_bytes(OLD.encode())
            saves = [save]
            told = attempt(path, FaultyDisk(number, kind), how, saves)
            attempt(path, Disk(), swap)
            kept = [file.read_text("utf-8") for file in folder.glob("TASKS.md*")]
            tried += not saves
            if not saves and not any("保存 1" in text for text in kept):
                wrong.append(f"{kind} at call {number}: {told}")
            for copy in folder.glob("*.conflict-*"):
                copy.unlink()
    assert (wrong, tried > 50) == ([], True)


def test_the_calls_that_make_a_write_last_come_in_their_order(folder: Path) -> None:
    assert durable_calls(folder, swap) == ["write", "sync", "rename", "exchange", "sync_folder"]
    assert durable_calls(folder, compare_and_replace) == [
        *("write", "sync", "rename", "replace", "sync_folder")
    ]


def test_an_editors_save_is_given_back_durably(folder: Path) -> None:
    path = folder / "TASKS.md"
    disk = EditorDisk({("exchange", 1): save_by_rename(path, OUTSIDE)})
    path.write_bytes(OLD.encode())
    assert attempt(path, disk, swap) == "applied"
    first = ["write", "sync", "rename", "exchange", "sync_folder", "exchange", "sync_folder"]
    assert made_to_last(disk) == [*first, "write", "sync", "rename", "exchange", "sync_folder"]


def test_a_system_without_an_exchange_compares_and_replaces(folder: Path) -> None:
    path, disk = folder / "TASKS.md", CountingDisk()
    path.write_bytes(OLD.encode())
    disk.system = "darwin"
    assert attempt(path, disk, swap) == "applied"
    calls = ["write", "sync", "rename", "exchange", "replace", "sync_folder"]
    assert (made_to_last(disk), path.read_bytes()) == (calls, NEW.encode())


@pytest.mark.skipif(sys.platform == "win32", reason="stands for Windows elsewhere")
def test_windows_keeps_neither_mode_nor_owner_and_flushes_no_folder(tmp_path: Path) -> None:
    disk, path = Disk(), tmp_path / "新"
    disk.system = "win32"
    other = os.stat_result((0o100777, 0, 0, 1, 4711, 4712, 0, 0, 0, 0))
    fd = disk.open_new(path)
    disk.copy_owner(fd, other)
    disk.give(fd, other)
    assert (disk.lease(fd), disk.is_root()) == (None, False)
    disk.close(fd)
    disk.sync_folder(tmp_path / "無い")
    found = path.stat()
    assert (found.st_uid, found.st_mode & 0o777) == (os.geteuid(), 0o600)


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_what_can_have_no_lease_may_be_open_elsewhere() -> None:
    read, write = os.pipe()
    assert Disk().lease(read) is None
    os.close(read)
    os.close(write)


@pytest.mark.skipif(sys.platform == "win32", reason="owners are POSIX's")
def test_mode_and_owner_are_those_of_the_old_file(tmp_path: Path) -> None:
    given: list[tuple[int, int]] = []

    class Giving(Disk):
        def give(self, file: int | Path, like: os.stat_result) -> None:
            given.append((like.st_uid, like.st_gid))

    fd = Disk().open_new(tmp_path / "新")
    Giving().copy_owner(fd, os.stat_result((0o100664, 0, 0, 1, 4711, 4712, 0, 0, 0, 0)))
    Giving().copy_owner(fd, os.fstat(fd))
    os.close(fd)
    assert (given, (tmp_path / "新").stat().st_mode & 0o7777) == ([(4711, 4712)], 0o664)


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is Linux's")
def test_names_are_exchanged(tmp_path: Path) -> None:
    one, other = tmp_path / "一", tmp_path / "二"
    one.write_text("1")
    other.write_text("2")
    Disk().exchange(one, other)
    assert (one.read_text(), other.read_text()) == ("2", "1")
    with pytest.raises(FileNotFoundError):
        Disk().exchange(one, tmp_path / "三")


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are inherited otherwise")
def test_children_inherit_no_descriptor(tmp_path: Path) -> None:
    disk = Disk()
    for fd in (disk.open_new(tmp_path / "a"), disk.open_read(tmp_path / "a")):
        assert not os.get_inheritable(fd)
        os.close(fd)


def test_where_files_have_no_modes_nothing_is_shared(tmp_path: Path) -> None:
    class Windows(Disk):
        system = "win32"

    path = tmp_path / "鍵.lock"
    path.write_bytes(b"")
    path.chmod(0o600)
    with path.open("rb") as file:
        Windows().share(file.fileno(), os.stat_result([0o100666] + [0] * 9))
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="folders are held open on POSIX")
def test_a_file_is_put_into_a_folder_that_is_held_open(tmp_path: Path) -> None:
    (tmp_path / "作業").mkdir()
    (tmp_path / "新").write_text("新しい", encoding="utf-8")
    held = os.open(tmp_path / "作業", os.O_RDONLY)
    try:
        Disk().replace_into(held, tmp_path / "新", "TASKS.md")
        Disk().replace_into(held, "TASKS.md", "MILESTONES.md", held=True)
    finally:
        os.close(held)
    assert (tmp_path / "作業" / "MILESTONES.md").read_text(encoding="utf-8") == "新しい"
