"""Tell cheaply whether a repository's refs moved: what stands beside HEAD, without running git."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from orch_next.regular import read_regular

# More entries than this are left to git itself.
MOST_ENTRIES = 5_000
# What decides, besides the refs, what a log shows.
_FILES = ("HEAD", "config", "shallow", "packed-refs", "info/grafts", "reftable/tables.list")
_LONGEST_POINTER = 4_096

Mark: TypeAlias = tuple[str, int, int, int, int]
Stamp: TypeAlias = tuple[Mark, ...]


def refs_stamp(folder: Path, most: int = MOST_ENTRIES) -> Stamp | None:
    """Return what changes with every ref of the repository at `folder`; None: ask git.

    A ref is written by renaming a new file over it, so that its inode, time or size, or the
    time of its folder changes; links are never followed.
    """
    try:
        own = _git_folder(folder)
        shared = _pointed_to(own / "commondir", "") or own
        marks: list[Mark] = []
        for place in dict.fromkeys((own, shared)):
            marks += (_mark(place / name) for name in _FILES)
            # A linked work tree may have no refs of its own, a repository always has some.
            names = _below(str(place / "refs")) if place == shared else _own(place / "refs")
            marks += islice(names, most)
    except (OSError, ValueError):
        return None
    return tuple(marks) if len(marks) < most else None


def _git_folder(folder: Path) -> Path:
    """Return the repository's own folder, also that of a linked work tree."""
    git = folder / ".git"
    return git if git.is_dir() else _pointed_to(git, "gitdir: ") or git


def _pointed_to(file: Path, prefix: str) -> Path | None:
    """Return the folder that a pointer file names, None without one."""
    if not file.is_file():
        return None
    text = read_regular(file, _LONGEST_POINTER).decode("utf-8").strip()
    return file.parent / text.removeprefix(prefix) if text.startswith(prefix) else None


def _mark(path: Path) -> Mark:
    try:
        return _facts(str(path), path.lstat())
    except FileNotFoundError:
        return str(path), 0, 0, 0, 0


def _facts(name: str, found: os.stat_result) -> Mark:
    # A folder's size says nothing, and its inode stays.
    size = 0 if stat.S_ISDIR(found.st_mode) else found.st_size
    return name, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, size


def _own(refs: Path) -> Iterator[Mark]:
    return _below(str(refs)) if refs.is_dir() else iter(())


def _below(folder: str) -> Iterator[Mark]:
    """Yield the folder and all that is below it."""
    waiting = [folder]
    while waiting:
        name = waiting.pop()
        yield _facts(name, Path(name).lstat())
        with os.scandir(name) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield _facts(entry.path, entry.stat(follow_symlinks=False))
