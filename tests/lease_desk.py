"""A board with leases over a temporary ledger, and a clock that tests turn."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from orch_next.core.artifacts import artifact_sha256
from orch_next.core.board import Board, open_board
from orch_next.core.deadlines import Clock
from orch_next.core.lease_store import LeaseStore
from orch_next.core.lease_terms import Holder, LeaseRules
from orch_next.core.lease_watch import LeaseWatch
from orch_next.core.leases import Leases
from orch_next.core.requests import Requests

START = datetime(2025, 10, 9, 8, 0, tzinfo=timezone.utc)
TASKS_HEAD = (
    "# TASKS.md - タスク状態管理台帳\n\n"
    "| task_id | title | state | owner | lock | lock_owner | lock_expires_at | due | artifact "
    "| notes |\n|---|---|---|---|---|---|---|---|---|---|\n"
)
APPROVALS = (
    "# 承認台帳\n\n| appr_id | task_id | op | status | requested_by | approver | approver_role "
    "| ts_req | ts_dec | evidence |\n|---|---|---|---|---|---|---|---|---|---|\n"
    "| A001 | 900 | 起票 | pending | WORK | - | - | 2025-10-07T15:30:00Z | - | C:\\Users\\a.md |\n"
)
CORE = Holder("WORK_AI_01", "WORK")
OTHER = Holder("WORK_AI_02", "WORK")


class Turned:
    """A clock whose two hands are turned by hand."""

    def __init__(self, now: datetime = START) -> None:
        self.at, self.steady = now, 1000.0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, lambda: self.steady)

    def pass_time(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.steady += seconds

    def jump(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def row(task_id: str, status: str = "READY", owner: str = "WORK", **cells: str) -> str:
    names = ("lock", "lock_owner", "lock_expires_at", "due", "artifact", "notes")
    rest = " | ".join(cells.get(name, "-") for name in names)
    return f"| {task_id} | 作業 {task_id} | {status} | {owner} | {rest} |\n"


def write_ledger(folder: Path, rows: str) -> Path:
    state = folder / "ORCH" / "STATE"
    state.mkdir(parents=True)
    (state / "TASKS.md").write_bytes((TASKS_HEAD + rows).encode())
    (state / "APPROVALS.md").write_bytes(APPROVALS.encode())
    (state / "MILESTONES.md").write_bytes("# 計画\n".encode())
    return state


@dataclass
class Desk:
    """Everything a lease test needs; `told` collects the events."""

    state_folder: Path
    board: Board
    leases: Leases
    watch: LeaseWatch
    requests: Requests
    turned: Turned
    told: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def row(self, task_id: str) -> tuple[str, str, str, str]:
        task = self.board.state.tasks.get(task_id)
        return task.status, task.lock, task.lock_owner, task.lock_expires_at

    def status(self, task_id: str) -> str:
        return self.board.state.tasks.get(task_id).status

    def edit(self, before: str, after: str, name: str = "TASKS.md") -> None:
        path = self.state_folder / name
        text = path.read_bytes().decode()
        assert before in text
        path.write_bytes(text.replace(before, after, 1).encode())

    def names(self) -> list[str]:
        return [name for name, _ in self.told]


def open_desk(
    state: Path,
    turned: Turned | None = None,
    *,
    rules: LeaseRules | None = None,
    kind: type[Leases] = Leases,
) -> Desk:
    """Open a desk over an existing ledger; a second one is another process's view."""
    turned = turned or Turned()
    told: list[tuple[str, dict[str, object]]] = []
    board = open_board(
        state,
        f"sqlite:///{state.parent.parent / 'data' / 'orch.db'}",
        now=lambda: turned.at,
    )
    numbers = itertools.count(1)
    leases = kind(
        board.state,
        LeaseStore(board.journal.database),
        turned.clock,
        lambda: f"{state}-{id(numbers)}-{next(numbers)}",
        lambda name, data: told.append((name, data)),
        rules or LeaseRules(),
    )
    requests = Requests(
        board.state,
        board.journal,
        lambda name: artifact_sha256(name, [state.parent.parent]),
        lambda name, data: told.append((name, data)),
        lambda: turned.at,
    )
    return Desk(state, board, leases, LeaseWatch(leases), requests, turned, told)


def make_desk(folder: Path, rows: str, **more: Any) -> Desk:
    return open_desk(write_ledger(folder, rows), **more)
