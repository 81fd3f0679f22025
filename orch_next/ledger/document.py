"""Tables as spans of a text, and edits of cells and rows; no Markdown grammar, no files."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, overload

from orch_next.errors import InputError, RowError
from orch_next.ledger import scan
from orch_next.ledger.scan import split_lines

__all__ = [
    "AddRow",
    "Cell",
    "CellChange",
    "Edit",
    "PutRow",
    "RemoveRow",
    "Row",
    "Rows",
    "SetCell",
    "SetRow",
    "Span",
    "Table",
    "apply_edits",
    "clean_value",
    "escape_cell",
    "plan_edits",
    "split_lines",
]

# Category Cc but tab, CR and LF, and lone surrogates: they cannot live in a cell (D07).
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BREAK = re.compile("\r\n|\r|\n")
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


@dataclass(frozen=True, slots=True)
class Table:
    """A header, its delimiter row and the rows; `end` is where a new row would be put."""

    header: Row
    delimiter: Row
    rows: Rows
    end: int

    @property
    def line(self) -> int:
        """Return the header's line number."""
        return self.header.line

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns' names as the header has them."""
        return self.header.values


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace a span of the text."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class SetCell:
    """Give one cell of a row another value; columns count from 0."""

    row: Row
    column: int
    value: str


@dataclass(frozen=True, slots=True)
class AddRow:
    """Put a row behind the table's last one; one value per column."""

    table: Table
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class SetRow:
    """Give a row's line the raw text that it had before."""

    row: Row
    raw: str


@dataclass(frozen=True, slots=True)
class RemoveRow:
    """Take a row's line away, with its line end."""

    row: Row


@dataclass(frozen=True, slots=True)
class PutRow:
    """Put a raw line into a table: behind the row `near` (or the delimiter), or before it."""

    table: Table
    raw: str
    near: Row
    behind: bool = True

    @property
    def offset(self) -> int:
        """Return where in the text the line goes."""
        return self.near.span.end if self.behind else self.near.start


CellChange: TypeAlias = SetCell | AddRow | SetRow | RemoveRow | PutRow


def clean_value(value: str) -> str:
    """Return the value as it will read back; raise InputError for control characters."""
    bad = _UNSTORABLE.search(value)
    if bad:
        raise InputError(f"a cell cannot hold the character U+{ord(bad.group()):04X}")
    return scan.trim(_BREAK.sub(" ", value))


def escape_cell(value: str) -> str:
    r"""Return the value as it stands in the file: one line, `|` as `\|` (D07)."""
    return clean_value(value).replace("|", "\\|")


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Splice the edits in; raise InputError when two of them overlap."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        if edit.span.start < at:
            raise InputError("two changes of the same cell at once")
        parts += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*parts, text[at:]])


def plan_edits(text: str, changes: Iterable[CellChange]) -> list[Edit]:
    """Turn changes into edits; raise RowError for a missing cell, InputError for a value.

    A cell that has the value already needs no edit.
    """
    edits: list[Edit] = []
    for change in changes:
        if isinstance(change, SetCell):
            edits.extend(_set_cell(text, change))
        else:
            edits.append(_edit_row(text, change))
    return edits


def _edit_row(text: str, change: AddRow | SetRow | RemoveRow | PutRow) -> Edit:
    if isinstance(change, AddRow):
        return _add_row(text, change)
    if isinstance(change, PutRow):
        return _put_row(text, change)
    _refuse_moved(text, change.row)
    if isinstance(change, RemoveRow):
        return Edit(_line_with_eol(text, change.row), "")
    return Edit(change.row.span, _checked_line(change.raw))


def _refuse_moved(text: str, row: Row) -> None:
    if text[row.span.start : row.span.end] != row.raw:
        raise RowError(f"line {row.line} is not the row that was read")


def _checked_line(raw: str) -> str:
    bad = _UNSTORABLE.search(raw) or _BREAK.search(raw)
    if bad:
        raise InputError(f"a row cannot hold the character U+{ord(bad.group()[0]):04X}")
    return raw


def _line_with_eol(text: str, row: Row) -> Span:
    behind = _BREAK.match(text, row.span.end)
    if behind:
        return Span(row.start, behind.end())
    start = row.start - len("\r\n" if text.endswith("\r\n", 0, row.start) else "\n")
    return Span(max(start, 0), row.span.end)


def _put_row(text: str, change: PutRow) -> Edit:
    _refuse_moved(text, change.near)
    raw, eol = _checked_line(change.raw), _neighbour_eol(text, change.near.span.end)
    place = Span(change.offset, change.offset)
    return Edit(place, f"{eol}{raw}" if change.behind else f"{raw}{eol}")


def _set_cell(text: str, change: SetCell) -> list[Edit]:
    row, column = change.row, change.column
    _refuse_moved(text, row)
    cells = row.cells
    if not 0 <= column < len(cells):
        raise RowError(f"line {row.line} has no cell {column + 1}, only {len(cells)}")
    if clean_value(change.value) == cells[column].value:
        return []
    return [_replace(row, cells, column, escape_cell(change.value))]


def _replace(row: Row, cells: tuple[Cell, ...], column: int, raw: str) -> Edit:
    cell = cells[column]
    closed = cell.room.end < row.span.end
    if not raw:
        return Edit(cell.span, _blank(row, cell, closed))
    if cell.span.start == cell.span.end:
        return Edit(cell.room, f" {raw} ")
    tight = closed and cell.span.end == cell.room.end
    return Edit(cell.span, f"{raw} " if tight and raw.endswith("\\") else raw)


def _blank(row: Row, cell: Cell, closed: bool) -> str:
    # Without its pipe an empty cell at either end of the row would vanish.
    if cell.room.start == row.start:
        return "| " if closed else "| |"
    return "" if closed else "|"


def _add_row(text: str, change: AddRow) -> Edit:
    columns = len(change.table.names)
    if len(change.values) != columns:
        raise InputError(f"the table has {columns} columns, not {len(change.values)}")
    row = "".join(f"| {escape_cell(value)} " for value in change.values)
    end = change.table.end
    return Edit(Span(end, end), f"{_neighbour_eol(text, end)}{row}|")


def _neighbour_eol(text: str, end: int) -> str:
    behind = _BREAK.match(text, end)
    if behind:
        return behind.group()
    before = _BREAK.findall(text, 0, end)
    return str(before[-1]) if before else "\n"
