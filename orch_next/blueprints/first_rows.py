"""What a page shows of the tasks before its scripts have come, and where none run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from orch_next.core.schema import EMPTY, Snapshot, Task
from orch_next.dispatcher.notes import due_instant, priority_name, priority_rank

COLUMNS = ("PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE", "HOLD")
IN_WORK = ("DOING", "FIX")
FINAL = ("DONE", "DROP")
# As many as a screen has room for; the scripts bring the others.
MOST_CARDS, MOST_ROWS, FEW = 12, 40, 8
LONGEST = 300
_BLANK = ("", EMPTY, "None")


@dataclass(frozen=True)
class FirstRow:
    """A task as the first answer shows it; empty text where a cell says nothing."""

    id: str
    title: str
    status: str
    owner: str
    due: str
    priority: str


@dataclass(frozen=True)
class FirstRows:
    """The board's columns, the table's rows and those in work, each no more than can be seen."""

    columns: tuple[tuple[FirstRow, ...], ...] = ()
    rows: tuple[FirstRow, ...] = ()
    in_work: tuple[FirstRow, ...] = ()


def first_rows(tasks: Snapshot[Task]) -> FirstRows:
    """Choose what the page's scripts would show first, in their order."""
    records = tasks.records
    return FirstRows(
        tuple(_some(_column(records, status), MOST_CARDS) for status in COLUMNS),
        _some(records, MOST_ROWS),
        _some((task for task in records if task.status in IN_WORK), FEW),
    )


def _column(tasks: Sequence[Task], status: str) -> Sequence[Task]:
    found = [task for task in tasks if task.status == status]
    return found[::-1] if status in FINAL else sorted(found, key=_turn)


def _turn(task: Task) -> tuple[int, datetime]:
    return priority_rank(task.notes), due_instant(task.due)


def _some(tasks: Iterable[Task], most: int) -> tuple[FirstRow, ...]:
    return tuple(_as_row(task) for task in islice(tasks, most))


def _as_row(task: Task) -> FirstRow:
    return FirstRow(
        id=task.id,
        title=_short(task.title),
        status=_short(task.status),
        owner=_short(task.owner),
        due=_short(task.due),
        priority=priority_name(task.notes),
    )


def _short(cell: str) -> str:
    if cell in _BLANK:
        return ""
    return cell if len(cell) <= LONGEST else f"{cell[:LONGEST]}…"
