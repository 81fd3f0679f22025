"""Change cells of a parsed document without parsing the other lines again.

A line that starts with a pipe and has as many cells as its table's header belongs to that
table whatever the cells hold, so it alone is verified, by markdown-it-py under its own
header. Where that is not certain the answer is None, and the whole text is parsed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from orch_next.ledger import scan
from orch_next.ledger.document import (
    CellChange,
    Edit,
    SetCell,
    Span,
    Table,
    apply_edits,
    clean_value,
    plan_edits,
)
from orch_next.ledger.parser import Document, read_row


class Place(NamedTuple):
    """Where a row stands: its table in the document, its place in the table."""

    table: int
    row: int


@dataclass(frozen=True)
class CellEdit:
    """A document after an edit of cells: the splices of the old text, the rows concerned."""

    document: Document
    edits: tuple[Edit, ...]
    places: tuple[Place, ...]


def edit_cells(before: Document, changes: Sequence[CellChange]) -> CellEdit | None:
    """Return the edited document, None where only a whole parse can tell what it says.

    Raise RowError or InputError for changes that cannot be made, as `plan_edits` does.
    """
    wanted = _wanted_values(before, changes)
    if wanted is None or before.fragile or before.damage:
        return None
    edits = plan_edits(before.text, changes)
    text = apply_edits(before.text, edits)
    new = {place: _new_raw(before, place, edits) for place in wanted}
    if not all(_reads_as(before.tables[at.table], new[at], wanted[at]) for at in wanted):
        return None
    tables = tuple(_edited(n, table, new, edits) for n, table in enumerate(before.tables))
    document = replace(before, text=text, tables=tables)
    return CellEdit(document, tuple(edits), tuple(wanted))


def _wanted_values(
    before: Document, changes: Sequence[CellChange]
) -> dict[Place, list[str]] | None:
    """Return what the changed rows must read as; None for anything but cells of plain rows."""
    wanted: dict[Place, list[str]] = {}
    for change in changes:
        place = _find_plain(before, change) if isinstance(change, SetCell) else None
        if place is None or not isinstance(change, SetCell):
            return None
        values = wanted.setdefault(place, list(change.row.values))
        if not 0 <= change.column < len(values):
            return None
        values[change.column] = clean_value(change.value)
    return wanted


def _find_plain(before: Document, change: SetCell) -> Place | None:
    for number, table in enumerate(before.tables):
        place = table.rows.find_line(change.row.line)
        if place is not None and place < table.rows.attached:
            plain = change.row == table.rows[place] and _is_plain(table, change.row.raw)
            return Place(number, place) if plain else None
    return None


def _is_plain(table: Table, raw: str) -> bool:
    names = table.names
    return all(names) and scan.is_plain_row(raw, len(names))


def _new_raw(before: Document, place: Place, edits: Sequence[Edit]) -> str:
    row = before.tables[place.table].rows[place.row]
    first, end = row.span.start, row.span.end
    mine = [
        Edit(Span(edit.span.start - first, edit.span.end - first), edit.text)
        for edit in edits
        if first <= edit.span.start and edit.span.end <= end
    ]
    return apply_edits(row.raw, mine)


def _reads_as(table: Table, raw: str, values: list[str]) -> bool:
    """Tell whether our scanner and markdown-it-py both read these values in the line."""
    if not _is_plain(table, raw) or scan.cut_values(raw) != values:
        return False
    return read_row(table.header.raw, table.delimiter.raw, raw) == values


def _edited(number: int, table: Table, new: dict[Place, str], edits: Sequence[Edit]) -> Table:
    moves: defaultdict[int, int] = defaultdict(int)
    for edit in edits:
        moves[edit.span.start] += len(edit.text) - (edit.span.end - edit.span.start)
    before = sum(moves[start] for start in moves if start < table.header.start)
    rows = table.rows.moved(before)
    for place in new:
        if place.table == number:
            rows = rows.replaced(place.row, new[place])
    if not before and rows is table.rows:
        return table
    return Table(
        table.header._replace(start=table.header.start + before),
        table.delimiter._replace(start=table.delimiter.start + before),
        rows,
        table.end + sum(moves[start] for start in moves if start < table.end),
    )
