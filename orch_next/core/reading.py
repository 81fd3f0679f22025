"""Read a document as a ledger: which tables count, which rows are records, what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from orch_next.core.dialects.bullets import read_bullets
from orch_next.core.kinds import EMPTY, LedgerKind
from orch_next.core.lost_header import find_lost_headers
from orch_next.core.records import Approval, R
from orch_next.core.view import WAY_OUT, IdIndex, LedgerTable, LedgerView
from orch_next.ledger.document import Row
from orch_next.ledger.parser import Document, Problem, Severity

# What may be wrong with a record's cells, as `_faults` tells it.
_FAULTS = frozenset({"duplicate-id", "read-only-dialect", "unknown-status", "no-evidence"})


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
