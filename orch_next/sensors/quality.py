"""Quality metrics, system health and alerts from ledgers and host (contract 0.2 and 1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from orch_next.clock import as_local_iso, as_local_slashes, find_seconds
from orch_next.core.schema import Approval, Record, Task
from orch_next.sensors.host import HostReading

MANY_PENDING = 5


def quality_metrics(
    tasks: Sequence[Task], approvals: Sequence[Approval], host: HostReading, now: datetime
) -> dict[str, Any]:
    """Return the QualityMetrics of contract 0.2; shares are 0..1, and 0 for no rows."""
    tasks, approvals = _counted(tasks), _counted(approvals)
    return {
        "task_completion_rate": _share(tasks, "DONE"),
        "approval_rate": _share(approvals, "approved"),
        "system_health_score": host.score,
        "active_tasks": _count(tasks, "DOING"),
        "pending_approvals": _count(approvals, "pending"),
        "last_updated": as_local_slashes(now),
    }


def system_health(host: HostReading) -> dict[str, Any]:
    """Return the SystemHealth of contract 0.2."""
    return {
        "health": {
            "health_score": host.score,
            "status": host.status,
            "cpu_percent": host.cpu_percent,
            "memory_percent": host.memory_percent,
            "disk_percent": host.disk_percent,
        },
        "system_info": {"platform": host.platform, "python_version": host.python_version},
        "timestamp": as_local_slashes(host.at),
    }


def quality_alerts(
    tasks: Sequence[Task], approvals: Sequence[Approval], host: HostReading, now: datetime
) -> list[dict[str, Any]]:
    """Return the alerts of contract 0.2: a critical host, locks that ran out, many pending.

    The host's status is read where it is (D14), and lock times are compared in UTC (D15).
    """
    alerts = []
    if host.status == "critical":
        message = f"システムヘルススコア: {host.score:g}%"
        alerts.append(("system_health_critical", "error", "システムヘルス警告", message))
    for task in _counted(tasks):
        if task.status == "DOING" and _has_run_out(task.lock_expires_at, now):
            message = f"タスク {task.id}: {task.title} がタイムアウトしました"
            alerts.append((f"task_timeout_{task.id}", "warning", "タスクタイムアウト", message))
    pending = _count(_counted(approvals), "pending")
    if pending > MANY_PENDING:
        message = f"{pending}件の承認が待機中です"
        alerts.append(("pending_approvals_high", "info", "承認待ち多数", message))
    names = ("id", "type", "title", "message")
    at = as_local_iso(now)
    return [{**dict(zip(names, alert, strict=True)), "timestamp": at} for alert in alerts]


def _counted(records: Sequence[Any]) -> list[Any]:
    """Leave out rows without an id (contract 1.2, `/api/quality/metrics`)."""
    return [record for record in records if isinstance(record, Record) and record.key]


def _count(records: Sequence[Any], status: str) -> int:
    return sum(record.status == status for record in records)


def _share(records: Sequence[Any], status: str) -> float:
    return _count(records, status) / len(records) if records else 0


def _has_run_out(expires_at: str, now: datetime) -> bool:
    expires = find_seconds(expires_at)
    return expires is not None and expires < now  # None: "-", or what only people read
