"""Walk the MOC root within bounds, and read each file once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from orch_next.core.database import is_sqlite_file
from orch_next.regular import open_below, read_whole
from orch_next.sensors.rules.config import RulesConfig, matches

# Made by tools, never by people.
SKIPPED_FOLDERS = frozenset(
    {
        *(".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", "site-packages"),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".tox", "build", "dist"),
        *("Library", ".idea", ".vs"),
    }
)


@dataclass(frozen=True)
class Finding:
    """One breach of a rule: file relative to the MOC root with `/`, line from 1.

    `key` tells findings of one file and rule apart even when lines move.
    """

    file: str
    line: int
    message: str
    key: str = ""


@dataclass(frozen=True)
class Found:
    """A file of the walk; the signature changes when the file does."""

    file: str
    path: Path
    size: int
    signature: tuple[int, ...]


@dataclass(frozen=True)
class Content:
    """A file's bytes, and its lines where it is UTF-8."""

    file: str
    data: bytes

    @property
    def extension(self) -> str:
        """Return the name's last part in lower case: `.ps1`."""
        return os.path.splitext(self.file)[1].lower()  # noqa: PTH122 - not a path here

    @cached_property
    def text(self) -> str | None:
        """Return the text without a BOM, None for bytes that are no UTF-8 or hold NUL."""
        if b"\0" in self.data:
            return None
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None

    @cached_property
    def lines(self) -> list[str]:
        """Return the text's lines without their ends."""
        return [line.rstrip("\r") for line in (self.text or "").split("\n")]


def walk_files(root: Path, config: RulesConfig) -> Iterator[Found]:
    """Yield the files below `root` in a stable order, at most `most_files`.

    Links are not followed; databases and what cannot be read are left out.
    """
    left = config.most_files
    folders = [root]
    while folders and left:
        names, below = _entries(folders.pop())
        for entry in names:
            file = Path(entry.path).relative_to(root).as_posix()
            left_out = is_sqlite_file(entry.name) or matches(file, config.exclude)
            found = None if left_out else _find(entry, file)
            if found is not None and left:
                left -= 1
                yield found
        folders += below


def read_content(root: Path, found: Found, most_bytes: int) -> Content | None:
    """Read a file that is not too large; None when it is, or is gone."""
    if found.size > most_bytes:
        return None
    try:
        with open_below(root, found.path) as file:
            return Content(found.file, read_whole(file, most_bytes))
    except OSError:
        return None


def _entries(folder: Path) -> tuple[list[os.DirEntry[str]], list[Path]]:
    try:
        with os.scandir(folder) as opened:
            entries = sorted(opened, key=lambda entry: entry.name)
    except OSError:
        return [], []
    files = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    below = [
        Path(entry.path)
        for entry in reversed(entries)
        if entry.is_dir(follow_symlinks=False) and entry.name not in SKIPPED_FOLDERS
    ]
    return files, below


def _find(entry: os.DirEntry[str], file: str) -> Found | None:
    try:
        stat = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    times = stat.st_mtime_ns, stat.st_ctime_ns
    return Found(file, Path(entry.path), stat.st_size, (*times, stat.st_size, stat.st_ino))
