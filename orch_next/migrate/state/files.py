"""The other files of a STATE folder, and what of it stays behind."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orch_next.migrate.bounds import leads_out

# Our writers' locks and drafts mean nothing in another place (docs/ledger.md).
_OURS = re.compile(r"\..+\.lock(-next)?|\.dispatcher\.lock|\..+\.tmp")


@dataclass(frozen=True)
class Found:
    """Files to copy, relative to the folder; links to files are copied as files."""

    files: tuple[Path, ...]
    links: tuple[Path, ...]
    dead: tuple[Path, ...]


def list_state(folder: Path, root: Path) -> Found:
    """List a STATE folder's files in order; what leads nowhere, out or to a folder stays."""
    files: list[Path] = []
    links: list[Path] = []
    dead: list[Path] = []
    for path in sorted(_walk(folder)):
        inner = path.relative_to(folder)
        if leads_out(root, path):
            continue  # the survey tells it
        if path.is_symlink():
            (links if path.is_file() else dead).append(inner)
        if path.is_file():
            files.append(inner)
        elif not path.is_symlink():
            dead.append(inner)
    return Found(tuple(files), tuple(links), tuple(dead))


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in (*names, *linked):
            if not _OURS.fullmatch(name):
                yield Path(parent) / name
