from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from orch_next.errors import InputError, MigrationError, RecordError
from orch_next.migrate.apply import apply
from orch_next.migrate.changes import Put, Remove
from orch_next.migrate.choose import choose_steps
from orch_next.migrate.facts import tree_facts
from orch_next.migrate.frame import Frame
from orch_next.migrate.rollback import preview, rollback
from tests.moving import OLD_NS, SampleStep, files, frame_of, house_of, put

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")


def names(report: object) -> list[str]:
    return [step.name for step in report.steps]  # type: ignore[attr-defined]


def test_takes_everything_back(tmp_path: Path) -> None:
    (tmp_path / "TASKS.md").write_bytes(b"| id |\r\n")
    os.utime(tmp_path / "TASKS.md", ns=(OLD_NS, OLD_NS))
    before = tree_facts(tmp_path)
    step = SampleStep(changes=(put("TASKS.md"), put("config/local/x.toml"), put("new")))
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    report = rollback(frame)
    assert (tree_facts(tmp_path), report.is_fine, report.left) == (before, True, ())
    assert [entry.state for entry in frame.journal().entries] == ["rolled_back"]
    assert rollback(frame).steps == ()


@POSIX
def test_restores_modes_times_and_links(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o751)
    os.utime(tmp_path / "a", ns=(OLD_NS, OLD_NS))
    (tmp_path / "link").symlink_to("nowhere/日本語")
    before = tree_facts(tmp_path)
    changes = (put("a", b"new", mode=0o600), Remove(PurePosixPath("link")))
    step = SampleStep(changes=changes)
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    assert sorted(tree_facts(tmp_path)) == ["a"]
    rollback(frame)
    assert tree_facts(tmp_path) == before


@POSIX
def test_a_link_is_followed_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "T.md").write_bytes(b"old")
    (tmp_path / "STATE").symlink_to("real")
    (tmp_path / "T.md").symlink_to("real/T.md")
    before = tree_facts(tmp_path)
    step = SampleStep(changes=(put("T.md"), put("STATE/new.md")))
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    assert files(tmp_path) == {"real/T.md": b"new\n", "real/new.md": b"new\n"}
    rollback(frame)
    assert tree_facts(tmp_path) == before


@pytest.mark.parametrize("age", ["new", "old"])
@pytest.mark.parametrize("size", [10, 2**21])
def test_content_comes_back_however_it_was_kept(tmp_path: Path, age: str, size: int) -> None:
    data = os.urandom(16) * (size // 10)
    (tmp_path / "x.log").write_bytes(data)
    if age == "old":
        os.utime(tmp_path / "x.log", ns=(OLD_NS, OLD_NS))
    else:
        os.utime(tmp_path / "x.log", (4_000_000_000, 4_000_000_000))
    before = tree_facts(tmp_path)
    step = SampleStep(moves=(("x.log", "data/logs/x.log"),))
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    (item,) = [i for i in frame.manifest(frame.journal().entries[0]).items if i.store]
    stores = {("new", 10): "copy", ("new", 2**21): "gzip"}
    assert item.store == stores.get((age, size), "link")
    assert files(tmp_path) == {"data/logs/x.log": data}
    rollback(frame)
    assert tree_facts(tmp_path) == before


def test_what_was_written_since_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / "TASKS.md").write_bytes(b"old")
    before = tree_facts(tmp_path)
    step = SampleStep(changes=(put("TASKS.md"), put("config/a.toml"), put("gone")))
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    (tmp_path / "TASKS.md").write_bytes("移行後の作業".encode())
    (tmp_path / "gone").unlink()
    (tmp_path / "config" / "mine.toml").write_bytes(b"mine")
    planned = {t.path: t.action for t in preview(frame).steps[0].touched}
    report = rollback(frame)
    kept = frame.places.kept(report.run)
    assert planned == {"TASKS.md": "keep", "config/a.toml": "restore", "gone": "restore"}
    assert files(kept) == {"TASKS.md": "移行後の作業".encode()}
    assert [(f.code, f.where) for f in report.steps[0].findings] == [("kept-aside", "TASKS.md")]
    assert report.left == ("config",)
    shutil.rmtree(tmp_path / "config")
    assert tree_facts(tmp_path) == before


