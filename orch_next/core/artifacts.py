"""Bind an artifact to an approval: the sha256 of a file, or of a folder's contents."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from orch_next.core.database import is_sqlite_file
from orch_next.core.file_names import may_look_up
from orch_next.regular import MIB, TooLargeError, open_below, refuse_larger

# Reading a larger file or folder would hold others up: it has no hash.
MOST_HASHED = 256 * MIB
MOST_FILES = 10_000


def artifact_sha256(name: str, roots: Sequence[Path], most_bytes: int = MOST_HASHED) -> str | None:
    """Return the hex sha256 of the named file or folder under one of the roots.

    A relative name starts at each root in turn. None: no such file, one outside every
    root (never read), one that is no regular file, a database, more than `most_bytes`, a folder
    of more than 10,000 entries, or one that cannot be read.
    """
    found = _find(name, roots)
    try:
        if found is None or is_sqlite_file(found[1].name):
            return None
        root, path = found
        budget = _Budget(most_bytes)
        return _of_folder(root, path, budget) if path.is_dir() else _of_file(root, path, budget)
    except OSError:
        return None


class _Budget:
    """The bytes that may still be read."""

    def __init__(self, most: int) -> None:
        self._left = most

    def read(self, file: io.FileIO) -> Iterator[bytes]:
        """Yield the pieces of a file; raise `TooLargeError` at the end of the bytes."""
        refuse_larger(file, self._left)
        while piece := file.read(MIB):
            self._left -= len(piece)
            if self._left < 0:  # it grows while it is read
                raise TooLargeError
            yield piece


def _find(name: str, roots: Sequence[Path]) -> tuple[Path, Path] | None:
    """Return the path and the root that it lies in."""
    if not name or not name.isprintable():
        return None
    if not any(may_look_up(name, str(root), windows=os.name == "nt") for root in roots):
        return None
    inside = [root.resolve() for root in roots]
    for start in inside:
        try:
            path = (start / name).resolve()
            root = next((one for one in inside if path.is_relative_to(one)), None)
            if root is not None and path.exists():
                return root, path
        except OSError:
            continue
    return None


def _of_file(root: Path, path: Path, budget: _Budget) -> str:
    found = hashlib.sha256()
    with open_below(root, path) as file:
        for piece in budget.read(file):
            found.update(piece)
    return found.hexdigest()


def _of_folder(root: Path, folder: Path, budget: _Budget) -> str | None:
    files = _files_below(folder)
    if files is None:
        return None
    found = hashlib.sha256()
    for path in sorted(files):
        name = path.relative_to(folder).as_posix()
        sha256 = _of_file(root, path, budget)
        found.update(f"{len(name)}:{name}:{sha256}\n".encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def _files_below(folder: Path) -> list[Path] | None:
    """List the regular files of a folder and below; None for too many entries."""
    files, waiting, count = [], [folder], 0
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                count += 1
                if count > MOST_FILES:
                    return None
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False) and not is_sqlite_file(entry.name):
                    files.append(Path(entry.path))
    return files
