"""Check that an edited text differs from the old one in what was asked and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from orch_next.errors import RowError
from orch_next.ledger.document import (
    AddRow,
    CellChange,
    PutRow,
    RemoveRow,
    Row,
    SetCell,
    SetRow,
    Table,
    clean_value,
)
from orch_next.ledger.parser import Document, Problem

# What a line must be: this raw text, these values, or (None) no line at all.
_Wanted: TypeAlias = str | list[str] | None


def check_rows(before: Document, changes: Iterable[CellChange]) -> None:
    """Raise RowError for a change in a row that has a problem (architecture.md)."""
    bad = {problem.line: problem for problem in before.problems if problem.severity == "row"}
    for change in changes:
        if isinstance(change, (SetCell, SetRow, RemoveRow)) and change.row.line in bad:
            raise RowError(f"line {change.row.line}: {bad[change.row.line].message}")


def verify(before: Document, after: Document, changes: Sequence[CellChange]) -> None:
    """Raise RowError unless the changes, and only they, tell the two documents apart."""
    if len(before.tables) != len(after.tables):
        raise RowError("the change would make or break a table")
    wanted = _wanted_rows(changes)
    added = [change for change in changes if isinstance(change, (AddRow, PutRow))]
    for old, new in zip(before.tables, after.tables, strict=True):
        mine = [change for change in added if change.table == old]
        _verify_table(old, new, _expected(old, wanted, mine))
    gone = [change.row.line for change in changes if isinstance(change, RemoveRow)]
    _verify_problems(before.problems, after.problems, _Shifts(added, gone))


def _wanted_rows(changes: Iterable[CellChange]) -> dict[int, _Wanted]:
    wanted: dict[int, _Wanted] = {}
    for change in changes:
        if isinstance(change, SetCell):
            values = wanted.setdefault(change.row.line, list(change.row.values))
            if isinstance(values, list):
                values[change.column] = clean_value(change.value)
        elif isinstance(change, SetRow):
            wanted[change.row.line] = change.raw
        elif isinstance(change, RemoveRow):
            wanted[change.row.line] = None
    return wanted


def _expected(
    old: Table, wanted: Mapping[int, _Wanted], added: Sequence[AddRow | PutRow]
) -> list[str | list[str]]:
    """Return the table's rows as they must be after the changes."""
    rows: list[_Wanted] = [wanted.get(row.line, row.raw) for row in old.rows]
    places = [sum(row.start < _offset(change) for row in old.rows) for change in added]
    for place, change in sorted(zip(places, added, strict=True), key=lambda pair: pair[0])[::-1]:
        rows.insert(place, _wanted_row(change))
    return [row for row in rows if row is not None]


def _offset(change: AddRow | PutRow) -> int:
    return change.table.end if isinstance(change, AddRow) else change.offset


def _wanted_row(change: AddRow | PutRow) -> _Wanted:
    if isinstance(change, PutRow):
        return change.raw
    return [clean_value(value) for value in change.values]


def _verify_table(old: Table, new: Table, expected: Sequence[str | list[str]]) -> None:
    same_head = old.header.raw == new.header.raw and old.delimiter.raw == new.delimiter.raw
    if not same_head or len(new.rows) != len(expected):
        raise RowError(f"the change would break the table at line {old.line}")
    for row, want in zip(new.rows, expected, strict=True):
        if isinstance(want, list):
            _verify_values(row, want)
        elif row.raw != want:
            raise RowError(f"the change would alter line {row.line} as well")


def _verify_values(row: Row, values: list[str]) -> None:
    if list(row.values) != values:
        raise RowError(f"line {row.line} would not read back as asked")


class _Shifts:
    """Where the lines of the old text are in the new one."""

    def __init__(self, added: Iterable[AddRow | PutRow], gone: Sequence[int]) -> None:
        self._new: defaultdict[int, int] = defaultdict(int)
        for change in added:
            self._new[_line_before(change)] += 1
        self.gone = frozenset(gone)

    def __call__(self, line: int) -> int:
        """Return an old line's number in the new text."""
        more = sum(count for end, count in self._new.items() if end < line)
        return line + more - sum(other < line for other in self.gone)

    def new_lines(self) -> set[int]:
        """Return the added lines' numbers in the new text."""
        ends = self._new.items()
        return {self(line) + nth for line, many in ends for nth in range(1, many + 1)}


def _verify_problems(before: Iterable[Problem], after: Iterable[Problem], shifts: _Shifts) -> None:
    was = Counter((one.code, shifts(one.line)) for one in before if one.line not in shifts.gone)
    new = shifts.new_lines()
    now = Counter(
        (problem.code, problem.line)
        for problem in after
        if problem.code != "row-apart" or problem.line not in new
    )
    if was != now:
        raise RowError("the change would cause a new problem in the file")


def _line_before(change: AddRow | PutRow) -> int:
    """Return the number of the line behind which the new one goes."""
    if isinstance(change, PutRow):
        return change.near.line if change.behind else change.near.line - 1
    rows = [row for row in change.table.rows if row.start < change.table.end]
    return rows[-1].line if rows else change.table.delimiter.line
