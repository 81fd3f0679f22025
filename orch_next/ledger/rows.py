"""The rows of a table: lines with cells, and where they stand in the text."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

from orch_next.ledger import scan

_MOST_SHIFTS = 64


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text, in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: the trimmed raw text's span, all the room between the pipes, its value."""

    span: Span
    room: Span
    value: str


class Row(NamedTuple):
    """One line of a table; cells are cut when asked for, which keeps big ledgers light.

    `line` counts from 1, `start` is the line's offset, `raw` the line without its EOL;
    `apart` says that the row stands after a blank line or a heading (contract 3.5).
    """

    line: int
    start: int
    raw: str
    apart: bool = False

    @property
    def span(self) -> Span:
        """Return the line's span without its EOL."""
        return Span(self.start, self.start + len(self.raw))

    @property
    def values(self) -> tuple[str, ...]:
        """Return the cells' values; the fast way to read a row."""
        return tuple(scan.cut_values(self.raw))

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Return the cells with their places."""
        return tuple(self._cell(start, end) for start, end in scan.cut_rooms(self.raw))

    @property
    def rev(self) -> str:
        """Return the revision: 16 hex digits of the sha256 of the line's bytes."""
        return hashlib.sha256(self.raw.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _cell(self, start: int, end: int) -> Cell:
        room = self.raw[start:end]
        text = room.strip(scan.BLANKS)
        left = self.start + start + len(room) - len(room.lstrip(scan.BLANKS))
        span = Span(left, left + len(text))
        return Cell(span, Span(self.start + start, self.start + end), scan.unescape(text))


class Rows(Sequence[Row]):
    """A table's rows, each made when it is asked for: editing one copies no other.

    `lines` and `starts` are the rows' line numbers and offsets, `attached` says how many
    stand directly below the delimiter row. A shift moves all rows behind a place.
    """

    __slots__ = ("_lines", "_raws", "_shifts", "_starts", "attached")

    def __init__(
        self,
        lines: Sequence[int],
        starts: Sequence[int],
        raws: Sequence[str],
        attached: int,
        shifts: tuple[tuple[int, int], ...] = (),
    ) -> None:
        self._lines, self._starts, self._raws = lines, starts, raws
        self.attached, self._shifts = attached, shifts

    def __len__(self) -> int:
        return len(self._raws)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, place: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(place, slice):
            return tuple(map(self._row, range(len(self))[place]))
        return self._row(range(len(self))[place])

    def __iter__(self) -> Iterator[Row]:
        return map(self._row, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rows) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    @property
    def lines(self) -> Sequence[int]:
        """Return the rows' line numbers."""
        return self._lines

    @property
    def raws(self) -> Sequence[str]:
        """Return the rows' lines as they are."""
        return self._raws

    def find_line(self, line: int) -> int | None:
        """Return the place of the row in this line, or None."""
        place = bisect_left(self._lines, line)
        return place if place < len(self) and self._lines[place] == line else None

    def replaced(self, place: int, raw: str) -> Rows:
        """Return the rows with another line in one place."""
        raws = list(self._raws)
        raws[place] = raw
        rows = Rows(self._lines, self._starts, raws, self.attached, self._shifts)
        return rows.moved(len(raw) - len(self._raws[place]), behind=place)

    def moved(self, characters: int, behind: int = -1) -> Rows:
        """Return the rows with all those behind a place moved."""
        shifts = (*self._shifts, (behind, characters)) if characters else self._shifts
        starts = self._starts
        if len(shifts) > _MOST_SHIFTS:
            starts = [start + _shift(shifts, place) for place, start in enumerate(starts)]
            shifts = ()
        return Rows(self._lines, starts, self._raws, self.attached, shifts)

    def _row(self, place: int) -> Row:
        start = self._starts[place] + _shift(self._shifts, place)
        return Row(self._lines[place], start, self._raws[place], place >= self.attached)


def _shift(shifts: Sequence[tuple[int, int]], place: int) -> int:
    return sum(characters for behind, characters in shifts if place > behind)
