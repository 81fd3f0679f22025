"""The files of `<ORCH>/.locks`, as `/status` lists them (contract 1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path


@dataclass(frozen=True)
class LockFile:
    """One lock file: bytes and aware UTC time, or None where the file vanished meanwhile."""

    name: str
    size: int | None
    modified: datetime | None


def list_locks(folder: Path) -> list[LockFile]:
    """Return the lock files by name; a folder that is not there holds none."""
    try:
        paths = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [_read_lock(path) for path in paths]


def _read_lock(path: Path) -> LockFile:
    try:
        found = path.stat()
    except OSError:
        return LockFile(path.name, None, None)
    modified = datetime.fromtimestamp(found.st_mtime, timezone.utc)
    return LockFile(path.name, found.st_size, modified)
