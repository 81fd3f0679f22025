"""The rows that a page shows before its scripts have come: the first tasks of board and table.

They stand where the scripts put them, which replace them when their own data has come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from orch_next.core.schema import Snapshot, Task
from orch_next.dispatcher.notes import priority_rank

COLUMNS = ("PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE", "HOLD", "DROP")
TABS = {
    "in-progress": ("DOING", "FIX"),
    "planned": ("PLAN", "READY"),
    "not-started": ("HOLD", "REVIEW"),
    "completed": ("DONE",),
    "all": COLUMNS,
}
FINAL, FOLDED = ("DONE", "DROP"), "DROP"
# A column of a tall window shows eight cards; the overview's table has eight rows (task-table.js).
MOST = 8
LONGEST = 300
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class FirstRow:
    """The words of one task, cut as the scripts cut them; `path` is its id within a URL."""

    id: str
    path: str
    title: str
    status: str
    owner: str
    due: str
    rev: str


@dataclass(frozen=True)
class FirstRows:
    """What a page shows at once: the table's rows, the board's cards, and how many there are."""

    rows: Sequence[FirstRow] = ()
    cards: dict[str, list[FirstRow]] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    tabs: dict[str, int] = field(default_factory=dict)


NOTHING = FirstRows()


def first_rows(snapshot: Snapshot[Task] | None) -> FirstRows:
    """Return the first rows of a ledger; none while it is damaged, missing or empty.

    A status of the ledger's own adds a column to the board: the scripts alone lay that out.
    """
    if snapshot is None or snapshot.stale or snapshot.missing or not snapshot.records:
        return NOTHING
    tasks = snapshot.records
    by_status: dict[str, list[Task]] = {status: [] for status in COLUMNS}
    for task in tasks:
        by_status.setdefault(task.status, []).append(task)
    counts = {status: len(found) for status, found in by_status.items()}
    tabs = {name: sum(counts[status] for status in held) for name, held in TABS.items()}
    working = (task for task in tasks if task.status in TABS["in-progress"])
    rows = _shown(working)
    if len(by_status) > len(COLUMNS):
        return FirstRows(rows, tabs={**tabs, "all": len(tasks)})
    return FirstRows(rows, _cards(by_status), counts, tabs)


def _cards(by_status: dict[str, list[Task]]) -> dict[str, list[FirstRow]]:
    return {
        status: [] if status == FOLDED else _shown(_in_order(status, found))
        for status, found in by_status.items()
    }


def _in_order(status: str, tasks: list[Task]) -> list[Task]:
    if status in FINAL:
        return tasks[::-1]
    return sorted(tasks, key=lambda task: (priority_rank(task.notes), _due_key(task.due)))


def _due_key(due: str) -> str:
    text = due.strip()
    if not _DATE.match(text):
        return "~"
    # A bare date is the end of its day.
    return f"{text}T~" if len(text) == len("2027-01-31") else text.replace(" ", "T")


def _shown(tasks: Iterable[Task]) -> list[FirstRow]:
    return [_first_row(task) for task, _ in zip(tasks, range(MOST), strict=False)]


def _first_row(task: Task) -> FirstRow:
    due = "" if task.due in ("", "-", "None") else _short(task.due)
    title = "" if task.title in ("", "-", "None") else _short(task.title)
    path = quote(task.id, safe="!*'()~")
    return FirstRow(_short(task.id), path, title, task.status, _short(task.owner), due, task.rev)


def _short(text: str) -> str:
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text
