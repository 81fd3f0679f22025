from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from orch_next.core.schema import Approval, Task
from orch_next.sensors.host import HostReading
from orch_next.sensors.quality import quality_alerts, quality_metrics, system_health

NOW = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)
LOCAL = NOW.astimezone()
SLASHES = LOCAL.strftime("%Y/%m/%d %H:%M:%S")


def host(cpu: float = 12.5) -> HostReading:
    return HostReading(NOW, cpu, 8 << 30, 4 << 30, 50.0, 30.0, "Linux-6", "3.12.1")


def task(task_id: str, status: str, expires: str = "-") -> Task:
    cells = ["統合テスト", status, "WORK", "-", "-", expires, "-", r"C:\成果\報告.md", "-"]
    return Task(task_id, *cells)


def approval(appr_id: str, status: str) -> Approval:
    return Approval(appr_id, "001", "DONE", status, "WORK", "-", "-", "-", "-", "-")


def test_the_metrics_count_rows_that_have_an_id() -> None:
    tasks = [task("001", "DONE"), task("002", "DOING"), task("003", "PLAN"), task("", "DONE")]
    approvals = [approval("A1", "approved"), approval("A2", "pending")]
    assert quality_metrics(tasks, approvals, host(), NOW) == {
        "task_completion_rate": 1 / 3,
        "approval_rate": 0.5,
        "system_health_score": 50.0,
        "active_tasks": 1,
        "pending_approvals": 1,
        "last_updated": SLASHES,
    }


def test_the_shares_of_nothing_are_zero() -> None:
    found = quality_metrics([], [], host(), NOW)
    assert (found["task_completion_rate"], found["approval_rate"]) == (0, 0)


def test_the_health_is_the_hosts() -> None:
    assert system_health(host(91.25)) == {
        "health": {
            "health_score": 8.8,
            "status": "critical",
            "cpu_percent": 91.25,
            "memory_percent": 50.0,
            "disk_percent": 30.0,
        },
        "system_info": {"platform": "Linux-6", "python_version": "3.12.1"},
        "timestamp": SLASHES,
    }


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_nothing_wrong_is_no_alert() -> None:
    tasks = [
        task("001", "DOING", stamp(NOW + timedelta(minutes=1))),
        task("002", "DOING", "まだ"),
        task("003", "DONE", stamp(NOW - timedelta(days=1))),
    ]
    approvals = [approval(f"A{n}", "pending") for n in range(5)]
    assert quality_alerts(tasks, approvals, host(), NOW) == []


def test_each_trouble_is_its_alert() -> None:
    late = [task("007", "DOING", stamp(NOW - timedelta(seconds=1)))]
    approvals = [approval(f"A{n}", "pending") for n in range(6)]
    iso = LOCAL.replace(tzinfo=None).isoformat(timespec="microseconds")

    def alert(*values: str) -> dict[str, Any]:
        return dict(
            zip(("id", "type", "title", "message", "timestamp"), (*values, iso), strict=True)
        )

    assert quality_alerts(late, approvals, host(92.0), NOW) == [
        alert(
            "system_health_critical",
            "error",
            "システムヘルス警告",
            "システムヘルススコア: 8%",
        ),
        alert(
            "task_timeout_007",
            "warning",
            "タスクタイムアウト",
            "タスク 007: 統合テスト がタイムアウトしました",
        ),
        alert("pending_approvals_high", "info", "承認待ち多数", "6件の承認が待機中です"),
    ]
