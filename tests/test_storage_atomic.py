from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from orch_next.cli.init import make_ledgers
from orch_next.core.database import Database
from orch_next.core.locks import RoleFiles
from orch_next.core.logs import DecisionLine, append_decision
from orch_next.core.spool import Spool
from orch_next.dispatcher.owner import Ownership
from orch_next.errors import UncertainError
from orch_next.security.identities import Identities
from orch_next.security.secret import load_secret_key
from orch_next.storage.atomic import (
    append_lines,
    create_once,
    create_whole,
    make_folders,
    make_lock,
    make_private,
    open_new,
    replace_whole,
)
from orch_next.storage.disk import Disk
from orch_next.storage.json_files import JsonRecords
from orch_next.storage.leader import FileLease
from tests.ledger_disks import CALLS, CountingDisk, FaultyDisk, Killed, RootDisk, made_to_last

AT = datetime(2025, 10, 9, 8, 22, 18, tzinfo=timezone.utc)
LINE = DecisionLine(AT, "010", "pending→approved", "CMD", "a" * 64, "b" * 64, "よい")
KINDS = ["kill", "kill-after", "EIO", "EIO-after", "ENOSPC", "short"]

Write = Callable[[Path, Disk], object]


def add_record(folder: Path, disk: Disk) -> None:
    JsonRecords(folder / "登録" / "agents.json", "agents", disk=disk).edit(
        lambda records: records.append({"題": "一"})
    )


def beat(folder: Path, disk: Disk) -> None:
    RoleFiles(folder, disk=disk).beat({"WORK": AT})


def decide(folder: Path, disk: Disk) -> None:
    append_decision(folder / "LOGS", LINE, disk)


def spool(folder: Path, disk: Disk) -> None:
    Spool(folder / "data" / "pending.jsonl", disk=disk).put({"題": "一"})


def make_key(folder: Path, disk: Disk) -> None:
    load_secret_key(folder / "data" / "secret_key", disk)


def init(folder: Path, disk: Disk) -> None:
    make_ledgers(folder / "ORCH" / "STATE", disk)


def open_journal(folder: Path, disk: Disk) -> None:
    database = Database(f"sqlite:///{folder}/d/orch.db", disk)
    database.open()
    database.close()


def know_people(folder: Path, disk: Disk) -> None:
    Identities(f"sqlite:///{folder}/d/i.db", disk=disk).close()


FOLDER = ["make_folder", "sync_folder"]
REPLACED = ["write", "sync", "replace", "sync_folder"]
APPENDED = ["open_append", "write", "sync", "sync_folder"]


@pytest.mark.parametrize(
    ("write", "first", "again"),
    [
        (add_record, FOLDER + REPLACED, REPLACED),
        (beat, FOLDER + REPLACED, []),
        (decide, FOLDER * 2 + APPENDED, APPENDED[:-1]),
        (spool, FOLDER + APPENDED, APPENDED[:-1]),
        (make_key, [*FOLDER, "write", "sync", "sync_folder"], []),
    ],
)
def test_what_is_kept_is_written_synced_and_named_in_this_order(
    tmp_path: Path, write: Write, first: list[str], again: list[str]
) -> None:
    told = []
    for _ in range(2):
        disk = CountingDisk()
        write(tmp_path, disk)
        told.append(made_to_last(disk))
    assert told == [first, again]


def test_new_ledgers_are_on_the_disk_with_their_names(tmp_path: Path) -> None:
    disk = CountingDisk()
    init(tmp_path, disk)
    assert made_to_last(disk) == [*FOLDER * 2, *["write", "sync"] * 3, "sync_folder"]


def test_what_the_spool_keeps_back_is_replaced_durably(tmp_path: Path) -> None:
    disk = CountingDisk()
    spool(tmp_path, Disk())
    Spool(tmp_path / "data" / "pending.jsonl", disk=disk).drain(lambda entry: False)
    assert made_to_last(disk) == REPLACED


@pytest.mark.skipif(sys.platform != "linux", reason="names of descriptors are Linux's")
@pytest.mark.parametrize(
    ("write", "given"),
    [
        (
            add_record,
            ["登録", ".agents.json.lock", ".agents.json.lock-next", ".agents.json.tmp"],
        ),
        (
            beat,
            ["LOCKS", ".heartbeat.json.lock", ".heartbeat.json.lock-next", ".heartbeat.json.tmp"],
        ),
        (decide, ["LOGS", "2025-10", "APPROVALS-2025-10-09.md"]),
        (
            spool,
            ["data", "pending.jsonl.lock", "pending.jsonl.lock-next", "pending.jsonl"],
        ),
        (make_key, ["data", ".secret_key.<random>.orch-tmp"]),
        (init, ["ORCH", "STATE", "TASKS.md", "APPROVALS.md", "MILESTONES.md"]),
        (open_journal, ["d", "orch.db", ".orch.db.lock", ".orch.db.lock-next"]),
        (know_people, ["d", "i.db", ".i.db.lock", ".i.db.lock-next"]),
        (lambda folder, disk: FileLease(folder, disk).claim(), [".orch-next-owner.lock"]),
        (lambda folder, disk: Ownership(folder, disk=disk).take(), [".dispatcher.lock"]),
    ],
)
def test_what_root_makes_belongs_to_the_folders_owner(
    tmp_path: Path, write: Write, given: list[str]
) -> None:
    disk = RootDisk()
    write(tmp_path, disk)
    assert disk.given == given


