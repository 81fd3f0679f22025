from __future__ import annotations

import errno
import hashlib
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from orch_next.core.schema import load_snapshot
from orch_next.errors import (
    BusyError,
    DamagedError,
    InputError,
    LedgerError,
    NotFoundError,
    RowError,
)
from orch_next.ledger.document import AddRow, SetCell
from orch_next.ledger.file import digest
from orch_next.ledger.parser import parse
from orch_next.ledger.swap import Job, Outcome, compare_and_replace
from orch_next.storage.disk import Disk
from orch_next.storage.process_locks import locked
from tests.ledger_disks import CountingDisk, EditorDisk, save_by_rename
from tests.ledger_plain import PlainLedger, Tables
from tests.ledger_torture import PORTABLE_LOCK, count_up, ledger_text, set_value
from tests.sample import LEDGERS

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX")
SAMPLES = sorted((Path(__file__).parent / "data" / "ledger").glob("*.md"))
WRITABLE = [path for path in SAMPLES if path.name != "conflict.md"]
TEXT = ledger_text(1_000)
KINDS: dict[str, Make] = {
    "native": PlainLedger,
    "portable": partial(PlainLedger, swap=compare_and_replace, lock=PORTABLE_LOCK),
}
Make = Callable[..., PlainLedger]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "TASKS.md"
    file.write_bytes(TEXT.encode())
    return file


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = KINDS[request.param]
    return found


def leftovers(path: Path) -> set[str]:
    known = {path.name, f".{path.name}.lock", f".{path.name}.lock-next"}
    return {file.name for file in path.parent.iterdir()} - known


def test_a_write_changes_one_cell_and_tells_all(path: Path, make: Make) -> None:
    ledger = make(path)
    written = ledger.write(set_value(1, "完了"))
    after = TEXT.replace("| 0 |", "| 完了 |", 2).replace("| 完了 |", "| 0 |", 1)
    assert ledger.read() == path.read_bytes() == after.encode()
    assert written.changed
    assert ledger.store.look() == load_snapshot(ledger.store.kind, after.encode())
    assert written.digest_before == hashlib.sha256(TEXT.encode()).hexdigest()
    assert written.digest == digest(after.encode())
    assert written.conflict_copy is None
    assert leftovers(path) == set()


@pytest.mark.parametrize("sample", WRITABLE, ids=lambda sample: sample.name)
def test_every_sample_is_changed_in_one_line_only(tmp_path: Path, sample: Path) -> None:
    path = tmp_path / sample.name
    path.write_bytes(sample.read_bytes())
    ledger = PlainLedger(path)
    for number in range(len(parse(sample.read_bytes().decode()).tables[0].rows)):
        before = path.read_bytes().splitlines(keepends=True)
        written = change_title(ledger, number)
        after = path.read_bytes().splitlines(keepends=True)
        changed = sum(old != new for old, new in zip(before, after, strict=True))
        assert changed == int(written)


def change_title(ledger: PlainLedger, number: int) -> bool:
    """Return whether the row could be written: it has no problem of its own."""

    def plan(document: Tables) -> list[SetCell]:
        row = document.tables[0].rows[number]
        return [SetCell(row, 1, "新しい題名 | 二")]

    try:
        return ledger.write(plan).changed
    except RowError:
        document = parse(ledger.read().decode())
        lines = [problem.line for problem in document.problems if problem.severity == "row"]
        assert document.tables[0].rows[number].line in lines
        return False


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_ledgers_as_they_are_are_changed_in_one_line(tmp_path: Path, eol: str, bom: str) -> None:
    for real in (LEDGERS / "TASKS.md", LEDGERS / "APPROVALS.md"):
        path = tmp_path / real.name
        text = bom + real.read_bytes().decode().replace("\n", eol)
        path.write_bytes(text.encode())
        PlainLedger(path).write(lambda document: [SetCell(document.tables[0].rows[0], 2, "保留")])
        pairs = zip(text.split("\n"), path.read_bytes().decode().split("\n"), strict=True)
        assert [old.split("|")[1] for old, new in pairs if old != new] != []
        assert path.read_bytes().count(b"\r\n") == text.encode().count(b"\r\n")


