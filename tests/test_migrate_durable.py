from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from orch_next.errors import MigrationError
from orch_next.migrate.apply import apply
from orch_next.migrate.changes import Remove
from orch_next.migrate.durable import beside, put_in_place, remove, replace_text, write_new
from orch_next.migrate.rollback import rollback
from orch_next.migrate.staging import root_owner
from orch_next.storage.disk import Disk
from tests.moving import SampleStep, frame_of, house_of, put


def test_a_text_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "報告.md"
    replace_text(path, "一\r\n")
    replace_text(path, "二\udc8a\n")
    assert [p.name for p in path.parent.iterdir()] == ["報告.md"]
    assert path.read_bytes() == "二\\udc8a\n".encode()


def test_what_cannot_be_put_in_place_is_told_with_a_way_on(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    write_new(tmp_path / "staged", b"x")
    with pytest.raises(MigrationError, match=r"folder cannot be put in place: .*migrate rollback"):
        put_in_place(tmp_path / "staged", tmp_path / "folder")
    with pytest.raises(MigrationError, match="cannot be put in place"):
        remove(tmp_path / "folder")
    assert (tmp_path / "staged").read_bytes() == b"x"


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_another_file_system_is_no_obstacle(tmp_path: Path) -> None:
    if Path("/dev/shm").stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system")
    staged = Path(f"/dev/shm/orch-next-test-{os.getpid()}")
    place = tmp_path / ("長" * 80)
    beside(place).write_bytes(b"left by a kill")
    write_new(staged, b"x")
    os.utime(staged, ns=(7, 7))
    put_in_place(staged, place)
    assert (place.read_bytes(), place.stat().st_mtime_ns, staged.exists()) == (b"x", 7, False)
    assert [p.name for p in tmp_path.iterdir()] == [place.name]


class Recorder(Disk):
    """Note what makes a move durable, and the points between its stages."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def sync(self, fd: int) -> None:
        self.calls.append("sync")
        super().sync(fd)

    def sync_folder(self, folder: Path) -> None:
        self.calls.append(f"sync {folder.name}")
        super().sync_folder(folder)

    def replace(self, source: Path, target: Path) -> None:
        self.calls.append(f"replace {target.name}")
        super().replace(source, target)

    def replace_into(
        self, folder: int, source: str | Path, name: str, *, held: bool = False
    ) -> None:
        self.calls.append(f"replace {name}")
        super().replace_into(folder, source, name, held=held)


def test_a_move_and_its_undo_make_each_stage_last_before_the_next(tmp_path: Path) -> None:
    target, disk = tmp_path / "next", Recorder()
    (target / "設定").mkdir(parents=True)
    (target / "設定" / "a.json").write_bytes(b"old\n")
    step = SampleStep(changes=(put("設定/a.json"), put("新/b.md")))
    frame = replace(frame_of(house_of(target), step), disk=disk, point=disk.calls.append)
    apply(frame, (step,))
    calls = disk.calls.copy()
    disk.calls.clear()
    staged, committed = calls.index("staged"), calls.index("committed")
    # Each new file twice: its content, then its mode and owner.
    assert calls[2:staged] == ["sync"] * 4 + ["sync sample", "sync 20251009T030405Z"]
    assert calls[staged : committed + 1] == [
        *("staged", "snapshot", "journal", "journaled"),
        *("commit-item", "replace a.json", "commit-item", "replace b.md", "committed"),
    ]
    after = calls[committed + 1 :]
    assert (set(after[:3]), after[3]) == ({"sync next", "sync 新", "sync 設定"}, "journal")
    rollback(frame)
    undone = disk.calls[disk.calls.index("undo-item") :]
    assert undone[:5] == ["undo-item", "undo-item", "sync", "replace a.json", "restored"]
    assert (set(undone[5:7]), undone[7]) == ({"sync 新", "sync 設定"}, "journal")


class FarDisk(Recorder):
    """Have the target on another file system than the source."""

    def replace_into(
        self, folder: int, source: str | Path, name: str, *, held: bool = False
    ) -> None:
        if not held:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        super().replace_into(folder, source, name, held=held)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX holds folders open")
def test_a_copy_from_afar_lasts_before_it_is_put_in_place(tmp_path: Path) -> None:
    disk, staged, place = FarDisk(), tmp_path / "staged", tmp_path / "設定" / "図面.md"
    place.parent.mkdir()
    write_new(staged, b"x")
    put_in_place(staged, place, tmp_path, disk)
    assert (disk.calls, place.read_bytes()) == (["sync", "replace 図面.md"], b"x")
    assert [p.name for p in tmp_path.rglob("*.*")] == ["図面.md"]


class RootsDisk(Recorder):
    """Be root, and note who is given what."""

    def is_root(self) -> bool:
        return True

    def give(self, file: int | Path, like: os.stat_result) -> None:
        assert isinstance(file, Path)
        self.calls.append(f"give {file.name} to {like.st_uid}:{like.st_gid}")


def test_root_moves_for_the_owner_of_the_target(tmp_path: Path) -> None:
    target, disk = tmp_path / "next", RootsDisk()
    target.mkdir()
    step = SampleStep(changes=(put("新/b.md"),))
    apply(replace(frame_of(house_of(target), step), disk=disk), (step,))
    info = target.stat()
    assert f"give 新 to {info.st_uid}:{info.st_gid}" in disk.calls
    assert root_owner(target, disk) == (info.st_uid, info.st_gid)
    assert (root_owner(tmp_path / "無い", disk), root_owner(target, Nobody())) == (None, None)


class Nobody(Recorder):
    def is_root(self) -> bool:
        return False


@pytest.mark.skipif(not Disk().is_root(), reason="only root may give files away")
def test_what_root_moves_belongs_to_the_owner_of_the_target(tmp_path: Path) -> None:
    target = tmp_path / "next"
    target.mkdir()
    os.chown(target, 4711, 4712)
    step = SampleStep(changes=(put("新/b.md"),))
    frame = frame_of(house_of(target), step)
    apply(frame, (step,))
    made = [target / "新", target / "新" / "b.md"]
    assert [(p.stat().st_uid, p.stat().st_gid) for p in made] == [(4711, 4712)] * 2


@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's")
def test_a_link_that_a_move_removed_comes_back(tmp_path: Path) -> None:
    target = tmp_path / "next"
    target.mkdir()
    (target / "連結").symlink_to("無い")
    frame = frame_of(house_of(target), SampleStep(changes=(Remove(PurePosixPath("連結")),)))
    apply(frame, frame.steps)
    gone = not os.path.lexists(target / "連結")
    rollback(frame)
    assert (gone, (target / "連結").readlink()) == (True, Path("無い"))