@pytest.mark.skipif(sys.platform == "win32", reason="owners are POSIX's")
def test_others_give_nothing_away(tmp_path: Path) -> None:
    class Somebody(RootDisk):
        def is_root(self) -> bool:
            return False

    disk = Somebody()
    for write in (add_record, beat, decide, spool, make_key, init):
        write(tmp_path, disk)
    make_private(tmp_path / "鍵", disk)
    for _ in range(2):
        make_lock(tmp_path / "錠", disk)
    assert disk.given == []


def calls_of(folder: Path, write: Write) -> int:
    disk = CountingDisk()
    write(folder, disk)
    return len(disk.calls)


@pytest.mark.parametrize("kind", KINDS)
def test_any_failing_call_leaves_the_old_or_the_new_bytes(tmp_path: Path, kind: str) -> None:
    path, wrong = tmp_path / "値.json", []
    path.write_bytes(b"old")
    number = calls_of(tmp_path, lambda folder, disk: replace_whole(path, b"new", disk))
    for at in range(number):
        path.write_bytes(b"old")
        told = told_of(lambda disk: replace_whole(path, b"new", disk), FaultyDisk(at, kind))
        allowed = {"applied": [b"new"], "not applied": [b"old"]}.get(told, [b"old", b"new"])
        wrong += [(at, told)] if path.read_bytes() not in allowed else []
        replace_whole(path, b"new")
        wrong += [(at, "litter")] if [*tmp_path.iterdir()] != [path] else []
    assert (wrong, number) == ([], 8)


def told_of(act: Callable[[Disk], object], disk: Disk) -> str:
    try:
        act(disk)
    except Killed:
        return "killed"
    except UncertainError:
        return "uncertain"
    except OSError:
        return "not applied"
    return "applied"


@pytest.mark.parametrize("write", [add_record, beat])
def test_a_change_that_the_disk_did_not_confirm_is_not_called_unwritten(
    tmp_path: Path, write: Write
) -> None:
    class Unsynced(Disk):
        def sync_folder(self, folder: Path) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / "登録").mkdir()
    (tmp_path / "LOCKS").mkdir()
    with pytest.raises(UncertainError, match="the disk did not confirm the change"):
        write(tmp_path, Unsynced())


def test_a_line_behind_one_that_was_cut_short_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "記録.md"
    path.write_bytes(b"[TS=2025] by=CMD")
    append_lines(path, "[TS=2026] 承認\n".encode())
    append_lines(path, b"[TS=2027]\n")
    assert path.read_text("utf-8") == "[TS=2025] by=CMD\n[TS=2026] 承認\n[TS=2027]\n"


def test_an_entry_behind_one_that_was_cut_short_is_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "pending.jsonl")
    spool.path.write_bytes(b'{"n": 1}\n{"n": ')
    spool.put({"n": 2})
    stored: list[dict[str, int]] = []

    def store(entry: dict[str, int]) -> bool:
        stored.append(entry)
        return True

    spool.drain(store)
    assert stored == [{"n": 1}, {"n": 2}]


def test_a_short_write_is_gone_on_with(tmp_path: Path) -> None:
    class Slow(Disk):
        def write(self, fd: int, data: memoryview) -> int:
            return super().write(fd, data[:3])

    append_lines(tmp_path / "a", b"0123456789\n", Slow())
    replace_whole(tmp_path / "b", b"0123456789\n", Slow())
    create_whole(tmp_path / "c", b"0123456789\n", Slow())
    assert {(tmp_path / name).read_bytes() for name in "abc"} == {b"0123456789\n"}


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_the_mode_stays_and_a_private_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "鍵"
    create_whole(path, b"1", private=True)
    replace_whole(path, b"2")
    path.chmod(0o640)
    before = path.stat().st_mode & 0o777
    replace_whole(path, b"3")
    assert (before, path.stat().st_mode & 0o777, path.read_bytes()) == (0o640, 0o640, b"3")
    with pytest.raises(FileExistsError):
        create_whole(path, b"4")


