"""Say why a task is not running, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orch_next.core.records import Task
from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.scheduler import Reason, Situation, explain, fits


def explain_task(
    task: Task, situation: Situation, cores: Sequence[Core], running: Mapping[str, str]
) -> list[Reason]:
    """List the reasons for the core that could take the task soonest.

    `cores` are those that may take it (one, when asked about one), `running` the ids of
    those with a session, each with what keeps it from taking tasks (empty: nothing).
    Without a core that fits, the owner is the reason.
    """
    general = explain(task, None, situation)
    if task.id in situation.held:
        return general  # a core has it already
    fitting = [core for core in cores if fits(task.owner, core)]
    if not fitting:
        return [*general, _no_core(task, cores)]
    at_work = [core for core in fitting if running.get(core.id) == ""]
    asked = at_work or fitting
    open_cores = [core for core in asked if len(explain(task, core, situation)) == len(general)]
    if not open_cores:
        return explain(task, asked[0], situation)
    return general if general or at_work else [_nobody_takes(open_cores, running)]


def _nobody_takes(cores: Sequence[Core], running: Mapping[str, str]) -> Reason:
    told = [running[core.id] for core in cores if core.id in running]
    names = ", ".join(core.id for core in cores)
    return Reason("core", "; ".join(told) or f"no session is open for {names}")


def _no_core(task: Task, cores: Sequence[Core]) -> Reason:
    if len(cores) == 1:
        owner, core = task.owner or "-", cores[0]
        return Reason("owner", f"owner {owner} is neither {core.id} nor its role {core.role}")
    return Reason("owner", f"no core is {task.owner or '-'} or has that role")


def plan_json(tasks: Sequence[Task], room: int) -> list[dict[str, Any]]:
    """Return the tasks of a dry run in order; `taken` marks those that would be taken."""
    return [
        {"task_id": task.id, "title": task.title, "notes": task.notes, "taken": place < room}
        for place, task in enumerate(tasks)
    ]
