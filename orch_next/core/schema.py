"""What core rooms offer others about ledgers: kinds, records, and one file's snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic

from orch_next.core.kinds import (
    APPROVAL,
    APPROVAL_STATUSES,
    APPROVER_ROLES,
    EMPTY,
    KINDS,
    MILESTONE,
    ROLES,
    TASK,
    TASK_STATUSES,
    LedgerKind,
)
from orch_next.core.reading import read_ledger
from orch_next.core.records import Approval, Milestone, R, Record, Task
from orch_next.core.view import IdIndex, LedgerView
from orch_next.errors import DamagedError, NotFoundError
from orch_next.ledger.file import digest
from orch_next.ledger.parser import Problem, decode, parse

__all__ = [
    "APPROVAL",
    "APPROVAL_STATUSES",
    "APPROVER_ROLES",
    "EMPTY",
    "KINDS",
    "MILESTONE",
    "ROLES",
    "TASK",
    "TASK_STATUSES",
    "Approval",
    "LedgerKind",
    "Milestone",
    "Problem",
    "Record",
    "Snapshot",
    "Task",
    "find_orphans",
    "load_snapshot",
]


@dataclass(frozen=True)
class Snapshot(Generic[R]):
    """One ledger file at one moment; immutable.

    `digest` is the sha256 of the file's bytes. `stale`: the file is damaged, gone or
    unreadable now and these are the last good records; `missing`: it was never there.
    `event`: the number of a journal entry that these records show, and all before it.
    """

    kind: LedgerKind[R]
    digest: str
    records: tuple[R, ...]
    problems: tuple[Problem, ...] = ()
    stale: bool = False
    missing: bool = False
    event: int = field(default=0, compare=False)
    index: IdIndex | None = field(default=None, compare=False, repr=False)

    @cached_property
    def damage(self) -> tuple[Problem, ...]:
        """Return the problems that forbid every write to this file."""
        return tuple(problem for problem in self.problems if problem.severity == "damage")

    @cached_property
    def ids(self) -> IdIndex:
        """Return where each id stands; the same object as long as all stand there."""
        return self.index or IdIndex(self.records)

    def find(self, record_id: str) -> R | None:
        """Return the first record with this id, compared exactly, or None."""
        place = self.ids.places.get(record_id)
        return None if place is None else self.records[place]

    def get(self, record_id: str) -> R:
        """Return the first record with this id; raise NotFoundError."""
        record = self.find(record_id)
        if record is None:
            raise NotFoundError(f"no {self.kind.name} has the id {record_id!r}")
        return record


def load_snapshot(kind: LedgerKind[R], data: bytes) -> Snapshot[R]:
    """Read a ledger file's bytes; damage of any sort becomes a problem, never an error."""
    try:
        view = read_ledger(kind, parse(decode(data)))
    except DamagedError as error:
        bad = Problem("not-utf-8", "damage", str(error), _bad_line(data), kind.file_name)
        return Snapshot(kind, digest(data), (), (bad,))
    return snapshot_of(view, digest(data))


def snapshot_of(view: LedgerView[R], sha256: str) -> Snapshot[R]:
    """Turn a reading into the snapshot of a file with this digest."""
    return Snapshot(view.kind, sha256, view.records, view.problems, index=view.index)


def find_orphans(tasks: Snapshot[Task], approvals: Snapshot[Approval]) -> list[Problem]:
    """Warn of approvals whose task is in no row of TASKS.md, as far as that can be told."""
    if tasks.missing or (tasks.damage and not tasks.stale):
        return []
    return [
        Problem(
            "orphan-approval",
            "warning",
            f"{approval.appr_id} belongs to the task {approval.task_id!r}, which is missing",
            approval.line,
            approvals.kind.file_name,
            approval.appr_id,
        )
        for approval in approvals.records
        if tasks.find(approval.task_id) is None
    ]


def _bad_line(data: bytes) -> int:
    good = data.decode("utf-8", "replace").split("\ufffd", 1)[0]
    return good.count("\n") + 1
