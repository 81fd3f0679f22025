"""Look at the board once and say everything that the scheduler needs to know."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from orch_next.core.flags import read_flags
from orch_next.core.lease_store import LeaseSnapshot
from orch_next.core.leases import LONGEST_ID, Leases
from orch_next.core.records import Task
from orch_next.core.schema import Snapshot
from orch_next.core.state import State
from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.scheduler import Forecast, Situation, equals
from orch_next.errors import BusyError, DamagedError

log = logging.getLogger(__name__)

# A core's id and tasks -> those that can be foreseen: chance of success (0..1), milliseconds.
Predict: TypeAlias = Callable[[str, Sequence[str]], Mapping[str, tuple[float, float]]]


@dataclass(frozen=True)
class Lookout:
    """Makes a `Situation` of the ledgers, the leases and the flags as they are now.

    `predict` may raise BusyError; None: nothing is predicted.
    """

    state: State
    leases: Leases
    predict: Predict | None = None

    def look(self, seen: LeaseSnapshot | None = None) -> Situation:
        """Return the situation; damage or FREEZE make it a frozen one.

        Whoever has read the leases already hands over what was `seen`.
        """
        tasks, damage = self._tasks()
        records = tasks.records if tasks else ()
        leases = seen or self.leases.store.snapshot()
        return Situation(
            tasks=records,
            held={lease.task_id: lease.core for lease in leases.held},
            failures=_counted(records, leases.failures),
            pending=self._pending(),
            faults=_faults(tasks),
            frozen=read_flags(self.state.folder).frozen or damage,
            max_failures=self.leases.rules.max_failures,
        )

    def look_for(self, core: Core, seen: LeaseSnapshot | None = None) -> Situation:
        """Return the situation with forecasts for those of the core's tasks that are equal."""
        situation = self.look(seen)
        tied = equals(core, situation) if self.predict else []
        if self.predict is None or not tied:
            return situation
        try:
            foreseen = self.predict(core.id, tied)
        except BusyError as error:
            # Nothing may wait for a prediction: the file's order is good enough.
            log.warning("tasks are dispatched without predictions: %s", error)
            return situation
        return replace(
            situation, forecasts={task_id: Forecast(*one) for task_id, one in foreseen.items()}
        )

    def _tasks(self) -> tuple[Snapshot[Task] | None, str]:
        try:
            tasks = self.state.tasks
        except DamagedError as error:
            return None, str(error)
        return tasks, "TASKS.md is damaged; its last good rows are shown" if tasks.stale else ""

    def _pending(self) -> dict[str, str]:
        try:
            approvals = self.state.approvals.records
        except DamagedError:
            return {}
        return {one.task_id: one.appr_id for one in approvals if one.status == "pending"}


def _counted(tasks: Sequence[Task], failures: Mapping[str, int]) -> dict[str, int]:
    # At the limit a task goes to HOLD; READY again means that a person forgave it.
    ready = {task.id for task in tasks if task.status == "READY"}
    return {task_id: count for task_id, count in failures.items() if task_id not in ready}


def _faults(tasks: Snapshot[Task] | None) -> dict[str, str]:
    if tasks is None:
        return {}
    long = {task.id: "the id is too long" for task in tasks.records if len(task.id) > LONGEST_ID}
    return long | {one.record_id: one.message for one in tasks.problems if one.severity == "row"}
