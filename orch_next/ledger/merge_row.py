"""Merge one table row three ways, cell by cell."""

from __future__ import annotations

from orch_next.ledger import scan


def pick(base: str, ours: str, theirs: str) -> str | None:
    """Return the side that changed the base; None when both did and disagree."""
    if ours in (base, theirs):
        return theirs
    return ours if theirs == base else None


def merge_row(base: str, ours: str, theirs: str) -> str | None:
    """Return the merged line; None when both sides changed one cell, each its own way.

    Cells are compared by value, so another padding is no change of the cell; where only one
    side touched the padding, its padding is taken.
    """
    whole = pick(base, ours, theirs)
    if whole is not None:
        return whole
    rows = [_cut(line) for line in (base, ours, theirs)]
    if len({len(rooms) for rooms, _ in rows}) != 1:
        return None
    rooms = [_merge_room(*three) for three in zip(*(rooms for rooms, _ in rows), strict=True)]
    if None in rooms:
        return None
    glue = [_glue(*three) for three in zip(*(glue for _, glue in rows), strict=True)]
    line = "".join(f"{left}{room}" for left, room in zip(glue, [*rooms, ""], strict=True))
    wanted = [scan.unescape(scan.trim(room or "")) for room in rooms]
    return line if scan.cut_values(line) == wanted else None


def _cut(line: str) -> tuple[list[str], list[str]]:
    """Return the rooms between the pipes, and what stands before, between and behind them."""
    places = scan.cut_rooms(line)
    rooms = [line[start:end] for start, end in places]
    starts = [0, *(end for _, end in places)]
    ends = [*(start for start, _ in places), len(line)]
    return rooms, [line[start:end] for start, end in zip(starts, ends, strict=True)]


def _merge_room(base: str, ours: str, theirs: str) -> str | None:
    exact = pick(base, ours, theirs)
    if exact is not None:
        return exact
    was, mine, other = scan.trim(base), scan.trim(ours), scan.trim(theirs)
    if mine == other or other == was:
        return ours
    return theirs if mine == was else None


def _glue(base: str, ours: str, theirs: str) -> str:
    merged = pick(base, ours, theirs)
    return ours if merged is None else merged
