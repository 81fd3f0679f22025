"""Say why a task is not running, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orch_next.core.records import Task
from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.scheduler import Reason, Situation, explain, fits, ready_tasks


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


def plan_json(core: Core, situation: Situation) -> list[dict[str, Any]]:
    """Return what a core could take, in order; `taken` marks what it would take now.

    `prediction` is what a forecast says of the task and whether it moved it, else None.
    """
    room = max(core.limit - situation.loads[core.id], 0)
    plain = _places(core, replace(situation, forecasts={}))
    return [
        {
            "task_id": task.id,
            "title": task.title,
            "notes": task.notes,
            "taken": place <= room,
            "prediction": _prediction(task.id, place, plain, situation),
        }
        for place, task in enumerate(ready_tasks(core, situation), start=1)
    ]


def explain_place(task: Task, core: Core, situation: Situation) -> dict[str, Any] | None:
    """Say where a forecast puts the task among what the core could take; None without one."""
    places = _places(core, situation) if task.id in situation.forecasts else {}
    if task.id not in places:
        return None
    plain = _places(core, replace(situation, forecasts={}))
    found = _prediction(task.id, places[task.id], plain, situation)
    return found and {"coreId": core.id, **found}


def _places(core: Core, situation: Situation) -> dict[str, int]:
    return {task.id: place for place, task in enumerate(ready_tasks(core, situation), start=1)}


def _prediction(
    task_id: str, place: int, plain: Mapping[str, int], situation: Situation
) -> dict[str, Any] | None:
    forecast = situation.forecasts.get(task_id)
    if forecast is None:
        return None
    return {
        "success_rate": round(forecast.success_rate, 4),
        "execution_time_ms": round(forecast.time_ms, 1),
        "place": place,
        "place_without": plain[task_id],
        "decided": place != plain[task_id],
    }
