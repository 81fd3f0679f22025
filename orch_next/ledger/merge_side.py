"""One of the three texts of a merge: its lines, and which of them are records' rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from orch_next.ledger import scan
from orch_next.ledger.merge_row import merge_row, pick
from orch_next.ledger.parser import Document

Key: TypeAlias = Hashable
# Says which lines (counted from 1) are records, and by which keys; a key may be there twice.
Identify: TypeAlias = Callable[[Document], Mapping[int, Key]]


@dataclass(frozen=True)
class RowToken:
    """Stands for a record's row, whatever its cells say."""

    key: Key


@dataclass(frozen=True)
class Side:
    """A text's lines without and with their ends; `keys` maps line indices to records."""

    bom: str
    texts: tuple[str, ...]
    eols: tuple[str, ...]
    keys: Mapping[int, Key]

    @cached_property
    def tokens(self) -> list[Hashable]:
        """Return what is aligned: a text line itself, a row's key."""
        return [
            RowToken(self.keys[index]) if index in self.keys else text
            for index, text in enumerate(self.texts)
        ]

    @cached_property
    def rows(self) -> Mapping[Key, int]:
        """Return where each record's line is."""
        return {key: index for index, key in self.keys.items()}

    def text_of(self, key: Key) -> str | None:
        """Return a record's line, or None."""
        return self.texts[self.rows[key]] if key in self.rows else None

    def eol_of(self, key: Key) -> str | None:
        """Return the end of a record's line, or None."""
        return self.eols[self.rows[key]] if key in self.rows else None


def read_side(text: str, keys: Mapping[int, Key]) -> Side:
    """Cut a text into lines; `keys` counts them from 1."""
    lines = scan.split_lines(text)
    bom = text[: lines.starts[0]] if lines.starts else text
    indices = {line - 1: key for line, key in keys.items()}
    return Side(bom, tuple(lines.texts), tuple(lines.eols), indices)


@dataclass(frozen=True)
class Fate:
    """What becomes of a record: one line, none (`text` is None), or two that disagree."""

    text: str | None
    eol: str = ""
    disputed: tuple[str | None, str | None] | None = None


def decide(key: Key, base: Side, ours: Side, theirs: Side) -> Fate:
    """Merge one record: a cell changed twice, or changed and deleted, is disputed."""
    was, mine, other = (side.text_of(key) for side in (base, ours, theirs))
    eol = _merge_eol(*(side.eol_of(key) for side in (base, ours, theirs)))
    if mine == other or was == other:
        return Fate(mine, eol)
    if was == mine:
        return Fate(other, eol)
    if was is None or mine is None or other is None:
        return Fate(mine, eol, (mine, other))
    merged = merge_row(was, mine, other)
    return Fate(merged, eol, None if merged is not None else (mine, other))


def _merge_eol(base: str | None, ours: str | None, theirs: str | None) -> str:
    if ours is None or theirs is None:
        return ours or theirs or ""
    merged = pick(base or "", ours, theirs)
    return ours if merged is None else merged
