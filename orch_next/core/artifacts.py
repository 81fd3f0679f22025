"""Bind an artifact to an approval: the sha256 of a file, or of a folder's contents."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from orch_next.core.database import is_sqlite_file
from orch_next.core.file_names import may_look_up

_CHUNK = 1 << 20
_MOST_FILES = 10_000


def artifact_sha256(name: str, roots: Sequence[Path]) -> str | None:
    """Return the hex sha256 of the named file or folder under one of the roots.

    A relative name starts at each root in turn. None: no such file, one outside every
    root (never read), a database, a folder of more than 10,000 files, or one that cannot be read.
    """
    path = _find(name, roots)
    try:
        if path is None or is_sqlite_file(path.name):
            return None
        return _of_folder(path) if path.is_dir() else _of_file(path)
    except OSError:
        return None


def _find(name: str, roots: Sequence[Path]) -> Path | None:
    if not name or not name.isprintable():
        return None
    if not any(may_look_up(name, str(root), windows=os.name == "nt") for root in roots):
        return None
    inside = [root.resolve() for root in roots]
    for root in inside:
        try:
            path = (root / name).resolve()
            if path.exists() and any(path.is_relative_to(one) for one in inside):
                return path
        except OSError:
            continue
    return None


def _of_file(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _of_folder(folder: Path) -> str | None:
    files = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and not is_sqlite_file(path.name):
            files.append(path)
        if len(files) > _MOST_FILES:
            return None
    found = hashlib.sha256()
    for path in sorted(files):
        name = path.relative_to(folder).as_posix()
        found.update(f"{len(name)}:{name}:{_of_file(path)}\n".encode("utf-8", "surrogatepass"))
    return found.hexdigest()