def test_a_folder_that_was_not_empty_goes_with_the_next_rollback(tmp_path: Path) -> None:
    steps = SampleStep("one", changes=(put("c/a"),)), SampleStep("two", changes=(put("c/b"),))
    frame = frame_of(house_of(tmp_path), *steps)
    apply(frame, steps)
    assert rollback(frame, names=("one",)).left == ("c",)
    assert rollback(frame, names=("two",)).left == ()
    assert tree_facts(tmp_path) == {}


def test_one_step_takes_along_what_builds_on_it(tmp_path: Path) -> None:
    steps = (
        SampleStep("one", 1, (put("a", b"1"),)),
        SampleStep("two", 2, (put("b", b"2"),)),
        SampleStep("three", 3, (put("a", b"3"), put("c", b"3"))),
        SampleStep("four", 3, (put("c", b"4"),)),
    )
    frame = frame_of(house_of(tmp_path), *steps)
    apply(frame, steps)
    assert names(preview(frame, names=("one",))) == ["four", "three", "one"]
    assert names(rollback(frame, names=("one",))) == ["four", "three", "one"]
    assert files(tmp_path) == {"b": b"2"}


def test_one_phase(tmp_path: Path) -> None:
    steps = SampleStep("one", 1, (put("a"),)), SampleStep("two", 2, (put("b"),))
    frame = frame_of(house_of(tmp_path), *steps)
    apply(frame, choose_steps(frame.steps, phase=1))
    apply(frame, choose_steps(frame.steps, names=("two",)))
    assert (names(rollback(frame, phase=2)), files(tmp_path)) == (["two"], {"a": b"new\n"})
    with pytest.raises(InputError, match="no step three; there are: one, two"):
        choose_steps(frame.steps, names=("three",))


def damage_content(path: Path) -> None:
    path.write_bytes(b"\0" + path.read_bytes()[1:])


@pytest.mark.parametrize("damage", [damage_content, Path.unlink])
@pytest.mark.parametrize("name", ["manifest.json", "files/000000"])
@pytest.mark.parametrize("size", [10, 2**21])
def test_a_damaged_backup_is_named_and_nothing_is_touched(
    tmp_path: Path, name: str, damage: Callable[[Path], None], size: int
) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    os.utime(tmp_path / "a", (4_000_000_000, 4_000_000_000))
    step = SampleStep(changes=(put("a"), put("b")))
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    damage(frame.places.backup(*frame.journal().entries[0].key) / Path(name))
    with pytest.raises(RecordError, match=Path(name).name):
        rollback(frame)
    assert files(tmp_path) == {"a": b"new\n", "b": b"new\n"}
    assert [entry.state for entry in frame.journal().entries] == ["done"]


class Stopped(Exception):
    """A run ends at a point, as a kill would end it."""


def stopping_at(wanted: str, number: int = 1) -> Callable[[str], None]:
    seen: list[str] = []

    def point(name: str) -> None:
        seen.append(name)
        if seen.count(wanted) == number:
            raise Stopped

    return point


def stopped(frame: Frame, work: Callable[[Frame], object], point: str, number: int) -> None:
    with pytest.raises(Stopped):
        work(Frame(frame.house, frame.steps, point=stopping_at(point, number)))


def test_an_interrupted_move_goes_on_or_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    before = tree_facts(tmp_path)
    step = SampleStep(changes=(put("a"), put("c/b")))
    frame = frame_of(house_of(tmp_path), step)
    stopped(frame, lambda f: apply(f, (step,)), "commit-item", 2)
    assert [entry.state for entry in frame.journal().entries] == ["committing"]
    report = apply(frame, (step,))
    assert [one.outcome for one in report.steps] == ["finished", "nothing"]
    assert files(tmp_path) == {"a": b"new\n", "c/b": b"new\n"}
    rollback(frame)
    stopped(frame, lambda f: apply(f, (step,)), "commit-item", 2)
    assert [one.outcome for one in rollback(frame).steps] == ["taken back"]
    assert tree_facts(tmp_path) == before


