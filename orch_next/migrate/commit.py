"""The commit of one step: nothing but renames and removals, each of which may be the last."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from orch_next.errors import MigrationError
from orch_next.migrate.bounds import check_inside
from orch_next.migrate.durable import DISK, drop, put_in_place, remove, sync_folder
from orch_next.migrate.facts import POSIX, Count, Fact, glance, look, uncounted
from orch_next.migrate.manifest import Item, Manifest
from orch_next.migrate.places import Places
from orch_next.storage.atomic import give_to_owner
from orch_next.storage.disk import Disk

Point = Callable[[str], None]


def no_point(name: str) -> None:
    """Do nothing at a named point of the work; kill tests pass something else."""


def commit(places: Places, manifest: Manifest, point: Point = no_point, disk: Disk = DISK) -> None:
    """Put every staged file in its place; after a kill it goes on where it was.

    Raise `MigrationError` before the first rename when a file was edited since the snapshot.
    """
    staging = places.staged(*_key(manifest))
    todo = [item for item in manifest.items if _is_to_do(places, item, staging)]
    for name in (*manifest.paths, *manifest.folders):
        check_inside(places.target, places.at(name))
    for item in todo:
        _check(places, item, staging)
    _make_folders(places, manifest, disk)
    for item in todo:
        point("commit-item")
        _commit_one(places, item, staging, disk)
    point("committed")
    sync_folders(places, manifest, disk)


def _key(manifest: Manifest) -> tuple[str, str]:
    return manifest.run, manifest.step


def _is_to_do(places: Places, item: Item, staging: Path) -> bool:
    if item.after.kind == "absent":
        return glance(places.at(item.path)).kind != "absent"
    return os.path.lexists(staging / item.name)


def _check(places: Places, item: Item, staging: Path) -> None:
    if item.after.kind != "absent" and glance(staging / item.name).kind != "file":
        raise MigrationError(f"{staging / item.name} is no ordinary file; nothing was touched")
    if not _is_unchanged(glance(places.at(item.path)), item.before):
        raise MigrationError(
            f"{places.at(item.path)} was written while it was being moved; stop what writes it, "
            "then run `orch-next migrate rollback` (it keeps what was written) or apply again"
        )


def _is_unchanged(present: Fact, before: Fact) -> bool:
    """Compare without reading: size, mtime and mode of a file, or where a link leads."""
    same = (present.kind, present.link) == (before.kind, before.link)
    if before.kind != "file":
        return same
    marks = [(fact.size, fact.mtime_ns, fact.mode if POSIX else 0) for fact in (present, before)]
    return same and marks[0] == marks[1]


def _make_folders(places: Places, manifest: Manifest, disk: Disk) -> None:
    for name in manifest.folders:
        folder = places.at(name)
        folder.mkdir(exist_ok=True)
        give_to_owner(disk, folder, places.target)


def _commit_one(places: Places, item: Item, staging: Path, disk: Disk) -> None:
    if item.after.kind == "absent":
        remove(places.at(item.path), places.target)
    else:
        put_in_place(staging / item.name, places.at(item.path), places.target, disk)


def sync_folders(places: Places, manifest: Manifest, disk: Disk = DISK) -> None:
    """Bring the names in every folder that a step touched to the disk."""
    paths = [places.at(name) for name in (*manifest.folders, *manifest.paths)]
    for folder in {path.parent for path in paths}:
        if folder.is_dir():
            sync_folder(folder, disk)


def verify_commit(places: Places, items: Iterable[Item], count: Count = uncounted) -> None:
    """Read every path again; raise `MigrationError` that names one that is not as planned."""
    for item in items:
        if not look(places.at(item.path), count).is_same(item.after):
            raise MigrationError(
                f"{places.at(item.path)} is not what was put there; "
                "`orch-next migrate rollback` restores what was there before"
            )


def drop_staging(places: Places, run: str, step: str) -> None:
    """Remove a step's staging folder, and the run's when it is empty."""
    folder = places.staged(run, step)
    if folder.parent.is_symlink():
        folder.parent.unlink()  # nothing of ours: what it leads to stays
    elif os.path.lexists(folder):
        drop(folder)
    if folder.parent.is_dir() and not any(folder.parent.iterdir()):
        folder.parent.rmdir()
