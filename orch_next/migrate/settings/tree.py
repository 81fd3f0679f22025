"""Files of a MOC tree that a step looks at: in order, no symlinks, no data, no packages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from orch_next.migrate.bounds import leads_out

MAX_BYTES = 2_000_000
MAX_DEPTH = 4
_SKIPPED = {
    *(".git", ".hg", ".svn", ".venv", "venv", "env", "node_modules", "__pycache__"),
    *("site-packages", "library", "data", "logs", "backups", "backup", ".locks"),
}


def list_files(root: Path, wanted: Callable[[str], bool]) -> list[Path]:
    """List ordinary files below `root` whose lower-case name is `wanted`, sorted, at most 2 MB."""
    return sorted(path for path in _walk(root, MAX_DEPTH) if wanted(path.name.lower()))


def place(root: Path, path: Path, line: int = 0) -> str:
    """Return how a finding names a file: relative to the root, with `/`, and the line."""
    inner = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    return f"{inner}:{line}" if line else inner


def is_plain(path: Path) -> bool:
    """Tell whether a path is an ordinary file, not a symlink."""
    return path.is_file() and not path.is_symlink()


def is_inner_file(root: Path, path: Path) -> bool:
    """Tell whether a path is a file that no link leads out of the tree for."""
    return path.is_file() and not leads_out(root, path)


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # a folder that is gone or closed to us holds nothing that we may read
        return
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            if entry.stat(follow_symlinks=False).st_size <= MAX_BYTES:
                yield Path(entry.path)
        elif depth and entry.is_dir(follow_symlinks=False) and not _is_skipped(entry.name):
            yield from _walk(Path(entry.path), depth - 1)


def _is_skipped(name: str) -> bool:
    return name.lower() in _SKIPPED or name.lower().startswith("backup")
