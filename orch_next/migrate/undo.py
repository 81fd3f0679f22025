"""Taking one step back: each path as its manifest says it was, newer content kept aside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orch_next.errors import MigrationError
from orch_next.ledger.disk import Disk
from orch_next.ledger.whole import make_folders
from orch_next.migrate.backup import FILES, verify_kept
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
from orch_next.migrate.facts import Count, look, uncounted
from orch_next.migrate.manifest import Item, Manifest
from orch_next.migrate.places import Places


@dataclass(frozen=True)
class Undo:
    """The rollback of one step by the run `by`; after a kill it goes on where it was.

    `again` says that it was begun before: a linked backup that is gone was then put back.
    """

    places: Places
    manifest: Manifest
    by: str
    again: bool = False
    point: Point = no_point
    count: Count = uncounted
    disk: Disk = DISK

    def check(self) -> None:
        """Raise `RecordError` when a backup that is needed is missing or damaged."""
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
        remove(beside(place))
        if present.is_same(item.before) or self._was_put_back(item):
            return False
        self.point("undo-item")
        newer = present.kind != "absent" and not any(
            present.is_same_content(known) for known in (item.before, item.after)
        )
        if newer:
            self._keep_aside(place, item.path)
            self.point("kept-aside")
        self._put_back(item, place)
        return newer

    def _keep_aside(self, place: Path, path: str) -> None:
        kept = self.places.kept(self.by) / path
        number = 1
        while os.path.lexists(kept):
            number += 1
            kept = kept.with_name(f"{place.name}.{number}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(place, kept)
        sync_folder(kept.parent, self.disk)

    def _put_back(self, item: Item, place: Path) -> None:
        if item.before.kind == "absent":
            remove(place)
            return
        make_folders(place.parent, self.disk)
        if item.store == "link":
            put_in_place(self._backup(item), place, self.disk)
            mark(place, item.before)
        else:
            put_in_place(self._made(item), place, self.disk)

    def _made(self, item: Item) -> Path:
        """Bring the former file or link to the scratch folder, ready to be put in its place."""
        made = self._scratch / f"{item.name}.back"
        made.unlink(missing_ok=True)
        if item.before.kind == "symlink":
            os.symlink(item.before.link, made)  # noqa: PTH211  # keeps the link's bytes
            return made
        packed = item.store == "gzip"
        copy_back(self._backup(item), made, packed=packed, count=self.count, disk=self.disk)
        mark(made, item.before)
        return made


def remove_folders(places: Places, names: Sequence[str]) -> list[str]:
    """Remove folders that the move made and that are empty; return those that are not."""
    left = []
    for name in sorted(set(names), key=lambda name: -name.count("/")):
        folder = places.at(name)
        if folder.is_dir() and not folder.is_symlink():
            if any(folder.iterdir()):
                left.append(name)
            else:
                folder.rmdir()
                sync_folder(folder.parent)
    return sorted(left)


def verify_undo(places: Places, undone: Iterable[Undo], count: Count = uncounted) -> int:
    """Compare every path with its manifest's `before`, and return how many; newest undo first.

    Raise `MigrationError` that names a path that is not as it was. What an interrupted rollback
    put back by renaming may have been edited since, and is left out.
    """
    oldest = {
        item.path: None if one.again and item.store == "link" else item
        for one in undone
        for item in one.manifest.items
    }
    items = [item for item in oldest.values() if item is not None]
    for item in items:
        if not look(places.at(item.path), count).is_same(item.before):
            raise MigrationError(
                f"{places.at(item.path)} is not as it was before the move; its backup is in "
                f"{places.backups}"
            )
    return len(items)