def modes(folder: Path) -> dict[str, int]:
    return {
        path.name: path.stat().st_mode & 0o777
        for path in folder.rglob("*")
        if not path.name.startswith(".")
    }


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_what_is_the_servers_alone_is_private(tmp_path: Path) -> None:
    for write in (add_record, spool, make_key, open_journal):
        write(tmp_path, Disk())
    file, folder = 0o600, 0o700
    assert {name: mode for name, mode in modes(tmp_path).items() if "lock" not in name} == {
        **{"登録": folder, "data": folder, "d": folder},
        **{"agents.json": file, "pending.jsonl": file, "secret_key": file, "orch.db": file},
    }


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_what_all_writers_share_is_theirs(tmp_path: Path) -> None:
    """Locks are for those who write what they guard, a log for those who write its folder."""
    tmp_path.chmod(0o775)
    shared, own = tmp_path / "TASKS.md", tmp_path / "APPROVALS.md"
    for path, mode in ((shared, 0o660), (own, 0o600)):
        path.touch()
        path.chmod(mode)
    for name in (".TASKS.md.lock", ".TASKS.md.lock-next", ".APPROVALS.md.lock", ".dispatcher.lock"):
        make_lock(tmp_path / name)
    append_lines(tmp_path / "記録.md", b"1\n")
    append_lines(tmp_path / "控え.jsonl", b"1\n", private=True)
    writable = {path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o020}
    assert writable == {
        *("TASKS.md", ".TASKS.md.lock", ".TASKS.md.lock-next", ".dispatcher.lock", "記録.md")
    }


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root gives away")
def test_root_gives_back_what_it_made_but_not_what_a_link_points_to(tmp_path: Path) -> None:
    roots = tmp_path / "根"
    roots.touch()
    theirs = tmp_path / "STATE"
    theirs.mkdir()
    for name in (".a.lock", "記録.md"):
        (theirs / name).touch()
    (theirs / ".b.lock").symlink_to(roots)
    os.chown(theirs, 4711, 4712)
    for name in (".a.lock", ".b.lock", ".c.lock"):
        make_lock(theirs / name)
    append_lines(theirs / "記録.md", b"1\n")
    assert {path.lstat().st_uid for path in theirs.iterdir()} == {4711}
    assert roots.stat().st_uid == 0


def test_a_folder_that_another_makes_meanwhile_will_do(tmp_path: Path) -> None:
    class Beside(Disk):
        def make_folder(self, folder: Path, mode: int = 0o777) -> None:
            folder.mkdir()
            super().make_folder(folder, mode)

    make_folders(tmp_path / "甲" / "乙", Beside())
    assert (tmp_path / "甲" / "乙").is_dir()


def test_a_file_in_a_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "甲").write_bytes(b"")
    with pytest.raises(FileExistsError):
        make_folders(tmp_path / "甲" / "乙")
    with pytest.raises(FileExistsError):
        make_folders(tmp_path / "甲")


@pytest.mark.parametrize("make", [make_lock, make_private])
def test_a_file_that_another_makes_meanwhile_is_left_alone(tmp_path: Path, make: Write) -> None:
    class Beside(RootDisk):
        def open_new(self, path: Path, mode: int = 0o600) -> int:
            path.write_bytes(b"1")
            return super().open_new(path, mode)

    make(tmp_path / "錠", Beside())
    assert (tmp_path / "錠").read_bytes() == b"1"


def test_every_call_is_one_that_tests_can_fail() -> None:
    assert {"open_append", "make_folder", "give", "share", "is_root", "system"} - CALLS == {
        "system"
    }


def test_a_new_file_that_could_not_be_put_in_place_is_not_there(tmp_path: Path) -> None:
    class Full(Disk):
        def replace(self, source: Path, target: Path) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left"):
        replace_whole(tmp_path / "値.json", b"{}", Full())
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_given_away_is_closed(tmp_path: Path) -> None:
    class Refusing(RootDisk):
        closed = 0

        def give(self, file: int | Path, like: os.stat_result) -> None:
            raise OSError(errno.EIO, "入出力エラー")

        def close(self, fd: int) -> None:
            self.closed += 1
            super().close(fd)

    disk = Refusing()
    with pytest.raises(OSError, match="入出力エラー"):
        open_new(tmp_path / "秘密", disk, private=True)
    assert disk.closed == 1


def test_a_private_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "orch.db"
    path.write_bytes(b"SQLite")
    make_private(path)
    assert path.read_bytes() == b"SQLite"


def test_a_file_that_is_made_once_is_the_first_ones(tmp_path: Path) -> None:
    path = tmp_path / "鍵"
    create_once(path, b"first")
    create_once(path, b"second")
    assert ([file.name for file in tmp_path.iterdir()], path.read_bytes()) == (["鍵"], b"first")


def test_a_name_that_is_free_is_given_by_a_rename_where_links_are_no_use(tmp_path: Path) -> None:
    disk = Disk()
    disk.system = "win32"
    (tmp_path / "下書き").write_bytes(b"x")
    disk.name_new(tmp_path / "下書き", tmp_path / "鍵")
    assert [file.name for file in tmp_path.iterdir()] == ["鍵"]
