"""Tables as spans of a text, and edits of cells and rows; no Markdown grammar, no files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from orch_next.errors import InputError, RowError
from orch_next.ledger import scan
from orch_next.ledger.rows import Cell, Row, Rows, Span
from orch_next.ledger.scan import split_lines

__all__ = [
    "AddRow",
    "Cell",
    "CellChange",
    "PutRow",
    "RemoveRow",
    "Row",
    "Rows",
    "SetCell",
    "SetRow",
    "Span",
    "Splice",
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
class Splice:
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


def apply_edits(text: str, edits: Iterable[Splice]) -> str:
    """Splice the edits in; raise InputError when two of them overlap."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        if edit.span.start < at:
            raise InputError("two changes of the same cell at once")
        parts += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*parts, text[at:]])


def plan_edits(text: str, changes: Iterable[CellChange]) -> list[Splice]:
    """Turn changes into edits; raise RowError for a missing cell, InputError for a value.

    A cell that has the value already needs no edit.
    """
    edits: list[Splice] = []
    for change in changes:
        if isinstance(change, SetCell):
            edits.extend(_set_cell(text, change))
        else:
            edits.append(_edit_row(text, change))
    return edits


def _edit_row(text: str, change: AddRow | SetRow | RemoveRow | PutRow) -> Splice:
    if isinstance(change, AddRow):
        return _add_row(text, change)
    if isinstance(change, PutRow):
        return _put_row(text, change)
    _refuse_moved(text, change.row)
    if isinstance(change, RemoveRow):
        return Splice(_line_with_eol(text, change.row), "")
    return Splice(change.row.span, _checked_line(change.raw))


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


def _put_row(text: str, change: PutRow) -> Splice:
    _refuse_moved(text, change.near)
    raw, eol = _checked_line(change.raw), _neighbour_eol(text, change.near.span.end)
    place = Span(change.offset, change.offset)
    return Splice(place, f"{eol}{raw}" if change.behind else f"{raw}{eol}")


def _set_cell(text: str, change: SetCell) -> list[Splice]:
    row, column = change.row, change.column
    _refuse_moved(text, row)
    cells = row.cells
    if not 0 <= column < len(cells):
        raise RowError(f"line {row.line} has no cell {column + 1}, only {len(cells)}")
    if clean_value(change.value) == cells[column].value:
        return []
    return [_replace(row, cells, column, escape_cell(change.value))]


def _replace(row: Row, cells: tuple[Cell, ...], column: int, raw: str) -> Splice:
    cell = cells[column]
    closed = cell.room.end < row.span.end
    if not raw:
        return Splice(cell.span, _blank(row, cell, closed))
    if cell.span.start == cell.span.end:
        return Splice(cell.room, f" {raw} ")
    tight = closed and cell.span.end == cell.room.end
    return Splice(cell.span, f"{raw} " if tight and raw.endswith("\\") else raw)


def _blank(row: Row, cell: Cell, closed: bool) -> str:
    # Without its pipe an empty cell at either end of the row would vanish.
    if cell.room.start == row.start:
        return "| " if closed else "| |"
    return "" if closed else "|"


def _add_row(text: str, change: AddRow) -> Splice:
    columns = len(change.table.names)
    if len(change.values) != columns:
        raise InputError(f"the table has {columns} columns, not {len(change.values)}")
    row = "".join(f"| {escape_cell(value)} " for value in change.values)
    end = change.table.end
    return Splice(Span(end, end), f"{_neighbour_eol(text, end)}{row}|")


def _neighbour_eol(text: str, end: int) -> str:
    behind = _BREAK.match(text, end)
    if behind:
        return behind.group()
    before = _BREAK.findall(text, 0, end)
    return str(before[-1]) if before else "\n"
