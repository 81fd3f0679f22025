"""Snapshots: the former content of every path that a step will touch, verified, then pruned."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from orch_next.errors import MigrationError, RecordError
from orch_next.migrate.durable import copy_out, drop, opened, sync_folder
from orch_next.migrate.facts import CHUNK, Count, uncounted
from orch_next.migrate.house import Options
from orch_next.migrate.manifest import Item, Manifest, Store, save_manifest
from orch_next.migrate.places import Places
from orch_next.migrate.record import Journal
from orch_next.migrate.sealed import Seal

# A file that nobody wrote for a day is not open for appending: another link to it stays as it is.
QUIET_NS = 86_400 * 10**9
_PACK_FROM = 1 << 20
FILES = "files"


def snapshot(
    places: Places,
    manifest: Manifest,
    now_ns: int,
    count: Count = uncounted,
    seal: Seal | None = None,
) -> Manifest:
    """Keep what a commit will replace or remove; return the manifest that says where.

    Raise `MigrationError` for a file that changed meanwhile.
    """
    folder = places.backup(manifest.run, manifest.step)
    (folder / FILES).mkdir(parents=True)
    items = tuple(_keep(places, item, folder / FILES, now_ns, count) for item in manifest.items)
    sync_folder(folder / FILES)
    kept = replace(manifest, items=items)
    verify_backup(folder, items, count)
    save_manifest(folder, kept, seal)
    sync_folder(folder.parent)
    sync_folder(folder.parent.parent)
    return kept


def _keep(places: Places, item: Item, folder: Path, now_ns: int, count: Count) -> Item:
    if item.before.kind != "file":
        return item  # absence and links are told by the manifest itself
    source, copy = places.at(item.path), folder / item.name
    if now_ns - item.before.mtime_ns > QUIET_NS and _link(source, copy):
        return replace(item, store="link")
    store: Store = "gzip" if item.before.size >= _PACK_FROM else "copy"
    if copy_out(source, copy, pack=store == "gzip", count=count) != item.before.sha256:
        raise MigrationError(f"{source} changed while it was backed up; nothing was touched")
    return replace(item, store=store)


def _link(source: Path, copy: Path) -> bool:
    try:
        copy.hardlink_to(source)
    except OSError:
        return False  # another file system, or one without links: it is copied instead
    return True


def verify_backup(folder: Path, items: Iterable[Item], count: Count = uncounted) -> None:
    """Read every kept file again; raise `RecordError` that names the first damaged one."""
    for item in items:
        if item.store:
            verify_kept(folder / FILES / item.name, item, count)


def verify_kept(path: Path, item: Item, count: Count = uncounted) -> None:
    """Read one kept file again; raise `RecordError` when it is missing or damaged."""
    try:
        found = _hash(path, item.store == "gzip", count)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordError(f"{path}, the backup of {item.path}, cannot be read: {error}") from error
    if found != item.before.sha256:
        raise RecordError(f"{path}, the backup of {item.path}, is damaged; nothing was touched")


def _hash(path: Path, packed: bool, count: Count) -> str:
    found = hashlib.sha256()
    with opened(path, packed=packed) as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
            count(len(chunk))
    return found.hexdigest()


def prune(places: Places, journal: Journal, options: Options) -> list[str]:
    """Remove the oldest backups that no rollback needs any more; return their runs.

    A run of which any step stands is never removed, whatever its age and size.
    """
    needed = {entry.run for entry in journal.standing()}
    names = {path.name for path in places.backups.iterdir()} if places.backups.is_dir() else set()
    runs = [run for run in journal.runs() if run in names - needed]
    sizes = {run: _size(places.backups / run) for run in runs}
    gone = []
    while runs and (len(runs) > options.keep_runs or sum(sizes.values()) > options.keep_bytes):
        oldest = runs.pop(0)
        del sizes[oldest]
        drop(places.backups / oldest)
        gone.append(oldest)
    return gone


def sweep(places: Places, journal: Journal) -> None:
    """Remove what a killed run left: staging without a commit, snapshots without an entry."""
    open_keys = {entry.key for entry in journal.in_state("committing", "rolling_back")}
    known = {entry.key for entry in journal.entries}
    _sweep(places.staging, open_keys)
    _sweep(places.backups, known)


def _sweep(root: Path, keys: set[tuple[str, str]]) -> None:
    for run in list(root.iterdir()) if root.is_dir() else []:
        if run.is_symlink() or not run.is_dir():
            drop(run)  # nothing of ours: a link there would lead elsewhere
            continue
        for step in list(run.iterdir()):
            if (run.name, step.name) not in keys:
                drop(step)
        if not any(run.iterdir()):
            run.rmdir()


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
