"""Files and folders that only their owner reads: made so, and closed where they are open."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from orch_next.ledger.owner import chown_as_root, give, guarded_by, make_folders, open_like

_GROUP_WRITES = 0o020


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, that only its owner enters; root gives it away."""
    make_folders(path, 0o700)


def open_private(path: Path, flags: int) -> int:
    """Open a file, making it 0600 and its folder's owner's where there is none."""
    try:
        return os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        fd = os.open(path, flags | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        give(fd, path.parent, chown_as_root())
        return fd


def open_new(path: str, flags: int) -> int:
    """Open as `io.FileIO` asks its opener to: a new file is 0600 and its folder's owner's."""
    fd = os.open(path, flags, 0o600)
    give(fd, Path(path).parent, chown_as_root())
    return fd


def make_file(path: Path) -> None:
    """Make an empty private file unless there is one; OSError passes."""
    os.close(open_private(path, os.O_RDWR))


def make_lock(path: Path) -> None:
    """Make a lock file that who may write what it guards may lock, also after root."""
    os.close(open_like(path, os.O_RDWR, guarded_by, chown_as_root()))


def may_write(*paths: Path) -> bool:
    """Tell whether this process may write the folders, and the files that are there."""
    return all(os.access(path, os.W_OK) for path in paths if path.exists())


def close_to_others(paths: Iterable[Path]) -> None:
    """Take from others what they may not read; who shares by group keeps the group's rights."""
    if os.name != "posix":
        return
    for path in paths:
        # Not ours to change: doctor tells of it.
        with suppress(OSError):
            mode = stat.S_IMODE(path.stat(follow_symlinks=False).st_mode)
            if mode != closed(mode) and not path.is_symlink():
                path.chmod(closed(mode))


def is_open(path: Path) -> bool:
    """Tell whether others may read or enter what should be private."""
    if os.name != "posix":
        return False
    mode = stat.S_IMODE(path.stat().st_mode)
    return mode != closed(mode)


def closed(mode: int) -> int:
    """Return the mode without the rights of others, and of a group that may not write."""
    return mode & (0o770 if mode & _GROUP_WRITES else 0o700)