def test_an_interrupted_rollback_goes_on_and_a_move_finishes_it_first(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
        os.utime(tmp_path / name, ns=(OLD_NS, OLD_NS))
    before = tree_facts(tmp_path)
    step = SampleStep(changes=(put("a"), put("b"), put("c/d")))
    frame = frame_of(house_of(tmp_path), step)
    apply(frame, (step,))
    stopped(frame, rollback, "undo-item", 3)
    assert [one.outcome for one in rollback(frame).steps] == ["taken back"]
    assert tree_facts(tmp_path) == before
    apply(frame, (step,))
    stopped(frame, rollback, "undo-item", 2)
    assert [one.outcome for one in apply(frame, (step,)).steps] == ["taken back", "moved"]
    assert files(tmp_path) == {"a": b"new\n", "b": b"new\n", "c/d": b"new\n"}


def test_what_was_written_during_an_interruption_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "b").write_bytes(b"old")
    step = SampleStep(changes=(put("a"), put("b")))
    frame = frame_of(house_of(tmp_path), step)
    stopped(frame, lambda f: apply(f, (step,)), "commit-item", 2)
    (tmp_path / "b").write_bytes(b"edited meanwhile")
    report = apply(frame, (step,))
    assert "was written while it was being moved" in report.error
    back = rollback(frame)
    assert files(frame.places.kept(back.run)) == {"b": b"edited meanwhile"}
    assert files(tmp_path) == {"a": b"old", "b": b"old"}


def test_a_rollback_without_room_is_refused_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    step = SampleStep(changes=(put("a"),))
    apply(frame_of(house_of(tmp_path), step), (step,))
    with pytest.raises(MigrationError, match="nothing was touched"):
        rollback(frame_of(house_of(tmp_path), step, free=lambda folder: 10))
    assert files(tmp_path) == {"a": b"new\n"}


def test_only_backups_that_nobody_needs_are_pruned(tmp_path: Path) -> None:
    step = SampleStep(changes=(put("a"),))
    frame = frame_of(house_of(tmp_path, keep_runs=1), step)
    for _ in range(3):
        apply(frame, (step,))
        rollback(frame)
    apply(frame, (step,))
    runs = [entry.run for entry in frame.journal().entries]
    assert sorted(path.name for path in frame.places.backups.iterdir()) == sorted(runs[-2:])
    tight = frame_of(house_of(tmp_path, keep_runs=9, keep_bytes=0), step)
    apply(tight, (step,))
    assert [path.name for path in frame.places.backups.iterdir()] == runs[-1:]
    assert rollback(frame).is_fine


def write_z(path: Path) -> None:
    path.write_bytes(b"z")


def test_a_kill_before_the_commit_leaves_nothing(tmp_path: Path) -> None:
    step = SampleStep(changes=(Put(PurePosixPath("z"), build=write_z),))
    frame = frame_of(house_of(tmp_path), step)
    stopped(frame, lambda f: apply(f, (step,)), "staged", 1)
    assert rollback(frame).steps == ()
    assert (tree_facts(tmp_path), any(frame.places.staging.iterdir())) == ({}, False)


def test_a_source_that_is_gone_is_not_needed(tmp_path: Path) -> None:
    for name in ("moc", "next"):
        (tmp_path / name).mkdir()
    step = SampleStep(changes=(put("a"),))
    frame = frame_of(house_of(tmp_path / "next", tmp_path / "moc"), step)
    apply(frame, (step,))
    (tmp_path / "moc").rmdir()
    assert rollback(frame).is_fine
    with pytest.raises(InputError, match="moc is no folder"):
        apply(frame, (step,))
