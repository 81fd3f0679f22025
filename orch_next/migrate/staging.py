"""New files made ready beside the tree, so that the commit is nothing but renames."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from orch_next.errors import MigrationError
from orch_next.migrate.aim import Aim, Aims, same_state
from orch_next.migrate.changes import Put
from orch_next.migrate.durable import DISK, copy_out, mark, sync_file, sync_folder, write_new
from orch_next.migrate.facts import (
    ABSENT,
    POSIX,
    Count,
    Fact,
    glance,
    hash_file,
    look,
    uncounted,
)
from orch_next.migrate.findings import Finding
from orch_next.migrate.manifest import Item
from orch_next.storage.atomic import make_folders
from orch_next.storage.disk import Disk

DEFAULT_MODE = 0o644
_MARGIN = 16 * 2**20

Free = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Return how many bytes the disk of a folder still takes."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class Staged:
    """The changes that are not there yet, with their files in the staging folder."""

    items: tuple[Item, ...]
    unchanged: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Stage:
    """The staging of one step; a dry one writes nothing but what has to be built to be known.

    `known` is what earlier runs left at each path: a file that was edited since, and that
    the move would only set back, is left alone; one that both sides changed is a blocker.
    """

    target: Path
    folder: Path
    known: Mapping[str, Fact]
    count: Count = uncounted
    dry: bool = False
    disk: Disk = DISK

    def fill(self, aims: Aims) -> Staged:
        """Write, flush and hash every new file that differs from the present one."""
        make_folders(self.folder.parent, self.disk)
        self.folder.mkdir()
        items: list[Item] = []
        findings: list[Finding] = []
        for number, one in enumerate(aims.good):
            item = self._item(one, f"{number:06d}")
            found = self._since(item)
            if found:
                findings.append(found)
            elif not same_state(item.before, item.after):
                items.append(item)
        sync_folder(self.folder, self.disk)
        sync_folder(self.folder.parent, self.disk)
        return Staged(tuple(items), len(aims.good) - len(items), tuple(findings))

    def _item(self, one: Aim, name: str) -> Item:
        before = look(self.target / one.path, self.count)
        if not isinstance(one.change, Put):
            return Item(one.path, name, before, ABSENT)
        after = self._ready(one.change, before, self.folder / name)
        return Item(one.path, name, before, after)

    def _ready(self, put: Put, before: Fact, staged: Path) -> Fact:
        """Bring the content to `staged`, unless the same is in its place, and tell its facts."""
        origin = glance(put.origin.resolve()) if put.origin else ABSENT
        wanted = Fact("file", mode=_mode(put, before, origin), mtime_ns=origin.mtime_ns)
        sha256 = _known_hash(put, before, origin)
        if sha256 and same_state(before, replace(wanted, sha256=sha256)):
            return before
        if self.dry and put.build is None:
            return replace(wanted, size=_expected(put, before), sha256=sha256 or _origin_hash(put))
        sha256 = _write(put, staged, self.count, self.disk)
        mark(staged, replace(wanted, owner=before.owner or root_owner(self.target, self.disk)))
        sync_file(staged, self.disk) if POSIX else None
        return replace(glance(staged), sha256=sha256)

    def _since(self, item: Item) -> Finding | None:
        """Return what to say about a file that was edited after an earlier run, or None."""
        last = self.known.get(item.path)
        if last is None or item.after.kind == "absent" or same_state(item.before, last):
            return None
        if same_state(item.before, item.after):
            return None
        if same_state(item.after, last):
            return Finding(
                "info",
                "edited-since",
                item.path,
                f"{item.path} was edited since it was moved; it stays as it is",
                f"{item.path} は移行後に編集されているため、そのまま残します",
            )
        return Finding(
            "blocker",
            "edited-on-both-sides",
            item.path,
            f"{item.path} was edited in the source and in the target since it was moved: bring "
            "both together by hand, or roll this step back first",
            f"{item.path} は移行後に移行元と移行先の両方で編集されています。"
            "手で統合するか、先にこのステップをロールバックしてください",
        )


def _mode(put: Put, before: Fact, origin: Fact) -> int:
    if put.mode is not None:
        return put.mode
    if before.kind == "file":
        return before.mode
    return origin.mode if origin.kind == "file" else DEFAULT_MODE


def _known_hash(put: Put, before: Fact, origin: Fact) -> str:
    """Return the new content's hash where it can be had without writing it."""
    if put.content is not None:
        return hashlib.sha256(put.content).hexdigest()
    if put.origin and before.kind == "file" and before.size == origin.size:
        return hash_file(put.origin)
    return ""


def _origin_hash(put: Put) -> str:
    return hash_file(put.origin) if put.origin else ""


def _write(put: Put, staged: Path, count: Count, disk: Disk) -> str:
    if put.content is not None:
        write_new(staged, put.content, disk)
        count(len(put.content))
        return hashlib.sha256(put.content).hexdigest()
    if put.origin is not None:
        return copy_out(put.origin, staged, count=count, disk=disk)
    if put.build is None:
        raise MigrationError(f"{put.path}: a step asked for a file without content")
    put.build(staged)
    sync_file(staged, disk)
    return hash_file(staged, count)


def root_owner(target: Path, disk: Disk = DISK) -> tuple[int, int] | None:
    """Return whom new files shall belong to: root moves house for the target's owner."""
    if not disk.is_root() or not target.is_dir():
        return None
    info = target.stat()
    return info.st_uid, info.st_gid


def expected_bytes(target: Path, aims: Aims) -> int:
    """Return what staging and backup will need at most, as far as it is known beforehand."""
    total = 0
    for one in aims.good:
        before = glance(target / one.path)
        total += before.size
        if isinstance(one.change, Put):
            total += _expected(one.change, before)
    return total


def _expected(put: Put, before: Fact) -> int:
    if put.content is not None:
        return len(put.content)
    return put.origin.stat().st_size if put.origin else before.size


def check_space(folder: Path, needed: int, free: Free) -> None:
    """Raise `MigrationError` when the disk would become full."""
    left = free(folder)
    if left < needed + _MARGIN:
        raise MigrationError(
            f"the disk of {folder} has {left / 2**20:,.0f} MiB left, and the move needs "
            f"{(needed + _MARGIN) / 2**20:,.0f} MiB; nothing was touched"
        )
