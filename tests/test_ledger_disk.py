from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orch_next.errors import LedgerError, UncertainError
from orch_next.ledger.disk import Disk
from orch_next.ledger.document import CellChange
from orch_next.ledger.file import LedgerFile
from orch_next.ledger.parser import Document
from orch_next.ledger.swap import Swap, compare_and_replace, swap
from tests.ledger_disks import KINDS, CountingDisk, FaultyDisk, Killed, fast_folder, save_by_rename
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

    def plan(document: Document) -> list[CellChange]:
        while saves:
            saves.pop()()
        return set_value(0, "完了")(document)

    try:
        LedgerFile(path, swap=how, disk=disk).write(plan)
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
