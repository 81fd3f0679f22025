"""What root makes belongs to the owner of what it stands beside or guards."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Chown = Callable[[int, int, int], None]


def chown_as_root() -> Chown | None:
    """Return how to give files away, None for all but root on POSIX."""
    is_root = os.name == "posix" and os.geteuid() == 0
    return os.fchown if is_root else None


def guarded_by(lock: Path) -> Path:
    """Return what a lock file guards: `.TASKS.md.lock` the file TASKS.md, else its folder."""
    name = lock.name.removesuffix("-next").removesuffix(".lock").removeprefix(".")
    beside = lock.with_name(name)
    return beside if beside != lock and beside.exists() else lock.parent


def make_folders(path: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it; root's go to the owner of the one that was there.

    `mode` is the last one's.
    """
    if path.is_dir():
        return
    make_folders(path.parent)
    with suppress(FileExistsError):
        path.mkdir(mode)
        give_path(path, path.parent)


def give_path(path: Path, model: Path) -> None:
    """Give a file or folder the owner and the group of `model`, if we are root."""
    chown = chown_as_root()
    if chown is None:
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        give(fd, model, chown)
    finally:
        os.close(fd)


def open_like(path: Path, flags: int, like: Callable[[Path], Path], chown: Chown | None) -> int:
    """Open a file, making it writable for whom `like(path)` is; root's goes to that one's owner."""
    try:
        fd = os.open(path, flags)
    except FileNotFoundError:
        fd = os.open(path, flags | os.O_CREAT, 0o666)
        _share(fd, like(path))
    if chown is not None:
        give(fd, like(path), chown)
    return fd


def give(fd: int, model: Path, chown: Chown | None) -> None:
    """Give an open file the owner and the group of `model`, if we may."""
    if chown is None:
        return
    with suppress(OSError):
        wanted, present = model.stat(), os.fstat(fd)
        if (wanted.st_uid, wanted.st_gid) != (present.st_uid, present.st_gid):
            chown(fd, wanted.st_uid, wanted.st_gid)


def _share(fd: int, model: Path) -> None:
    """Let those write the new file who may write the model."""
    if os.name != "posix":
        return
    with suppress(OSError):
        writers = stat.S_IMODE(model.stat().st_mode) & 0o022
        mode = stat.S_IMODE(os.fstat(fd).st_mode)
        os.fchmod(fd, mode | writers | writers << 1)
