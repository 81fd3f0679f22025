"""A parsed document seen as a ledger: which tables count, which rows are records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic

from orch_next.core.dialects.bullets import read_bullets
from orch_next.core.kinds import EMPTY, LedgerKind
from orch_next.core.lost_header import find_lost_headers
from orch_next.core.records import Approval, R, Record
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
from orch_next.ledger.parser import Document, Problem, Severity

WAY_OUT = (
    "stop the server, then `orch-next migrate apply --step state --sections --source DIR "
    "--target DIR` makes a table of the headings (DIR: the folder that holds ORCH)"
)

# What may be wrong with a record's cells, as `_faults` tells it.
_FAULTS = frozenset({"duplicate-id", "read-only-dialect", "unknown-status", "no-evidence"})


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


def read_ledger(
    kind: LedgerKind[R], document: Document, before: LedgerView[R] | None = None
) -> LedgerView[R]:
    """Read a document as a ledger of this kind; never raises.

    Records of rows that are as they were in the reading `before` are taken from it.
    """
    tables = tuple(_ledger_tables(kind, document))
    problems = _text_problems(document, tables)
    records = list(_table_records(kind, tables, problems, before))
    if kind.statuses:
        known = {record.key for record in records}
        records += [r for r in read_bullets(kind, document.text) if r.key not in known]
    whole = [record for record in records if not document.disputes(record.line)]
    problems += _record_problems(kind, whole)
    problems += _header_problems(kind, tables)
    if not tables:
        problems += _no_table(kind, document, known=bool(records))
    told = _with_places(kind, problems, records)
    return LedgerView(kind, tables, tuple(records), told, IdIndex(records))


def read_edited(
    before: LedgerView[R], document: Document, rows: Sequence[Row]
) -> LedgerView[R] | None:
    """Return the reading of a document in which cells of these rows were edited.

    None where more than the rows' own records may have changed: ids, or headings with
    bullets. All other records are those of the reading `before`.
    """
    kind = before.kind
    records, problems = list(before.records), before.problems
    for row in rows:
        ledger = next((one for one in before.tables if _has_row(one, row)), None)
        if ledger is None:
            continue
        values = _cells_of(kind, ledger, row)
        place = before.index.places.get(values[0])
        if place is None or records[place].line != row.line or _is_doubled(problems, row.line):
            return None
        records[place] = kind.make(*values, rev=row.rev, line=row.line, raw=row.raw)
        problems = _with_faults(kind, problems, records[place])
    if any(record.read_only for record in records[-1:]):
        return None
    tables = tuple(_ledger_tables(kind, document))
    return LedgerView(kind, tables, tuple(records), problems, before.index)


def _has_row(ledger: LedgerTable, row: Row) -> bool:
    return ledger.table.rows.find_line(row.line) is not None


def _is_doubled(problems: Iterable[Problem], line: int) -> bool:
    return any(one.line == line and one.code == "duplicate-id" for one in problems)


def _with_faults(
    kind: LedgerKind[R], problems: tuple[Problem, ...], record: R
) -> tuple[Problem, ...]:
    """Replace what was wrong with a record's cells by what is wrong with them now."""
    faults = _record_problems(kind, [record])
    old = [one for one in problems if one.line == record.line and one.code in _FAULTS]
    if not old and not faults:
        return problems
    kept = [one for one in problems if one not in old]
    named = [replace(one, file=kind.file_name) for one in faults]
    return tuple(sorted([*kept, *named], key=lambda problem: problem.line))


def _ledger_tables(kind: LedgerKind[R], document: Document) -> Iterator[LedgerTable]:
    for table in document.tables:
        places = kind.match(table.names)
        if places is not None:
            yield LedgerTable(table, places)


def _text_problems(document: Document, tables: Sequence[LedgerTable]) -> list[Problem]:
    """Keep damage and what concerns the ledger's own tables; others never matter."""
    ours = {ledger.table.line for ledger in tables}
    starts = sorted(table.line for table in document.tables)
    kept = []
    for problem in document.problems:
        owner = max((line for line in starts if line <= problem.line), default=0)
        if problem.severity == "damage" or owner in ours:
            kept.append(problem)
    return kept


