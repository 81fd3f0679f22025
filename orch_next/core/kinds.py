"""The three ledger files: columns, header aliases and value domains (contract 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from orch_next.core.records import Approval, Milestone, R, Task, columns_of, milestone_from_cells

TASK_STATUSES = ("PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE", "HOLD", "DROP")
APPROVAL_STATUSES = ("pending", "approved", "rejected", "expired")
ROLES = ("CMD", "WORK", "AUDIT")
APPROVER_ROLES = ("CMD", "AUDIT")
EMPTY = "-"


@dataclass(frozen=True)
class LedgerKind(Generic[R]):
    """One ledger: how its table is recognised and what a row becomes.

    `aliases` maps a header name to the column that clients see (D04); `statuses` is
    empty where any status is fine; `prose` says that the file may have no table.
    """

    name: str
    file_name: str
    columns: tuple[str, ...]
    make: Callable[..., R]
    aliases: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[str, ...] = ()
    prose: bool = False

    @property
    def id_column(self) -> str:
        """Return the column that names a record: the first one."""
        return self.columns[0]

    def match(self, names: Sequence[str]) -> dict[str, int] | None:
        """Map columns to positions when the header has the full set (D03-D05), else None."""
        places: dict[str, int] = {}
        lowered = [name.strip().lower() for name in names]
        for place, name in enumerate(lowered):
            column = self.aliases.get(name, name)
            if column not in self.columns:
                continue
            # A header with both names of a column means the contract's own one.
            if column not in places or (name == column and lowered[places[column]] != column):
                places[column] = place
        return places if len(places) == len(self.columns) else None

    def doubled(self, names: Sequence[str]) -> list[str]:
        """Return the columns that a header names more than once in the same way."""
        lowered = [name.strip().lower() for name in names]
        known = (*self.columns, *self.aliases)
        return [name for name in known if lowered.count(name) > 1]

    def is_header_name(self, text: str) -> bool:
        """Tell whether a cell holds a column's name, as a repeated header row does."""
        lowered = text.lower()
        return lowered in self.columns or lowered in self.aliases


TASK: LedgerKind[Task] = LedgerKind(
    name="task",
    file_name="TASKS.md",
    columns=columns_of(Task),
    make=Task,
    aliases={"task_id": "id", "state": "status"},
    statuses=TASK_STATUSES,
)
APPROVAL: LedgerKind[Approval] = LedgerKind(
    name="approval",
    file_name="APPROVALS.md",
    columns=columns_of(Approval),
    make=Approval,
    statuses=APPROVAL_STATUSES,
)
MILESTONE: LedgerKind[Milestone] = LedgerKind(
    name="milestone",
    file_name="MILESTONES.md",
    columns=columns_of(Milestone),
    make=milestone_from_cells,
    prose=True,
)
KINDS: tuple[LedgerKind[Any], ...] = (TASK, APPROVAL, MILESTONE)