def test_rows_are_added_behind_the_last_one(path: Path, make: Make) -> None:
    make(path).write(
        lambda document: [AddRow(document.tables[0], ["9", "一 | 二\n三", "C:\\dir\\"])]
    )
    assert path.read_text("utf-8") == TEXT + "| 9 | 一 \\| 二 三 | C:\\dir\\ |\n"


@posix_only
def test_writing_what_is_there_writes_nothing(path: Path, make: Make) -> None:
    before = path.stat()
    written = make(path).write(set_value(0, " 0 "))
    after = path.stat()
    assert not written.changed
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@posix_only
def test_the_mode_is_kept_and_a_link_is_followed(path: Path, tmp_path: Path, make: Make) -> None:
    path.chmod(0o640)
    link = tmp_path / "link" / "TASKS.md"
    link.parent.mkdir()
    link.symlink_to(path)
    make(link).write(set_value(0, "1"))
    assert (link.is_symlink(), path.stat().st_mode & 0o7777) == (True, 0o640)
    assert "| 1 |" in path.read_text("utf-8")
    assert list(link.parent.iterdir()) == [link]


def test_a_plan_may_abandon_the_write(path: Path, make: Make) -> None:
    def plan(_document: Tables) -> list[SetCell]:
        raise KeyError("九")

    with pytest.raises(KeyError):
        make(path).write(plan)
    assert (path.read_bytes(), leftovers(path)) == (TEXT.encode(), set())


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        (set_value(0, "a\x07b"), InputError),
        (lambda document: [SetCell(document.tables[0].rows[0], 3, "x")], RowError),
        (lambda document: [AddRow(document.tables[0], ["-", "-", "-"])], RowError),
        (lambda document: [AddRow(document.tables[0], ["1"])], InputError),
        (lambda document: [*set_value(0, "1")(document), *set_value(0, "2")(document)], InputError),
    ],
)
def test_what_cannot_be_written_leaves_the_file_alone(
    path: Path, make: Make, plan: Callable[[Tables], list[SetCell]], error: type[Exception]
) -> None:
    with pytest.raises(error):
        make(path).write(plan)
    assert (path.read_bytes(), leftovers(path)) == (TEXT.encode(), set())


@pytest.mark.parametrize(
    "data",
    [TEXT.encode() + b"<<<<<<< HEAD\n", TEXT.encode() + b"\0\0", TEXT.encode("cp932", "replace")],
)
def test_a_damaged_file_is_not_written(path: Path, make: Make, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(DamagedError):
        make(path).write(set_value(0, "1"))
    assert path.read_bytes() == data


def test_a_merge_in_progress_stops_writes_until_it_ends(path: Path, make: Make) -> None:
    head = path.parent / ".git" / "MERGE_HEAD"
    head.parent.mkdir()
    head.write_text("0" * 40)
    with pytest.raises(DamagedError, match="merging"):
        make(path).write(set_value(0, "1"))
    head.unlink()
    assert make(path).write(set_value(0, "1")).changed


def test_a_held_lock_is_waited_for_and_then_told(path: Path, make: Make) -> None:
    with locked(path.with_name(".TASKS.md.lock"), 1.0), pytest.raises(BusyError) as caught:
        make(path, lock_timeout=0.05).write(set_value(0, "1"))
    assert str(caught.value) == ".TASKS.md.lock is held by another writer"
    assert caught.value.retry_after == 1.0
    assert path.read_bytes() == TEXT.encode()


def test_a_missing_file_is_told(tmp_path: Path, make: Make) -> None:
    ledger = make(tmp_path / "TASKS.md")
    with pytest.raises(FileNotFoundError):
        ledger.read()
    with pytest.raises(NotFoundError, match=r"^TASKS\.md is missing") as caught:
        ledger.write(set_value(0, "1"))
    assert str(caught.value.__cause__).endswith("TASKS.md: no such file")


def test_a_plan_is_made_again_when_a_save_comes_first(path: Path, make: Make) -> None:
    disk = EditorDisk({("rename", 1): save_by_rename(path, TEXT.replace("| 0 |", "| 41 |", 1))})
    written = make(path, disk=disk).write(count_up(0))
    assert path.read_text("utf-8") == TEXT.replace("| 0 |", "| 42 |", 1)
    base = TEXT.replace("| 0 |", "| 41 |", 1)
    assert written.digest_before == digest(base.encode())
    assert leftovers(path) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="needs leases")
