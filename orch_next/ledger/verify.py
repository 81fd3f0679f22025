"""Check that an edited text differs from the old one in what was asked and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from orch_next.errors import RowError
from orch_next.ledger.document import AddRow, CellChange, Row, SetCell, Table, clean_value
from orch_next.ledger.parser import Document, Problem

_Values = dict[int, list[str]]


def check_rows(before: Document, changes: Iterable[CellChange]) -> None:
    """Raise RowError for a change in a row that has a problem (architecture.md)."""
    bad = {problem.line: problem for problem in before.problems if problem.severity == "row"}
    for change in changes:
        if isinstance(change, SetCell) and change.row.line in bad:
            raise RowError(f"line {change.row.line}: {bad[change.row.line].message}")


def verify(before: Document, after: Document, changes: Sequence[CellChange]) -> None:
    """Raise RowError unless the changes, and only they, tell the two documents apart."""
    added = [change for change in changes if isinstance(change, AddRow)]
    if len(before.tables) != len(after.tables):
        raise RowError("the change would make or break a table")
    edited = _edited_values(changes)
    for old, new in zip(before.tables, after.tables, strict=True):
        mine = [change.values for change in added if change.table == old]
        _verify_table(old, new, edited, mine)
    _verify_problems(before.problems, after.problems, added)


def _edited_values(changes: Iterable[CellChange]) -> _Values:
    edited: _Values = {}
    for change in changes:
        if isinstance(change, SetCell):
            values = edited.setdefault(change.row.line, list(change.row.values))
            values[change.column] = clean_value(change.value)
    return edited


def _verify_table(old: Table, new: Table, edited: _Values, added: list[Sequence[str]]) -> None:
    same_head = old.header.raw == new.header.raw and old.delimiter.raw == new.delimiter.raw
    if not same_head or len(new.rows) != len(old.rows) + len(added):
        raise RowError(f"the change would break the table at line {old.line}")
    at = sum(row.start < old.end for row in old.rows)
    fresh, kept = new.rows[at : at + len(added)], new.rows[:at] + new.rows[at + len(added) :]
    for row, values in zip(fresh, added, strict=True):
        _verify_values(row, [clean_value(value) for value in values])
    for was, row in zip(old.rows, kept, strict=True):
        if was.line in edited:
            _verify_values(row, edited[was.line])
        elif was.raw != row.raw:
            raise RowError(f"the change would alter line {was.line} as well")


def _verify_values(row: Row, values: list[str]) -> None:
    if list(row.values) != values:
        raise RowError(f"line {row.line} would not read back as asked")


def _verify_problems(
    before: Iterable[Problem], after: Iterable[Problem], added: Iterable[AddRow]
) -> None:
    shifts: defaultdict[int, int] = defaultdict(int)
    for change in added:
        shifts[_line_of_end(change.table)] += 1
    was = Counter((problem.code, _shifted(problem.line, shifts)) for problem in before)
    new = {
        _shifted(line, shifts) + nth for line, many in shifts.items() for nth in range(1, many + 1)
    }
    now = Counter(
        (problem.code, problem.line)
        for problem in after
        if problem.code != "row-apart" or problem.line not in new
    )
    if was != now:
        raise RowError("the change would cause a new problem in the file")


def _line_of_end(table: Table) -> int:
    rows = [row for row in table.rows if row.start < table.end]
    return rows[-1].line if rows else table.delimiter.line


def _shifted(line: int, shifts: dict[int, int]) -> int:
    return line + sum(count for end, count in shifts.items() if end < line)
