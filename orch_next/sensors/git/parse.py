"""Read what `git log` prints: tokens between NULs, never split at `|` (D31)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

_STATUSES = {"A": "added", "C": "added", "D": "deleted", "R": "renamed"}


_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# new name -> status, old name
_Names: TypeAlias = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class File:
    """One file of a commit; `changes` counts added and deleted lines, 0 for binary ones."""

    name: str
    status: str
    changes: int = 0
    old_name: str = ""
    is_binary: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the GitFile of contract 0.2, and what a rename or a binary file is."""
        more: dict[str, Any] = {"old_name": self.old_name} if self.old_name else {}
        more |= {"binary": True} if self.is_binary else {}
        return {"name": self.name, "status": self.status, "changes": self.changes, **more}


@dataclass
class Entry:
    """One commit: the fields of its format, then its files."""

    fields: list[str]
    files: list[File] = field(default_factory=list)


def parse_log(output: bytes, count: int) -> list[Entry]:
    """Return the commits of `git log -z --raw --numstat` with `count` values each.

    The format is the values, the full hash first, each followed by NUL, which no name,
    message or path can contain. Between commits a token is empty, a file or a full hash.
    """
    tokens = iter(output.decode("utf-8", "replace").split("\0"))
    entries: list[Entry] = []
    names: _Names = {}
    for token in tokens:
        told = token.lstrip("\n")
        if _HASH.fullmatch(told):
            entries.append(Entry([told, *islice(tokens, count - 1)]))
            names = {}
        elif told.startswith(":"):
            _take_raw(told, tokens, names)
        elif told:
            entries[-1].files.append(_take_numstat(told, tokens, names))
    return entries


def _take_raw(told: str, tokens: Iterator[str], names: _Names) -> None:
    """Note the status of `:modes hashes status`, whose names follow."""
    status = told.rsplit(" ", 1)[-1][:1]
    old = next(tokens, "")
    new = next(tokens, "") if status in "RC" else old
    names[new] = (_STATUSES.get(status, "modified"), old if new != old else "")


def _take_numstat(told: str, tokens: Iterator[str], names: _Names) -> File:
    """Return the file of `added TAB deleted TAB name`; a rename's two names follow."""
    added, deleted, name = told.split("\t", 2)
    if not name:
        next(tokens, "")
        name = next(tokens, "")
    status, old = names.get(name, ("modified", ""))
    if added == "-":
        return File(name, status, 0, old, is_binary=True)
    return File(name, status, int(added) + int(deleted), old)
