"""Choose the next task for a core: a pure function, so that tests need no clock."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from orch_next.core.records import Task
from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.notes import dependencies, due_instant, priority_rank

FREE_LOCKS = frozenset({"", "-", "None"})


@dataclass(frozen=True)
class Reason:
    """Why a task is not running: a stable code for programs, a message for people."""

    code: str
    message: str

    def as_json(self) -> dict[str, str]:
        """Return the two keys that clients see."""
        return {"code": self.code, "message": self.message}


@dataclass(frozen=True)
class Forecast:
    """What is expected of a task's next run: the chance of success 0..1, and milliseconds."""

    success_rate: float
    time_ms: float

    @property
    def rank(self) -> tuple[float, float]:
        """Return the sort key: likely first, by whole percents, then short first."""
        return -round(self.success_rate, 2), round(self.time_ms)


# Behind everything that is foreseen.
UNFORESEEN = (0.0, math.inf)


@dataclass(frozen=True)
class Situation:
    """All that decides beside the tasks: leases, failures, approvals, the freeze, the limit.

    `held` names the core that holds a task's lease; `failures` counts failed attempts
    since the last success or hold; `pending` names the open approval of a task; `faults`
    says why a row cannot be edited; `frozen` why nothing is dispatched; `forecasts` decide
    among tasks that are equal in priority and due.
    """

    tasks: Sequence[Task]
    held: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    pending: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    frozen: str = ""
    max_failures: int = 3
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)

    @cached_property
    def statuses(self) -> dict[str, str]:
        """Map each task id to its status."""
        return {task.id: task.status for task in self.tasks}

    @cached_property
    def counts(self) -> Counter[str]:
        """Count the rows of each id; more than one makes all of them unusable."""
        return Counter(task.id for task in self.tasks)

    @cached_property
    def loads(self) -> Counter[str]:
        """Count the leases of each core."""
        return Counter(self.held.values())


def fits(owner: str, core: Core) -> bool:
    """Tell whether the owner cell names the core or its role (contract 5.3)."""
    return owner.strip() in (core.id, core.role)


def explain(task: Task, core: Core | None, situation: Situation) -> list[Reason]:
    """List every reason why the task is not taken; empty when it could be taken now.

    Without a core the two reasons that concern one (owner, limit) are left out.
    """
    return _state_reasons(task, situation) + _core_reasons(task, core, situation)


def urgency(task: Task) -> tuple[int, datetime]:
    """Return what decides first: priority, then due."""
    return priority_rank(task.notes), due_instant(task.due)


def turn(task: Task, situation: Situation) -> tuple[tuple[int, datetime], tuple[float, float]]:
    """Return the sort key: urgency, then the forecast; a stable sort keeps file order."""
    forecast = situation.forecasts.get(task.id)
    return urgency(task), forecast.rank if forecast else UNFORESEEN


def ready_tasks(core: Core, situation: Situation) -> Iterator[Task]:
    """Give what the core could take, in its order, its limit apart."""
    # Sorted before the dearer look at each: the first one is mostly free.
    ours = (one for one in situation.tasks if one.status == "READY" and fits(one.owner, core))
    ordered = sorted(ours, key=lambda task: turn(task, situation))
    return (task for task in ordered if not _state_reasons(task, situation))


def equals(core: Core, situation: Situation) -> list[str]:
    """Return the ids of what the core could take and another one equals in priority and due."""
    ready = list(ready_tasks(core, situation))
    counts = Counter(map(urgency, ready))
    return [task.id for task in ready if counts[urgency(task)] > 1]


def next_task(core: Core, situation: Situation) -> Task | None:
    """Return the task that the core takes now, or None (limit, freeze, nothing fits)."""
    if situation.frozen or _full(core, situation):
        return None
    return next(ready_tasks(core, situation), None)


def _full(core: Core, situation: Situation) -> bool:
    return situation.loads[core.id] >= core.limit


def _core_reasons(task: Task, core: Core | None, situation: Situation) -> list[Reason]:
    reasons = []
    if core and not fits(task.owner, core):
        text = f"owner {task.owner or '-'} is neither {core.id} nor its role {core.role}"
        reasons.append(Reason("owner", text))
    if core and situation.held.get(task.id) != core.id and _full(core, situation):
        text = f"{core.id} works on {situation.loads[core.id]} of at most {core.limit} tasks"
        reasons.append(Reason("limit", text))
    return reasons


def _state_reasons(task: Task, situation: Situation) -> list[Reason]:
    found = (
        _row(task, situation),
        _status(task),
        _lease(task, situation),
        *(_dependency(task.id, other, situation) for other in dependencies(task.notes)),
        _approval(task, situation),
        _failures(task, situation),
        Reason("freeze", situation.frozen) if situation.frozen else None,
    )
    return [reason for reason in found if reason]


def _row(task: Task, situation: Situation) -> Reason | None:
    if situation.counts[task.id] > 1:
        return Reason("duplicate", f"the id {task.id} stands in more than one row")
    if task.read_only:
        return Reason("read_only", f"line {task.line} is in a dialect that is only read")
    fault = situation.faults.get(task.id)
    return Reason("row", fault) if fault else None


def _status(task: Task) -> Reason | None:
    if task.status == "READY":
        return None
    return Reason("status", f"the status is {task.status or '-'}, not READY")


def _lease(task: Task, situation: Situation) -> Reason | None:
    holder = situation.held.get(task.id)
    if holder:
        return Reason("lease", f"{holder} holds the lease until {task.lock_expires_at}")
    if task.lock.strip() not in FREE_LOCKS:
        text = f"the lock {task.lock} (until {task.lock_expires_at}) is not the dispatcher's"
        return Reason("lease", text)
    return None


def _dependency(task_id: str, other: str, situation: Situation) -> Reason | None:
    if other == task_id:
        return Reason("dependency", f"{task_id} depends on itself")
    status = situation.statuses.get(other)
    if status is None:
        return Reason("dependency", f"{other} is not in the ledger")
    if status != "DONE":
        return Reason("dependency", f"{other} is {status or '-'}, not DONE")
    return None


def _approval(task: Task, situation: Situation) -> Reason | None:
    open_approval = situation.pending.get(task.id)
    if not open_approval:
        return None
    return Reason("approval", f"approval {open_approval} waits for a decision")


def _failures(task: Task, situation: Situation) -> Reason | None:
    failed = situation.failures.get(task.id, 0)
    if failed < situation.max_failures:
        return None
    text = f"{failed} failed attempts (limit {situation.max_failures})"
    return Reason("failures", text)