def _table_records(
    kind: LedgerKind[R],
    tables: Sequence[LedgerTable],
    problems: list[Problem],
    before: LedgerView[R] | None,
) -> Iterator[R]:
    for ledger in tables:
        known = before.known_rows(ledger.places) if before else {}
        rows = ledger.table.rows
        for line, raw in zip(rows.lines, rows.raws, strict=True):
            record = known.get((line, raw))
            if record is None:
                row = Row(line, 0, raw)
                cells = _cells_of(kind, ledger, row)
                if not _is_record(kind, cells[0], row, problems):
                    continue
                record = kind.make(*cells, rev=row.rev, line=line, raw=raw)
            yield record


def _cells_of(kind: LedgerKind[Any], ledger: LedgerTable, row: Row) -> list[str]:
    values = row.values
    places = map(ledger.places.__getitem__, kind.columns)
    return [values[place] if place < len(values) else "" for place in places]


def _is_record(kind: LedgerKind[R], key: str, row: Row, problems: list[Problem]) -> bool:
    if key and key != EMPTY and not kind.is_header_name(key):
        return True
    what = "has no id" if not key or key == EMPTY else "repeats the header"
    problems.append(Problem("no-id", "warning", f"a row that {what} is not read", row.line))
    return False


def _record_problems(kind: LedgerKind[R], records: Sequence[R]) -> list[Problem]:
    counts = Counter(record.key for record in records)
    return [
        Problem(code, severity, message, record.line, record_id=record.key)
        for record in records
        for code, severity, message in _faults(kind, record, counts[record.key])
    ]


def _header_problems(kind: LedgerKind[Any], tables: Sequence[LedgerTable]) -> Iterator[Problem]:
    for ledger in tables:
        for name in kind.doubled(ledger.table.names):
            message = f"more than one column is called {name}: the first one counts"
            yield Problem("double-column", "warning", message, ledger.table.line)


def _faults(kind: LedgerKind[R], record: R, count: int) -> list[tuple[str, Severity, str]]:
    found: list[tuple[str, Severity, str]] = []
    if count > 1:
        found.append(("duplicate-id", "row", f"{count} rows have the id {record.key}"))
    if record.read_only:
        message = f"{record.key} is a heading with bullets, which is only read: {WAY_OUT}"
        found.append(("read-only-dialect", "row", message))
    status = getattr(record, "status", "")
    if kind.statuses and status not in kind.statuses:
        message = f"{record.key} has the unknown status {status!r}"
        found.append(("unknown-status", "warning", message))
    if isinstance(record, Approval) and record.evidence in ("", EMPTY):
        found.append(("no-evidence", "warning", f"{record.key} has no evidence"))
    return found


def _no_table(kind: LedgerKind[Any], document: Document, *, known: bool) -> Iterator[Problem]:
    """Tell why there is no table; `known`: another dialect has records."""
    lost = next(find_lost_headers(kind, document, alone=True), None)
    if lost is not None:
        yield Problem("no-table", "damage", lost[1], lost[0])
    elif known:
        return
    elif not document.text.strip("\ufeff"):
        yield Problem("empty-file", "damage", "the file is empty", 1)
    elif kind.prose and document.tables:
        names = ", ".join(document.tables[0].names)
        message = f"a table with other columns than the ledger's ({names}): nothing is listed"
        yield Problem("other-columns", "note", message, document.tables[0].line)
    elif kind.prose:
        yield Problem("no-table", "note", "prose without a table: nothing is listed", 1)
    else:
        yield Problem("no-table", "damage", "no table has the ledger's columns", 1)


def _with_places(
    kind: LedgerKind[R], problems: Sequence[Problem], records: Sequence[R]
) -> tuple[Problem, ...]:
    keys = {record.line: record.key for record in records} if problems else {}
    placed = [
        replace(p, file=kind.file_name, record_id=p.record_id or keys.get(p.line, ""))
        for p in problems
    ]
    return tuple(sorted(placed, key=lambda problem: problem.line))
