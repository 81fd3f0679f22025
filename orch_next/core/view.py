"""A parsed document seen as a ledger: which tables count, which rows are records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic

from orch_next.core.kinds import EMPTY, LedgerKind
from orch_next.core.records import R, Record
from orch_next.errors import ConflictError, DamagedError, NotFoundError, RowError
from orch_next.ledger.document import (
    AddRow,
    CellChange,
    PutRow,
    RemoveRow,
    Row,
    SetCell,
    SetRow,
    Table,
)
from orch_next.ledger.parser import Problem

WAY_OUT = (
    "stop the server, then `orch-next migrate apply --step state --sections --source DIR "
    "--target DIR` makes a table of the headings (DIR: the folder that holds ORCH)"
)


@dataclass(frozen=True)
class LedgerTable:
    """A table whose header has every required column, and where those columns are."""

    table: Table
    places: Mapping[str, int]


@dataclass(frozen=True)
class Entry(Generic[R]):
    """A record with the row it came from; a read-only dialect has no row."""

    record: R
    row: Row | None = None
    ledger: LedgerTable | None = None


class IdIndex:
    """Where the first record of each id stands; found out when first asked.

    Readings of a file whose ids and rows stand as they stood share one.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    @cached_property
    def places(self) -> dict[str, int]:
        """Return the places by id."""
        numbered = zip(reversed(self._records), range(len(self._records) - 1, -1, -1), strict=True)
        return {record.key: place for record, place in numbered}


@dataclass(frozen=True)
class LedgerView(Generic[R]):
    """One reading of one ledger file; `problems` carry file, line and record id."""

    kind: LedgerKind[R]
    tables: tuple[LedgerTable, ...]
    records: tuple[R, ...]
    problems: tuple[Problem, ...]
    index: IdIndex = field(compare=False, repr=False)

    @property
    def entries(self) -> tuple[Entry[R], ...]:
        """Return the records in file order, with their rows."""
        return tuple(map(self._entry, self.records))

    @cached_property
    def damage(self) -> tuple[Problem, ...]:
        """Return the problems that forbid every write to this file."""
        return tuple(problem for problem in self.problems if problem.severity == "damage")

    def known_rows(self, places: Mapping[str, int]) -> dict[tuple[int, str], R]:
        """Return the records by line and raw text that were read with these columns."""
        known: dict[tuple[int, str], R] = {}
        for ledger in self.tables:
            lines = ledger.table.rows.lines
            if lines and ledger.places == places:
                first, last = lines[0], lines[-1]
                mine = (record for record in self.records if first <= record.line <= last)
                known |= {(one.line, one.raw): one for one in mine if not one.read_only}
        return known

    def find(self, record_id: str) -> Entry[R] | None:
        """Return the first entry with this id, compared exactly, or None."""
        place = self.index.places.get(record_id)
        return None if place is None else self._entry(self.records[place])

    def _entry(self, record: R) -> Entry[R]:
        for ledger in self.tables:
            place = None if record.read_only else ledger.table.rows.find_line(record.line)
            if place is not None:
                return Entry(record, ledger.table.rows[place], ledger)
        return Entry(record)

    def get_writable(self, record_id: str, expected_rev: str | None = None) -> Entry[R]:
        """Return the entry to change.

        Raise DamagedError for a damaged file, NotFoundError, RowError for a row that has
        a problem, ConflictError when it is not at the expected revision.
        """
        self.refuse_damage()
        entry = self.find(record_id)
        if entry is None:
            raise NotFoundError(f"no {self.kind.name} has the id {record_id!r}")
        for problem in self.problems:
            if problem.severity == "row" and problem.record_id == record_id:
                raise RowError(_told(problem))
        record = entry.record
        if expected_rev is not None and expected_rev != record.rev:
            present = {**record.as_json(), "rev": record.rev}
            raise ConflictError(f"{record_id} is at revision {record.rev} by now", present)
        return entry

    def refuse_damage(self) -> None:
        """Raise DamagedError when the file may not be written."""
        if self.damage:
            raise DamagedError(_told(self.damage[0]))

    def set_cells(self, entry: Entry[R], values: Mapping[str, str]) -> list[CellChange]:
        """Return the changes that give the record's row these values, by column name."""
        if entry.row is None or entry.ledger is None:
            raise RowError(f"{entry.record.key} is only read: {WAY_OUT}")
        places = entry.ledger.places
        return [SetCell(entry.row, places[name], value) for name, value in values.items()]

    def add_row(self, values: Mapping[str, str]) -> list[CellChange]:
        """Return the change that puts a row into the ledger's first table (D08)."""
        self.refuse_damage()
        if not self.tables:
            raise RowError(self._without_table())
        ledger = self.tables[0]
        cells = [EMPTY if name else "" for name in ledger.table.names]
        for name, place in ledger.places.items():
            cells[place] = values.get(name) or EMPTY
        return [AddRow(ledger.table, cells)]

    def _without_table(self) -> str:
        told = f"{self.kind.file_name} has no table that a row could go to"
        return f"{told}: {WAY_OUT}" if self.entries else told

    def set_row(self, entry: Entry[R], raw: str, cells: Mapping[str, Any]) -> list[CellChange]:
        """Return the change that gives the record's row the line that says `cells`.

        Raise RowError when the line does not say that under the present header.
        """
        if entry.row is None or entry.ledger is None:
            raise RowError(f"{entry.record.key} is only read: {WAY_OUT}")
        self._refuse_misread(entry.ledger, raw, cells)
        return [SetRow(entry.row, raw)]

    def remove_row(self, entry: Entry[R]) -> list[CellChange]:
        """Return the change that takes the record's row away."""
        if entry.row is None:
            raise RowError(f"{entry.record.key} is only read: {WAY_OUT}")
        return [RemoveRow(entry.row)]

    def put_row(self, raw: str, line: int, cells: Mapping[str, Any]) -> list[CellChange]:
        """Return the change that puts a line back where it was, as far as there are rows.

        Else it goes behind the table's last row. Raise RowError as `set_row` does.
        """
        if not self.tables:
            raise RowError(self._without_table())
        ledger, near, behind = _find_place(self.tables, line)
        self._refuse_misread(ledger, raw, cells)
        return [PutRow(ledger.table, raw, near, behind)]

    def _refuse_misread(self, ledger: LedgerTable, raw: str, cells: Mapping[str, Any]) -> None:
        values = Row(0, 0, raw).values
        if any(values[len(ledger.table.names) :]):
            raise RowError(f"{self.kind.file_name}: the line has more cells than the table")
        places = [ledger.places[column] for column in self.kind.columns]
        read = [values[place] if place < len(values) else "" for place in places]
        if self.kind.make(*read, rev="", line=0).as_json() != cells:
            raise RowError(f"{self.kind.file_name}: the table's header has changed since")


def _find_place(tables: Sequence[LedgerTable], line: int) -> tuple[LedgerTable, Row, bool]:
    """Return the table, a row, and whether a row for this line goes behind it."""
    for ledger in tables:
        for row in (ledger.table.delimiter, *ledger.table.rows):
            if row.line == line - 1:
                return ledger, row, True
            if row.line == line and row is not ledger.table.delimiter:
                return ledger, row, False
    ledger = tables[0]
    rows = [row for row in ledger.table.rows if row.start < ledger.table.end]
    return ledger, rows[-1] if rows else ledger.table.delimiter, True


def _told(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}: {problem.message}"
