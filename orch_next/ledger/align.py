"""Align three sequences: what is common to all, and what stands between (diff3)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

Items: TypeAlias = Sequence[Hashable]
Match: TypeAlias = tuple[int, int, int]  # where in the base, where in the side, how many


@dataclass(frozen=True)
class Hunk:
    """Three ranges that belong together; `stable`: the items in them are the same."""

    stable: bool
    base: range
    ours: range
    theirs: range


def align(base: Items, ours: Items, theirs: Items) -> Iterator[Hunk]:
    """Yield the hunks in order; together they cover all three sequences."""
    at_base, at_ours, at_theirs = 0, 0, 0
    for start, left, right, size in _common(_matches(base, ours), _matches(base, theirs)):
        before = (range(at_base, start), range(at_ours, left), range(at_theirs, right))
        if any(before):
            yield Hunk(False, *before)
        at_base, at_ours, at_theirs = start + size, left + size, right + size
        yield Hunk(True, range(start, at_base), range(left, at_ours), range(right, at_theirs))
    rest = (
        range(at_base, len(base)),
        range(at_ours, len(ours)),
        range(at_theirs, len(theirs)),
    )
    if any(rest):
        yield Hunk(False, *rest)


def _matches(base: Items, side: Items) -> list[Match]:
    """Return the matching blocks; common ends are cut off first, for speed."""
    most = min(len(base), len(side))
    head = next((i for i in range(most) if base[i] != side[i]), most)
    most -= head
    tail = next((i for i in range(most) if base[-1 - i] != side[-1 - i]), most)
    inner = SequenceMatcher(
        None, base[head : len(base) - tail], side[head : len(side) - tail], autojunk=False
    )
    blocks = [(head + a, head + b, size) for a, b, size in inner.get_matching_blocks() if size]
    ends = [(0, 0, head)] if head else []
    return [*ends, *blocks, *([(len(base) - tail, len(side) - tail, tail)] if tail else [])]


def _common(ours: list[Match], theirs: list[Match]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the stretches of the base that both sides have: base, ours, theirs, size."""
    i = j = 0
    while i < len(ours) and j < len(theirs):
        (a, left, m), (b, right, n) = ours[i], theirs[j]
        start, end = max(a, b), min(a + m, b + n)
        if start < end:
            yield start, left + start - a, right + start - b, end - start
        if a + m <= b + n:
            i += 1
        else:
            j += 1