def test_a_save_under_way_is_waited_for_and_built_on(path: Path) -> None:
    editor = path.open("wb", buffering=0)
    editor.write(TEXT.encode()[:100])

    def finish() -> None:
        editor.write(TEXT.replace("| 0 |", "| 41 |", 1).encode()[100:])
        editor.close()

    threading.Timer(0.05, finish).start()
    PlainLedger(path).write(count_up(0))
    assert path.read_text("utf-8") == TEXT.replace("| 0 |", "| 42 |", 1)


class Mounted(CountingDisk):
    """The file itself is a mount point."""

    def exchange(self, one: Path, other: Path) -> None:
        raise OSError(errno.EBUSY, "busy")

    def replace(self, source: Path, target: Path) -> None:
        raise OSError(errno.EBUSY, "busy")


def test_a_file_that_is_a_mount_point_is_explained(path: Path, make: Make) -> None:
    with pytest.raises(LedgerError, match=r"bind mount.*mount its folder"):
        make(path, disk=Mounted()).write(set_value(0, "1"))
    assert (path.read_bytes(), leftovers(path)) == (TEXT.encode(), set())


def test_links_that_go_in_a_circle_are_told(tmp_path: Path) -> None:
    (tmp_path / "一.md").symlink_to(tmp_path / "二.md")
    (tmp_path / "二.md").symlink_to(tmp_path / "一.md")
    with pytest.raises(LedgerError):
        PlainLedger(tmp_path / "一.md").write(lambda document: [])


def test_who_is_overtaken_all_the_time_is_told(path: Path) -> None:
    before = path.read_bytes()
    ledger = PlainLedger(path, swap=overtaken, patience=0.05)
    with pytest.raises(BusyError, match="is being saved by others all the time"):
        ledger.write(first_title("題"))
    assert path.read_bytes() == before


def overtaken(job: Job) -> Outcome:
    job.disk.remove(job.temp)
    return Outcome(False)


def test_a_file_that_an_editor_keeps_open_is_not_written(path: Path) -> None:
    class Open(Disk):
        def lease(self, fd: int) -> bool | None:
            return False

    before = path.read_bytes()
    with pytest.raises(BusyError, match="is open for writing in an editor"):
        PlainLedger(path, disk=Open(), patience=0.01).write(first_title("題"))
    assert path.read_bytes() == before


class Away(Disk):
    """An editor moves the file away for a moment, right before the nth look."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def open_read(self, path: Path) -> int:
        self.looks -= 1
        if self.looks == 0:
            raise FileNotFoundError(path)
        return super().open_read(path)


@pytest.mark.parametrize("looks", [1, 2])
def test_a_file_that_is_away_for_a_moment_is_waited_for(path: Path, looks: int) -> None:
    disk = Away(0)
    ledger = PlainLedger(path, disk=disk)
    ledger.write(first_title("題"))
    disk.looks = looks
    assert ledger.write(first_title("別の題")).changed
    assert "別の題" in path.read_text("utf-8")


def first_title(title: str) -> Callable[[Tables], list[SetCell]]:
    return lambda document: [SetCell(document.tables[0].rows[0], 1, title)]


def forbidden(_path: Path, _timeout: float) -> AbstractContextManager[None]:
    raise PermissionError(errno.EACCES, "Permission denied")


def test_a_lock_that_cannot_be_made_is_told(path: Path) -> None:
    with pytest.raises(LedgerError, match=r"^TASKS\.md: not locked: Permission denied$"):
        PlainLedger(path, lock=forbidden).write(set_value(0, "1"))
