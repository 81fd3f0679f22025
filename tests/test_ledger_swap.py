from __future__ import annotations

import errno
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from orch_next.errors import UncertainError
from orch_next.ledger.swap import Job, Outcome, Swap, compare_and_replace, swap
from orch_next.ledger.temp import digest, write_temp
from orch_next.storage.disk import Disk
from tests.ledger_disks import CountingDisk, EditorDisk, save_by_rename, save_in_place

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs renameat2 and leases")
NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)
OLD, NEW = "| 旧 |\n".encode(), "| 新 |\n".encode()
COPY = "TASKS.md.conflict-20251009T030405Z-1"
Saves = dict[tuple[str, int], Callable[[], None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "TASKS.md"
    file.write_bytes(OLD)
    return file


def run(path: Path, disk: Disk, how: Swap = swap, patience: float = 1.0) -> Outcome:
    temp = write_temp(disk, path, NEW, (digest(OLD), digest(NEW)))
    deadline = time.monotonic() + patience
    return how(Job(disk, temp, path, OLD, NEW, lambda: NOW, deadline))


def files(path: Path) -> dict[str, str]:
    return {file.name: file.read_text("utf-8").strip("| \n") for file in path.parent.iterdir()}


@pytest.mark.parametrize("how", [swap, compare_and_replace])
def test_the_new_file_takes_the_place_of_the_old_one(path: Path, how: Swap) -> None:
    assert run(path, Disk(), how) == Outcome(True)
    assert files(path) == {"TASKS.md": "新"}


@pytest.mark.parametrize("how", [swap, compare_and_replace])
@pytest.mark.parametrize("save", [save_by_rename, save_in_place])
def test_a_save_before_the_swap_stays_in_place(
    path: Path, how: Swap, save: Callable[[Path, str], Callable[[], None]]
) -> None:
    disk = EditorDisk({("rename", 1): save(path, "編集")})
    assert run(path, disk, how) == Outcome(False)
    assert files(path) == {"TASKS.md": "編集"}


@linux_only
@pytest.mark.parametrize("save", [save_by_rename, save_in_place])
def test_a_save_right_before_the_exchange_is_given_back(
    path: Path, save: Callable[[Path, str], Callable[[], None]]
) -> None:
    disk = EditorDisk({("exchange", 1): save(path, "編集")})
    assert run(path, disk) == Outcome(False)
    assert files(path) == {"TASKS.md": "編集"}


@pytest.mark.parametrize("save", [save_by_rename, save_in_place])
def test_comparing_and_replacing_destroys_that_save(
    path: Path, save: Callable[[Path, str], Callable[[], None]]
) -> None:
    disk = EditorDisk({("replace", 1): save(path, "編集")})
    assert run(path, disk, compare_and_replace) == Outcome(True)
    assert files(path) == {"TASKS.md": "新"}


@linux_only
@pytest.mark.parametrize("second", [save_by_rename, save_in_place])
def test_of_two_saves_the_newer_one_wins_and_the_older_is_kept(
    path: Path, second: Callable[[Path, str], Callable[[], None]]
) -> None:
    saves: Saves = {
        ("exchange", 1): save_by_rename(path, "編集一"),
        ("exchange", 2): second(path, "編集二"),
    }
    assert run(path, EditorDisk(saves)) == Outcome(False, path.with_name(COPY))
    assert files(path) == {"TASKS.md": "編集二", COPY: "編集一"}


@linux_only
def test_an_editor_that_replaces_its_own_save_wins_as_well(path: Path) -> None:
    saves: Saves = {
        ("exchange", number): save_by_rename(path, f"編集{number}") for number in (1, 2, 3)
    }
    outcome = run(path, EditorDisk(saves))
    assert outcome == Outcome(False, path.with_name(COPY))
    assert files(path) == {"TASKS.md": "編集3", COPY: "編集2"}


@linux_only
def test_a_save_that_goes_on_in_the_displaced_file_is_waited_for(path: Path) -> None:
    editor = path.open("ab", buffering=0)

    def finish() -> None:
        editor.write("編集".encode())
        editor.close()

    threading.Timer(0.05, finish).start()
    assert run(path, Disk()) == Outcome(False)
    assert files(path) == {"TASKS.md": "旧 |\n編集"}


@linux_only
def test_an_editor_that_never_closes_writes_into_a_conflict_copy(path: Path) -> None:
    with path.open("ab", buffering=0) as editor:
        assert run(path, Disk(), patience=0.05) == Outcome(True, path.with_name(COPY))
        editor.write("編集".encode())
    assert files(path) == {"TASKS.md": "新", COPY: "旧 |\n編集"}


@pytest.mark.parametrize("how", [swap, compare_and_replace])
def test_a_file_that_went_away_is_not_made_anew(path: Path, how: Swap) -> None:
    disk = EditorDisk({("rename", 1): path.unlink})
    assert run(path, disk, how) == Outcome(False)
    assert files(path) == {}


class WithoutExchange(CountingDisk):
    """A system, or a file system, that cannot exchange names."""

    code = errno.EINVAL

    def exchange(self, one: Path, other: Path) -> None:
        raise OSError(self.code, "")


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EINVAL])
def test_without_an_exchange_it_compares_and_replaces(path: Path, code: int) -> None:
    disk = WithoutExchange()
    disk.code = code
    assert run(path, disk) == Outcome(True)
    assert (files(path), disk.calls.count("replace")) == ({"TASKS.md": "新"}, 1)


class Stubborn(WithoutExchange):
    """Refuse the first replacements, as Windows does while a reader has the file open."""

    def replace(self, source: Path, target: Path) -> None:
        if self.calls.count("replace") < 3:
            raise PermissionError
        super().replace(source, target)


def test_a_refused_replacement_is_tried_again(path: Path) -> None:
    disk = Stubborn()
    assert run(path, disk) == Outcome(True)
    assert (files(path), disk.calls.count("replace")) == ({"TASKS.md": "新"}, 3)


def test_a_replacement_that_stays_refused_changes_nothing(path: Path) -> None:
    with pytest.raises(PermissionError):
        run(path, Stubborn(), patience=0)
    assert files(path)["TASKS.md"] == "旧"


def test_a_failure_after_which_nothing_can_be_read_is_uncertain(path: Path) -> None:
    class Gone(Disk):
        def replace(self, source: Path, target: Path) -> None:
            source.replace(target)
            target.unlink()
            raise OSError(errno.EIO, "gone")

    with pytest.raises(UncertainError):
        run(path, Gone(), compare_and_replace)
