"""A rollback that skips modes or symlinks must be seen: a seeded defect."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from orch_next.errors import MigrationError
from orch_next.migrate.apply import apply
from orch_next.migrate.changes import Remove
from orch_next.migrate.durable import copy_back
from orch_next.migrate.facts import Fact, tree_facts
from orch_next.migrate.manifest import Item
from orch_next.migrate.undo import Undo, remove_folders, verify_undo
from tests.moving import OLD_NS, SampleStep, frame_of, house_of, put

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")


@dataclass(frozen=True)
class ForgetfulUndo(Undo):
    """Restores contents alone."""

    def _made(self, item: Item, present: Fact) -> Path:
        made = self._scratch / item.name
        if item.before.kind == "file":
            copy_back(self._backup(item), made, packed=item.store == "gzip")
        else:
            made.write_bytes(b"")
        return made


def moved(folder: Path) -> tuple[Undo, ForgetfulUndo]:
    changes = (put("a", b"new", mode=0o644), Remove(PurePosixPath("l")))
    step = SampleStep(changes=changes)
    frame = frame_of(house_of(folder), step)
    apply(frame, (step,))
    manifest = frame.manifest(frame.journal().entries[0])
    return Undo(frame.places, manifest, "r"), ForgetfulUndo(frame.places, manifest, "r")


@pytest.mark.parametrize("what", ["mode", "time", "link"])
def test_a_rollback_that_forgets_is_caught(tmp_path: Path, what: str) -> None:
    (tmp_path / "a").write_bytes(b"old")
    os.utime(tmp_path / "a", (4_000_000_000, 4_000_000_000))
    if what == "mode":
        (tmp_path / "a").chmod(0o751)
    if what == "link":
        (tmp_path / "l").symlink_to("a")
    before = tree_facts(tmp_path)
    undo, forgetful = moved(tmp_path)
    forgetful.run()
    assert tree_facts(tmp_path) != before
    with pytest.raises(MigrationError, match="is not as it was before the move"):
        verify_undo(forgetful.places, [forgetful])
    (tmp_path / "l").unlink(missing_ok=True)
    undo.run()
    assert (tree_facts(tmp_path), verify_undo(undo.places, [undo])) == (
        before,
        len(undo.manifest.items),
    )


def test_a_linked_backup_is_put_back_by_renaming(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    os.utime(tmp_path / "a", ns=(OLD_NS, OLD_NS))
    number = (tmp_path / "a").stat().st_ino
    undo, _ = moved(tmp_path)
    undo.check()
    undo.run()
    again = Undo(undo.places, undo.manifest, "r", again=True)
    (tmp_path / "a").write_bytes(b"edited after the interrupted rollback")
    again.check()
    assert (again.run(), (tmp_path / "a").stat().st_ino) == ([], number)
    assert (tmp_path / "a").read_bytes() == b"edited after the interrupted rollback"


def test_only_empty_folders_that_were_made_are_removed(tmp_path: Path) -> None:
    undo, _ = moved(tmp_path)
    for name in ("x/y", "z"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "z" / "手書き").write_bytes(b"")
    assert remove_folders(undo.places, ("x", "x/y", "z", "gone")) == ["z"]
    assert (tmp_path / "x").exists() is False
