"""What others may do with files and folders: told, and closed where it should be nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

# Our database's file in `data/`.
OWN_NAME = "orch-next.db"
_GROUP_WRITES = 0o020


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


def private_places(root: Path) -> Iterator[Path]:
    """Yield what beside and below the ORCH folder only the server's user has to read."""
    data = root.parent / "data"
    yield data
    for pattern in (f"{OWN_NAME}*", "*.key", "*.jsonl", "*.json"):
        yield from data.glob(pattern)
    jobs = root / "LOGS" / "jobs"
    yield jobs
    yield from jobs.glob("**/*")


def is_open(path: Path) -> bool:
    """Tell whether others may read or enter what should be private."""
    if os.name != "posix":
        return False
    mode = stat.S_IMODE(path.stat().st_mode)
    return mode != closed(mode)


def closed(mode: int) -> int:
    """Return the mode without the rights of others, and of a group that may not write."""
    return mode & (0o770 if mode & _GROUP_WRITES else 0o700)
