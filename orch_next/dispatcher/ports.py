"""The three functions that the legacy's migration plan names (contract 5.1)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from orch_next.dispatcher.control import Control

log = logging.getLogger(__name__)


def dispatch_task(control: Control, core_id: str, *, dry_run: bool = False) -> dict[str, Any]:
    """Port of `Dispatch-Task`: let a core take one task; answers as contract 5.3 has it.

    With `dry_run` nothing is taken. Raise as `Control.start` does.
    """
    if dry_run:
        return control.dry_run(core_id)
    control.start({"coreId": core_id, "stay": False})
    before = {lease.task_id: lease.generation for lease in control.leases.store.held()}
    control.step()
    taken = [
        lease.task_id
        for lease in control.leases.store.held()
        if lease.core == core_id and before.get(lease.task_id) != lease.generation
    ]
    message = f"Task {taken[0]} dispatched to {core_id}" if taken else "No tasks available"
    return {
        "success": bool(taken),
        "task_id": taken[0] if taken else None,
        "message": message,
        "timestamp": control.leases.clock.now().isoformat(),
    }


def get_system_stats(control: Control) -> dict[str, Any]:
    """Port of `Get-SystemStats`: sessions, jobs, leases and tasks by status."""
    return control.stats()


def monitor_loop(control: Control, *, stopping: Callable[[], bool]) -> None:
    """Port of `Run-MonitorLoop`: step until `stopping()`, then close; for a real thread.

    An error that a step does not handle is logged, and the loop lives on.
    """
    while not stopping():
        try:
            control.step()
        except Exception:
            log.exception("the dispatcher's step failed")
        control.wait()
    control.close()
