"""Test data: every route of the contract with a request that succeeds and the answer's shape.

Written down from the contract (1.2 and 0.2), so that the tests need no other source. Keys that
we added stand in `MORE` of a shape, which allows them; a missing or mistyped key is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.test_blueprints_contract import (
    APPROVAL,
    CHANGED_APPROVAL,
    CHANGED_TASK,
    EVENT,
    JOB,
    LOCAL_ISO,
    LOCAL_SLASHES,
    MILESTONE,
    SYSTEM_HEALTH,
    TASK,
    ledger,
)

ANY: Any = (str, int, float, bool, type(None), list, dict)
MORE: dict[Any, Any] = {...: ANY}
UTC_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
NUMBER: Any = (int, float)
SHARE: Any = (float, 0)
TEXT = re.compile(r"(?s).+")
DONE: dict[Any, Any] = {"success": True}


def texts(*names: str) -> dict[Any, Any]:
    return dict.fromkeys(names, str)


ALERT = {
    **texts("id", "title", "message"),
    "type": re.compile("error|warning|info"),
    "timestamp": LOCAL_ISO,
    **MORE,
}
RULE = {
    **texts("id", "name", "description"),
    "category": re.compile("Format|Code Quality|Security|Safety"),
    "status": re.compile("active|inactive"),
    "severity": re.compile("critical|high|medium|low"),
    "violations": int,
    "last_check": LOCAL_ISO,
    **MORE,
}
VIOLATION = {
    **texts("id", "rule_id", "rule_name", "file", "message"),
    "line": int,
    "severity": re.compile("critical|high|medium|low"),
    "detected_at": LOCAL_ISO,
    "status": "open",
    **MORE,
}
FILE = {"name": str, "status": re.compile("added|modified|deleted"), "changes": int}
BRANCH = {"name": str, "active": bool, "type": re.compile("local|remote")}
COMMIT = {
    "hash": re.compile("[0-9a-f]{40}"),
    **texts("message", "author", "date"),
    "files": [FILE],
    **MORE,
}
QUALITY = {
    "task_completion_rate": SHARE,
    "approval_rate": SHARE,
    "system_health_score": float,
    "active_tasks": int,
    "pending_approvals": int,
    "last_updated": LOCAL_SLASHES,
}
DISK = {
    **texts("device", "mountpoint", "file_system"),
    **dict.fromkeys(("total", "used", "free"), int),
    **dict.fromkeys(("percentage", "total_gb", "used_gb", "free_gb"), float),
}
PROCESS = {
    "pid": int,
    "name": str,
    "cpu_percent": (float, None),
    "memory_percent": (float, None),
}
DETAILED = {
    "timestamp": UTC_ISO,
    "health_score": int,
    "health_status": re.compile("良好|警告|注意|エラー"),
    "warnings": [str],
    "system_info": texts(
        *("platform", "platform_release", "platform_version"),
        *("architecture", "hostname", "processor"),
    ),
    "cpu_info": {
        "physical_cores": (int, None),
        "total_cores": int,
        "max_frequency": float,
        "current_frequency": float,
        "cpu_usage": float,
        "per_core_usage": [float],
    },
    "memory_info": {
        **dict.fromkeys(("total", "available", "used"), int),
        **dict.fromkeys(("percentage", "total_gb", "available_gb", "used_gb"), float),
    },
    "disk_info": [DISK],
    "network_info": {
        **dict.fromkeys(("bytes_sent", "bytes_recv", "packets_sent", "packets_recv"), (int, None)),
        **dict.fromkeys(("bytes_sent_mb", "bytes_recv_mb"), (float, None)),
    },
    "top_processes": [PROCESS],
    "bios_info": dict,
    "temperature_info": dict,
}
AGENT = {
    **texts("id", "name", "status", "updated_at", "heartbeat_at"),
    "tags": list,
    "reports": list,
    **MORE,
}
STATUS = {
    "dispatcher": {"running": False, "processes": [], **MORE},
    "locks": [],
    "tasks": [TASK],
    "milestones": [MILESTONE],
    "systemHealth": SYSTEM_HEALTH,
    "timestamp": LOCAL_ISO,
    "status": "active",
    "time": LOCAL_ISO,
    "metrics": {"cpu": float, "mem": float},
    **MORE,
}
LOAD = dict.fromkeys(("cpu_usage", "memory_usage", "disk_usage"), float)
# What a process may not have measured yet is null: never a guess.
PERFORMANCE = {**LOAD, **dict.fromkeys(("avg_response_time", "network_latency"), (float, None))}
RECENT = {**texts("title", "severity", "message"), "timestamp": LOCAL_ISO, **MORE}
GUARD = {
    **dict.fromkeys(("running", "log_exists", "heartbeat_exists"), bool),
    **dict.fromkeys(("last_update_iso", "last_event"), (str, None)),
    **texts("path", "heartbeat_path"),
}
AUDIT = {
    "active_recently": bool,
    **texts("path", "heartbeat_path"),
    "last_update_iso": (str, None),
    "source": re.compile("heartbeat|md_mtime"),
}
INSTRUCTION = {
    "id": re.compile(r"INS-\d+(-\d+)?"),
    **texts("title", "detail", "owner"),
    "created_at": LOCAL_ISO,
}
OVERVIEW = {
    "total_tasks": int,
    "task_status_counts": dict,
    "approval_status_counts": dict,
    "last_updated": LOCAL_ISO,
}
COUNTS = {
    f"{name}": int
    for name in (
        *("total_rules", "active_rules", "inactive_rules", "total_violations"),
        *(f"{grade}_violations" for grade in ("critical", "high", "medium", "low")),
    )
}
SUMMARY = {
    name: int
    for name in (
        *(f"{kind}_violations" for kind in ("total", "open", "resolved")),
        *(f"{grade}_count" for grade in ("critical", "high", "medium", "low")),
    )
}
SECURITY = {
    "overall_status": re.compile("healthy|warning|critical"),
    **dict.fromkeys(
        (
            *("active_sessions", "failed_login_attempts"),
            *("security_score", "failed_attempts_count"),
        ),
        int,
    ),
    **dict.fromkeys(("encryption_enabled", "audit_logging", "ip_whitelist_enabled"), bool),
    "security_policies": dict,
    "timestamp": LOCAL_ISO,
    **MORE,
}


LEARNING = {
    **dict.fromkeys(("model_count", "training_data_count"), int),
    "last_training_time": (LOCAL_ISO, None),
    "average_accuracy": float,
    **MORE,
}
PARAMETERS = {
    "parameter_set_id": TEXT,
    **dict.fromkeys(("timeout_ms", "retry_count", "batch_size", "memory_limit_mb"), int),
    **dict.fromkeys(("success_rate", "avg_execution_time_ms"), float),
}
OUTCOME = {
    **texts("task_id", "operation_type"),
    "success": bool,
    "execution_time_ms": float,
    "error_message": (str, None),
    "files_modified": [str],
    "performance_metrics": dict,
    "timestamp": LOCAL_ISO,
    **MORE,
}
RUN = {
    "task_id": "001",
    "operation_type": "file_operations",
    "success": False,
    "execution_time_ms": 1500.5,
    "error_message": "ファイルが見つかりません: C:\\作業\\報告.md",
}


@dataclass(frozen=True)
class Case:
    """A request to a route and what comes back; `shape` None: it is no JSON.

    `as_role` needs token authentication; `says` stands in an answer that is no JSON;
    `prepare` gets the MOC root before the server starts; `runs` are recorded of a script
    before the request; `ml` False takes the extra away; `before` and `after` are posted.
    """

    method: str
    path: str
    url: str = ""
    body: Any = None
    status: int = 200
    shape: Any = None
    kind: str = "application/json"
    says: str = ""
    as_role: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[Path], object] = lambda _moc_root: None
    runs: int = 0
    ml: bool = True
    before: tuple[str, Any] | None = None
    after: str = ""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def page(path: str, title: str) -> Case:
    return Case("GET", path, kind="text/html", says=f"<title>{title}</title>")


def get(path: str, shape: Any, url: str = "", **more: Any) -> Case:
    return Case("GET", path, url=url, shape=shape, **more)


def post(path: str, body: Any, shape: Any, url: str = "", **more: Any) -> Case:
    return Case("POST", path, url=url, body=body, shape=shape, **more)


def monitoring(data: Any, **more: Any) -> dict[Any, Any]:
    return {"success": True, "data": data, "timestamp": LOCAL_ISO, **more}


LOGIN = {"username": "田中", "password": "正しい馬の電池ホッチキス42"}
STREAM = "text/event-stream"

CASES = [
    page("/", "ORCH統合管理システム"),
    page("/tasks", "タスク管理"),
    page("/approvals", "承認管理"),
    page("/agents", "Agents Management"),
    page("/console", "コンソール"),
    page("/realtime", "ORCH-Next Phase 4 リアルタイム監視ダッシュボード"),
    page("/monitoring", "ORCH 監視ダッシュボード"),
    page("/security", "セキュリティダッシュボード - ORCH統合管理システム"),
    page("/ml", "ML/DB統合"),
    page("/ps1", "PS1パラメータ最適化"),
    page("/results", "作業結果データベース"),
    page("/tasks/new", "新規タスク作成"),
    Case("GET", "/dashboard", status=302, kind="text/html", says='href="/"'),
    Case("GET", "/static/<path:filename>", "/static/css/base.css", kind="text/css"),
    get("/api/overview", {"system_status": OVERVIEW}),
    get("/api/tasks", ledger("tasks", TASK)),
    get("/api/approvals", ledger("approvals", APPROVAL)),
    get("/api/milestones", ledger("milestones", MILESTONE)),
    *(
        post(f"/api/tasks/{verb}", {"task_id": "001"}, CHANGED_TASK)
        for verb in ("promote", "approve_done", "request_fix", "hold", "drop")
    ),
    post("/api/tasks/create", {"title": "新しい課題"}, {**CHANGED_TASK, "id": str}),
    post("/api/task/create", {"title": "新しい課題"}, {**CHANGED_TASK, "id": str, "message": TEXT}),
    post("/api/approvals/approve", {"appr_id": "A002"}, CHANGED_APPROVAL),
    post("/api/approvals/reject", {"appr_id": "A002"}, CHANGED_APPROVAL),
    post("/api/approval/<approval_id>/update", {}, CHANGED_APPROVAL, "/api/approval/A002/update"),
    get("/jobs", {"items": [JOB], "next_page": None}),
    get("/jobs/<job_id>", JOB, "/jobs/001"),
    post(
        "/jobs/<job_id>/approve",
        {},
        {**DONE, "message": "Job approved successfully"},
        "/jobs/001/approve",
    ),
    post(
        "/jobs/<job_id>/reject",
        {},
        {**DONE, "message": "Job rejected successfully"},
        "/jobs/001/reject",
    ),
    Case("GET", "/jobs/<job_id>/events", "/jobs/001/events", kind=STREAM, says="event: status"),
    get("/audit/events", [EVENT]),
    get("/api/quality/metrics", QUALITY),
    get("/api/quality/health", {**SYSTEM_HEALTH, **MORE}),
    get("/api/quality/alerts", {"alerts": [ALERT]}),
    Case("GET", "/metrics", kind="text/plain", says="orch_task_completion_rate"),
    get(
        "/health",
        {
            "status": "ok",
            "time": LOCAL_ISO,
            "cpu_pct": float,
            "mem": {"total": int, "available": int, "percent": float},
            "version": "v1",
        },
    ),
    get(
        "/api/system-health",
        {
            **DETAILED,
            "status": "ok",
            "uptime": LOCAL_ISO,
            **dict.fromkeys(("cpu_pct", "mem_pct", "cpu_percent"), float),
            "healthy": bool,
            "mem_used_mb": int,
        },
    ),
    Case("GET", "/api/system_health", status=302, kind="text/html", says="/api/system-health"),
    get("/api/system/detailed", DETAILED),
    get("/api/rules", {"rules": [RULE], "statistics": COUNTS}),
    get("/api/rules/violations", {"violations": [VIOLATION], "summary": SUMMARY}),
    get(
        "/api/git/graph",
        {
            **DONE,
            "branches": [BRANCH],
            "commits": [{**COMMIT, "branch": str}],
            "last_updated": LOCAL_ISO,
            **MORE,
        },
    ),
    get("/api/git/branches", {**DONE, "branches": [BRANCH]}),
    get(
        "/api/git/commit/<commit_sha>",
        {**DONE, "commit": {**COMMIT, **texts("email", "body")}},
        "/api/git/commit/main",
    ),
    post(
        "/dispatch",
        {"coreId": "WORK_AI_01"},
        {**DONE, "pid": int, "command": str, **MORE},
    ),
    post("/dispatch/stop", {}, {**DONE, "stopped": [int], **MORE}),
    get("/status", STATUS),
    get(
        "/api/status",
        {
            "status": "ok",
            "timestamp": LOCAL_ISO,
            "services": {
                "dashboard": "running",
                **dict.fromkeys(
                    ("monitoring", "security", "ml_engine"), re.compile("active|inactive")
                ),
            },
            "system": dict.fromkeys(("cpu_percent", "memory_percent", "disk_percent"), float),
        },
    ),
    Case("GET", "/events", kind=STREAM, says="retry: 3000"),
    Case("GET", "/events/health", kind=STREAM, says="retry: 3000"),
    get("/api/ml/status", LEARNING),
    get(
        "/api/ml/optimize/<script_name>",
        {**DONE, "optimized_parameters": PARAMETERS, "recommendation": dict},
        "/api/ml/optimize/task_processor",
        runs=20,
    ),
    post(
        "/api/ml/train",
        {"epochs": 7},
        {**DONE, "message": "モデル訓練を開始しました（エポック数: 7）"},
        after="/api/ml/train/cancel",
    ),
    get(
        "/api/knowledge/work_outcomes/<task_id>",
        {"work_outcomes": [OUTCOME]},
        "/api/knowledge/work_outcomes/003",
        runs=20,
    ),
    post(
        "/api/knowledge/save_outcome",
        RUN,
        {**DONE, "message": "作業結果を保存しました", **MORE},
    ),
    get(
        "/api/ml/retrain/status",
        {"is_running": False, "config": dict, "next_run_estimate": None},
    ),
    post(
        "/api/ml/retrain/start",
        {},
        {**DONE, "message": "自動再訓練スケジューラーを開始しました"},
        after="/api/ml/retrain/stop",
    ),
    post(
        "/api/ml/retrain/stop",
        {},
        {**DONE, "message": "自動再訓練スケジューラーを停止しました"},
    ),
    post(
        "/api/ml/retrain/manual",
        {},
        {**DONE, "message": "手動再訓練を開始しました"},
        after="/api/ml/train/cancel",
    ),
    get("/api/v3/task-overview", dict),
    get("/api/v3/task-flow", {"nodes": list, "edges": list}),
    get("/api/v3/console-topology", {"nodes": list, "edges": list, "summary": dict, **MORE}),
    get("/api/v3/task-timeline", {"hours": 24, "events": list, **MORE}),
    get("/api/v3/performance-heatmap", {"cells": [[int]], **MORE}),
    get(
        "/api/work/progress",
        {**DONE, "md_tail": [str], "test_summary": ANY, "updated_at": LOCAL_ISO},
    ),
    get("/api/work/instructions", {**DONE, "items": [INSTRUCTION]}),
    post("/api/work/instructions", {"title": "点検"}, {**DONE, "item": INSTRUCTION}),
    post(
        "/api/ai/optimize",
        {},
        {
            **DONE,
            "message": "Metrics optimized using Hive-Mind AI",
            "optimized_metrics": QUALITY,
            **MORE,
        },
    ),
    post(
        "/api/ai/heal",
        {},
        {
            **DONE,
            "message": "System self-healed using Hive-Mind AI",
            "current_health": SYSTEM_HEALTH,
            **MORE,
        },
    ),
    get(
        "/api/autopilot/status",
        {**DONE, "data": {"guard": GUARD, "audit": AUDIT, "timestamp": LOCAL_ISO}},
    ),
    get("/api/autopilot/logs", {**DONE, "lines": [], "note": "log not found"}),
    get("/api/agents/list", [AGENT]),
    post("/api/agents/register", {"id": "AG-AUDIT"}, {**DONE, "id": "AG-AUDIT"}),
    post(
        "/api/agents/update",
        {"id": "AG-01", "status": "active"},
        {**DONE, "timestamp": LOCAL_ISO, "request_id": str, "data": {"agent": dict}},
    ),
    post("/api/agents/remove", {"id": "AG-01"}, {**DONE, "removed": 1}),
    post("/api/agents/heartbeat", {"id": "AG-01"}, {**DONE, "id": "AG-01"}),
    post("/api/agents/report", {"id": "AG-01", "summary": "済み"}, {**DONE, "id": "AG-01"}),
    get(
        "/api/debug/routes",
        {
            **DONE,
            "count": int,
            "routes": [{"endpoint": str, "methods": [str], "rule": str}],
        },
        settings={"debug_routes": True},
    ),
    get("/api/monitoring/performance", monitoring({**PERFORMANCE, "timestamp": LOCAL_ISO})),
    get(
        "/api/monitoring/alerts",
        monitoring(
            {
                "active_count": int,
                "daily_count": int,
                "recent_alerts": [RECENT],
                "timestamp": LOCAL_ISO,
            }
        ),
    ),
    get(
        "/api/monitoring/status",
        monitoring(
            {
                "overall_status": re.compile("healthy|warning|critical|error"),
                "uptime": float,
                "last_update": LOCAL_ISO,
                "metrics": PERFORMANCE,
                "alerts_active": int,
                "monitoring_active": bool,
                **dict.fromkeys(("error_rate", "test_coverage"), (float, None)),
            }
        ),
    ),
    get(
        "/api/monitoring/metrics/history",
        monitoring(
            {
                "performance": [{**LOAD, "timestamp": LOCAL_ISO}],
                "response_times": [{"timestamp": LOCAL_ISO, "response_time": float}],
                "alerts": [RECENT],
            },
            parameters={"hours": 24, "type": "all"},
        ),
    ),
    get("/api/security/status", SECURITY),
    post("/api/security/login", LOGIN, {**DONE, "token": TEXT}, as_role="CMD"),
    post(
        "/api/security/register",
        {**LOGIN, "username": "鈴木"},
        {**DONE, "message": "ユーザーが正常に登録されました", **MORE},
        as_role="CMD",
    ),
    get(
        "/api/security/audit",
        {"logs": [{**texts("action", "user", "timestamp"), "details": dict}]},
        as_role="CMD",
    ),
]

# Routes whose test stands elsewhere, with the reason.
ELSEWHERE = {"POST /callbacks/terminal": "needs a signature: tests/test_blueprints_callbacks.py"}
