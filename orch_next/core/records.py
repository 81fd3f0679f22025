"""The three ledgers' records: attributes are the ledgers' column names (contract 0.2)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar


@dataclass(frozen=True, kw_only=True)
class Record:
    """What every record has beside its cells.

    `rev` is the row's revision, `line` counts from 1, `raw` is the row's line (undo puts
    it back), `read_only` marks a dialect that is read but not written.
    """

    rev: str = ""
    line: int = 0
    raw: str = field(default="", compare=False, repr=False)
    read_only: bool = False

    @property
    def key(self) -> str:
        """Return the id: the cell of the first column."""
        raise NotImplementedError

    def as_json(self) -> dict[str, Any]:
        """Return the ten keys of contract 0.2 and nothing else; id lists are arrays."""
        cells = {name: getattr(self, name) for name in columns_of(type(self))}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in cells.items()}


R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Task(Record):
    """A row of TASKS.md."""

    id: str
    title: str
    status: str
    owner: str
    lock: str
    lock_owner: str
    lock_expires_at: str
    due: str
    artifact: str
    notes: str

    @property
    def key(self) -> str:
        """Return the id."""
        return self.id


@dataclass(frozen=True)
class Approval(Record):
    """A row of APPROVALS.md."""

    appr_id: str
    task_id: str
    op: str
    status: str
    requested_by: str
    approver: str
    approver_role: str
    ts_req: str
    ts_dec: str
    evidence: str

    @property
    def key(self) -> str:
        """Return the id."""
        return self.appr_id


@dataclass(frozen=True)
class Milestone(Record):
    """A row of MILESTONES.md; the two id lists are split at commas (contract 3.2)."""

    ms_id: str
    name: str
    status: str
    owner: str
    due: str
    kpi: str
    description: str
    epic_ids: tuple[str, ...]
    task_ids: tuple[str, ...]
    notes: str

    @property
    def key(self) -> str:
        """Return the id."""
        return self.ms_id


_COLUMNS = {
    kind: tuple(one.name for one in fields(kind) if not one.kw_only)
    for kind in (Task, Approval, Milestone)
}


def columns_of(kind: type[Any]) -> tuple[str, ...]:
    """Return a record class's columns in the contract's order."""
    return _COLUMNS[kind]


def split_ids(cell: str) -> tuple[str, ...]:
    """Split a cell at commas; an empty cell gives nothing (contract 3.2)."""
    return tuple(part.strip() for part in cell.split(",") if part.strip())


def milestone_from_cells(
    *cells: str, rev: str, line: int, raw: str = "", read_only: bool = False
) -> Milestone:
    """Build a milestone from its ten cells in the contract's order."""
    ms_id, name, status, owner, due, kpi, description, epics, tasks, notes = cells
    return Milestone(
        ms_id,
        name,
        status,
        owner,
        due,
        kpi,
        description,
        split_ids(epics),
        split_ids(tasks),
        notes,
        rev=rev,
        line=line,
        raw=raw,
        read_only=read_only,
    )
