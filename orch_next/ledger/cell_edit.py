"""Change cells of a parsed document without parsing the other lines again.

A line that starts with a pipe and has as many cells as its table's header belongs to that
table whatever the cells hold, so it alone is verified, by markdown-it-py under its own
header. Where that is not certain the answer is None, and the whole text is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from orch_next.ledger import scan
from orch_next.ledger.document import (
    CellChange,
    Row,
    SetCell,
    Table,
    apply_edits,
    clean_value,
    plan_edits,
)
from orch_next.ledger.parser import Document, Source, read_row


class Place(NamedTuple):
    """Where a row stands: its table in the document, its place in the table."""

    table: int
    row: int


@dataclass(frozen=True)
class CellEdit:
    """Bytes in which cells of some rows were edited, what they say, and which rows those are."""

    data: bytes
    document: Document
    places: tuple[Place, ...]


@dataclass(frozen=True)
class _Line:
    """A changed row: as it was, as it is, and what it must read as."""

    old: Row
    new: str
    values: list[str]


def edit_cells(data: bytes, before: Document, changes: Sequence[CellChange]) -> CellEdit | None:
    """Edit cells in a document's bytes; None where only a whole parse can tell what they say.

    Raise RowError or InputError for changes that cannot be made, as `plan_edits` does.
    """
    wanted = None if before.fragile or before.damage else _changed_cells(before, changes)
    if wanted is None:
        return None
    lines = {place: _edited_line(before, place, cells) for place, cells in wanted.items()}
    if not all(_reads_as_asked(before.tables[at.table], lines[at]) for at in lines):
        return None
    lines = {place: line for place, line in lines.items() if line.new != line.old.raw}
    after = _spliced(data, before, list(lines.values()))
    tables = tuple(_edited_table(n, one, lines) for n, one in enumerate(before.tables))
    document = replace(before, source=Source(data=after), tables=tables)
    return CellEdit(after, document, tuple(lines))


def _changed_cells(
    before: Document, changes: Sequence[CellChange]
) -> dict[Place, list[SetCell]] | None:
    """Return the changes by row; None for anything but cells of plain rows."""
    wanted: dict[Place, list[SetCell]] = {}
    for change in changes:
        place = _find_plain(before, change) if isinstance(change, SetCell) else None
        if place is None or not isinstance(change, SetCell):
            return None
        wanted.setdefault(place, []).append(change)
    return wanted


def _find_plain(before: Document, change: SetCell) -> Place | None:
    for number, table in enumerate(before.tables):
        place = table.rows.find_line(change.row.line)
        if place is not None:
            same = place < table.rows.attached and change.row == table.rows[place]
            return Place(number, place) if same and _is_plain(table, change.row.raw) else None
    return None


def _is_plain(table: Table, raw: str) -> bool:
    names = table.names
    return all(names) and scan.is_plain_row(raw, len(names))


def _edited_line(before: Document, place: Place, changes: Sequence[SetCell]) -> _Line:
    old = before.tables[place.table].rows[place.row]
    alone = old._replace(start=0)
    edits = plan_edits(old.raw, [replace(change, row=alone) for change in changes])
    values = list(old.values)
    for change in changes:
        values[change.column] = clean_value(change.value)
    return _Line(old, apply_edits(old.raw, edits), values)


def _reads_as_asked(table: Table, line: _Line) -> bool:
    """Tell whether our scanner and markdown-it-py both read these values in the line."""
    if not _is_plain(table, line.new) or scan.cut_values(line.new) != line.values:
        return False
    return read_row(table.header.raw, table.delimiter.raw, line.new) == line.values


def _spliced(data: bytes, before: Document, lines: Sequence[_Line]) -> bytes:
    """Put the new lines in the old ones' places; encoding the whole text takes much longer."""
    parts, at = [], 0
    for line in sorted(lines, key=lambda line: line.old.start):
        raw = line.old.raw.encode()
        # A line's offset in bytes is at least that in characters.
        start = data.find(raw, line.old.start)
        if data.find(raw, start + 1) >= 0:
            start = len(before.text[: line.old.start].encode())
        parts += [data[at:start], line.new.encode()]
        at = start + len(raw)
    return b"".join([*parts, data[at:]])


def _edited_table(number: int, table: Table, lines: Mapping[Place, _Line]) -> Table:
    grown = [(line.old.start, len(line.new) - len(line.old.raw)) for line in lines.values()]
    above = sum(more for start, more in grown if start < table.header.start)
    rows = table.rows.moved(above)
    for place, line in lines.items():
        if place.table == number:
            rows = rows.replaced(place.row, line.new)
    return Table(
        table.header._replace(start=table.header.start + above),
        table.delimiter._replace(start=table.delimiter.start + above),
        rows,
        table.end + sum(more for start, more in grown if start < table.end),
    )
