"""Overview and /status: the union of the versions' keys (D45, contract 8.1)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, Response, jsonify

from orch_next.blueprints.answers import answer_list
from orch_next.blueprints.context import runtime
from orch_next.clock import as_local_iso
from orch_next.core.state import State
from orch_next.sensors.locks import LockFile, list_locks
from orch_next.sensors.quality import system_health

bp = Blueprint("status", __name__)


@bp.get("/api/overview")
def overview() -> Response:
    """Count tasks and approvals by status; `last_updated` is when the last change was seen."""
    state, now = runtime().board.state, runtime().now
    sources = (state.tasks, state.approvals)
    return answer_list(
        "overview",
        sources,
        lambda: {"system_status": {**count(state), "last_updated": as_local_iso(now())}},
    )


@bp.get("/status")
def get_status() -> Response:
    """Return dispatcher, locks, ledgers and host: version a's keys and those of c and d."""
    parts = runtime()
    host, time = parts.host.read(), as_local_iso(parts.now())
    return jsonify(
        dispatcher=parts.control.status(),
        locks=[as_lock(lock) for lock in list_locks(parts.settings.root / ".locks")],
        tasks=[task.as_json() for task in parts.board.state.tasks.records],
        milestones=[item.as_json() for item in parts.board.state.milestones.records],
        systemHealth=system_health(host),
        timestamp=time,
        status="active",
        time=time,
        metrics={"cpu": host.cpu_percent, "mem": host.memory_percent},
        phase="init",
    )


def count(state: State) -> dict[str, Any]:
    """Return the numbers of tasks and approvals in each status."""
    return {
        "total_tasks": len(state.tasks.records),
        "task_status_counts": Counter(task.status for task in state.tasks.records),
        "approval_status_counts": Counter(row.status for row in state.approvals.records),
    }


def as_lock(lock: LockFile) -> dict[str, Any]:
    """Return name, size in bytes and local time; the name alone when the file is gone."""
    if lock.size is None or lock.modified is None:
        return {"name": lock.name}
    return {"name": lock.name, "size": lock.size, "mtime": as_local_iso(lock.modified)}
