"""Taking one step back: each path as its manifest says it was, newer content kept aside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orch_next.errors import MigrationError, RecordError
from orch_next.migrate.backup import FILES, verify_kept
from orch_next.migrate.bounds import check_inside, held
from orch_next.migrate.commit import Point, no_point
from orch_next.migrate.durable import (
    DISK,
    beside,
    copy_back,
    mark,
    put_in_place,
    remove,
    sync_folder,
)
from orch_next.migrate.facts import POSIX, Count, Fact, look, uncounted
from orch_next.migrate.manifest import Item, Manifest
from orch_next.migrate.places import Places
from orch_next.storage.atomic import make_folders
from orch_next.storage.disk import Disk

PLAIN_MODE = 0o777  # without the bits that let a program run as its owner


@dataclass(frozen=True)
class Undo:
    """The rollback of one step by the run `by`; after a kill it goes on where it was.

    `again` says that it was begun before: a linked backup that is gone was then put back.
    `marks` restores owner, setuid, setgid and sticky bits too, as the manifest has them.
    """

    places: Places
    manifest: Manifest
    by: str
    again: bool = False
    point: Point = no_point
    count: Count = uncounted
    disk: Disk = DISK
    marks: bool = False

    def check(self) -> None:
        """Raise `RecordError` when a path leads out, or a backup is missing or damaged."""
        for name in (*self.manifest.paths, *self.manifest.folders):
            try:
                check_inside(self.places.target, self.places.at(name))
            except MigrationError as error:
                raise RecordError(str(error)) from error
        for item in self.manifest.items:
            if item.store and not self._was_put_back(item):
                verify_kept(self._backup(item), item, self.count)

    def run(self) -> list[str]:
        """Restore every path, newest first; return those whose newer content was kept aside."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        kept = [item.path for item in reversed(self.manifest.items) if self._restore(item)]
        self.point("restored")
        for folder in {self.places.at(item.path).parent for item in self.manifest.items}:
            if folder.is_dir():
                sync_folder(folder, self.disk)
        return kept

    @property
    def _scratch(self) -> Path:
        return self.places.staged(self.manifest.run, self.manifest.step)

    def _backup(self, item: Item) -> Path:
        return self.places.backup(self.manifest.run, self.manifest.step) / FILES / item.name

    def _was_put_back(self, item: Item) -> bool:
        return self.again and item.store == "link" and not self._backup(item).exists()

    def _restore(self, item: Item) -> bool:
        """Restore one path; return whether something newer was kept aside."""
        place = self.places.at(item.path)
        present = look(place, self.count)
        remove(beside(place), self.places.target)
        if present.is_same(item.before) or self._was_put_back(item):
            return False
        self.point("undo-item")
        newer = present.kind != "absent" and not any(
            present.is_same_content(known) for known in (item.before, item.after)
        )
        if newer:
            self._keep_aside(place, item.path)
            self.point("kept-aside")
        self._put_back(item, place, present)
        return newer

    def _keep_aside(self, place: Path, path: str) -> None:
        kept = self.places.kept(self.by) / path
        number = 1
        while os.path.lexists(kept):
            number += 1
            kept = kept.with_name(f"{place.name}.{number}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        check_inside(self.places.root, kept)
        check_inside(self.places.target, place)
        shutil.move(place, kept)
        sync_folder(kept.parent, self.disk)

    def _put_back(self, item: Item, place: Path, present: Fact) -> None:
        root = self.places.target
        if item.before.kind == "absent":
            remove(place, root)
            return
        check_inside(root, place)
        make_folders(place.parent, self.disk)
        if item.store == "link":
            mark(self._backup(item), self.wanted(item, present))
            put_in_place(self._backup(item), place, root, self.disk)
        else:
            put_in_place(self._made(item, present), place, root, self.disk)

    def wanted(self, item: Item, present: Fact) -> Fact:
        """Return what a path shall be: nothing but plain permission bits, unless asked."""
        if self.marks:
            return item.before
        owner = None if item.store == "link" else present.owner or self._owner()
        return replace(item.before, mode=item.before.mode & PLAIN_MODE, owner=owner)

    def _owner(self) -> tuple[int, int] | None:
        """Return whom a file shall belong to that root restores."""
        if not POSIX or os.geteuid() != 0:
            return None
        info = self.places.target.stat()
        return info.st_uid, info.st_gid

    def _made(self, item: Item, present: Fact) -> Path:
        """Bring the former file or link to the scratch folder, ready to be put in its place."""
        made = self._scratch / f"{item.name}.back"
        made.unlink(missing_ok=True)
        if item.before.kind == "symlink":
            os.symlink(item.before.link, made)  # noqa: PTH211  # keeps the link's bytes
            return made
        packed = item.store == "gzip"
        copy_back(self._backup(item), made, packed=packed, count=self.count, disk=self.disk)
        mark(made, self.wanted(item, present))
        return made


def remove_folders(places: Places, names: Sequence[str]) -> list[str]:
    """Remove folders that the move made and that are empty; return those that are not."""
    left = []
    for name in sorted(set(names), key=lambda name: -name.count("/")):
        folder = places.at(name)
        if folder.is_dir() and not folder.is_symlink():
            with held(places.target, folder) as above:
                if any(folder.iterdir()):
                    left.append(name)
                else:
                    os.rmdir(folder if above is None else folder.name, dir_fd=above)
                    sync_folder(folder.parent)
    return sorted(left)


def verify_undo(places: Places, undone: Iterable[Undo], count: Count = uncounted) -> int:
    """Compare every path with its manifest's `before`, and return how many; newest undo first.

    Raise `MigrationError` that names a path that is not as it was. What an interrupted rollback
    put back by renaming may have been edited since, and is left out.
    """
    oldest = {
        item.path: None if one.again and item.store == "link" else (one, item)
        for one in undone
        for item in one.manifest.items
    }
    items = [found for found in oldest.values() if found is not None]
    for one, item in items:
        present = look(places.at(item.path), count)
        if not (present.is_same(item.before) or present.is_same(one.wanted(item, present))):
            raise MigrationError(
                f"{places.at(item.path)} is not as it was before the move; its backup is in "
                f"{places.backups}"
            )
    return len(items)
