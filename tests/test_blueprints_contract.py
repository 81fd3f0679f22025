"""Every route's status, keys, types and messages, as the contract has them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.shapes import differences

LOCAL_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
LOCAL_SLASHES = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d")
REV = re.compile(r"\S+")
WHY = re.compile(r".+", re.DOTALL)

TASK: dict[Any, Any] = dict.fromkeys(
    (
        *("id", "title", "status", "owner", "lock", "lock_owner"),
        *("lock_expires_at", "due", "artifact", "notes"),
    ),
    str,
)
APPROVAL: dict[Any, Any] = dict.fromkeys(
    (
        *("appr_id", "task_id", "op", "status", "requested_by", "approver"),
        *("approver_role", "ts_req", "ts_dec", "evidence"),
    ),
    str,
)
MILESTONE: dict[Any, Any] = {
    **dict.fromkeys(
        ("ms_id", "name", "status", "owner", "due", "kpi", "description", "notes"), str
    ),
    "epic_ids": [str],
    "task_ids": [str],
}
JOB: dict[Any, Any] = {
    **dict.fromkeys(("id", "title", "status", "owner", "due", "artifact", "notes"), str),
    "approvals": [APPROVAL],
}
PROBLEM: dict[Any, Any] = {
    **dict.fromkeys(("file", "severity", "code", "record_id", "message"), str),
    "line": int,
}
EVENT: dict[Any, Any] = {
    "id": int,
    **dict.fromkeys(
        (
            *("event_type", "user_id", "resource_type", "resource_id"),
            *("action", "details", "timestamp", "ip_address"),
        ),
        str,
    ),
}
SYSTEM_HEALTH: dict[Any, Any] = {
    "health": {
        "health_score": float,
        "status": re.compile("excellent|good|warning|critical"),
        **dict.fromkeys(("cpu_percent", "memory_percent", "disk_percent"), float),
    },
    "system_info": {"platform": str, "python_version": str},
    "timestamp": LOCAL_SLASHES,
}


def listed(shape: dict[Any, Any]) -> dict[Any, Any]:
    return {**shape, "rev": REV}


def ledger(key: str, shape: dict[Any, Any]) -> dict[Any, Any]:
    return {key: [listed(shape)], "count": int, "problems": [PROBLEM], "stale": False}


READS: list[tuple[str, Any]] = [
    ("/api/tasks", ledger("tasks", TASK)),
    ("/api/approvals", ledger("approvals", APPROVAL)),
    ("/api/milestones", ledger("milestones", MILESTONE)),
    (
        "/api/overview",
        {
            "system_status": {
                "total_tasks": 3,
                "task_status_counts": {"REVIEW": 1, "PLAN": 1, "DONE": 1},
                "approval_status_counts": {"approved": 1, "pending": 2},
                "last_updated": LOCAL_ISO,
            }
        },
    ),
    ("/jobs", {"items": [JOB], "next_page": None}),
    ("/jobs/001", JOB),
    (
        "/status",
        {
            "dispatcher": {"running": False, "processes": [], "problems": {}, "draining": []},
            "locks": [],
            "tasks": [TASK],
            "milestones": [MILESTONE],
            "systemHealth": SYSTEM_HEALTH,
            "timestamp": LOCAL_ISO,
            "status": "active",
            "time": LOCAL_ISO,
            "metrics": {"cpu": float, "mem": float},
            "phase": "init",
        },
    ),
    (
        "/health",
        {
            "status": "ok",
            "time": LOCAL_ISO,
            "cpu_pct": float,
            "mem": {"total": int, "available": int, "percent": float},
            "version": "v1",
        },
    ),
    ("/audit/events", []),
]


@pytest.mark.parametrize(("path", "shape"), READS, ids=[path for path, _ in READS])
def test_reads(client: FlaskClient, path: str, shape: Any) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert differences(answer.json, shape) == []


DONE: dict[Any, Any] = {"success": True, "rev": REV}
CHANGED_TASK = {**DONE, "task": listed(TASK)}
CHANGED_APPROVAL = {**DONE, "approval": listed(APPROVAL)}
REFUSED = {"success": False, "error": WHY}
NEW_TASK = {"title": "新しい課題", "owner": "WORK", "notes": "備考"}

WRITES: list[tuple[str, Any, int, Any]] = [
    *(
        (f"/api/tasks/{verb}", {"task_id": "001"}, 200, CHANGED_TASK)
        for verb in ("promote", "approve_done", "request_fix", "hold", "drop")
    ),
    *(
        (f"/api/tasks/{verb}", {}, 400, {"success": False, "error": "task_id is required"})
        for verb in ("promote", "approve_done", "request_fix", "hold", "drop")
    ),
    ("/api/tasks/promote", {"task_id": "999"}, 200, REFUSED),
    ("/api/tasks/promote", {"task_id": ""}, 400, {**REFUSED, "error": "task_id is required"}),
    ("/api/tasks/promote", {"task_id": 0}, 400, {**REFUSED, "error": "task_id is required"}),
    ("/api/tasks/promote", {"task_id": 1}, 400, {**REFUSED, "error": "task_id must be a string"}),
    ("/api/tasks/create", NEW_TASK, 200, {**CHANGED_TASK, "id": "003"}),
    ("/api/tasks/create", {**NEW_TASK, "due_date": None}, 200, {**CHANGED_TASK, "id": "003"}),
    ("/api/tasks/create", {}, 400, {**REFUSED, "error": "title is required"}),
    (
        "/api/task/create",
        {**NEW_TASK, "due": "2025-12-01"},
        200,
        {**CHANGED_TASK, "id": "003", "message": "タスクを作成しました"},
    ),
    ("/api/approvals/approve", {"appr_id": "A002"}, 200, CHANGED_APPROVAL),
    ("/api/approvals/reject", {"appr_id": "A002"}, 200, CHANGED_APPROVAL),
    ("/api/approvals/approve", {}, 400, {**REFUSED, "error": "appr_id is required"}),
    ("/api/approvals/reject", {}, 400, {**REFUSED, "error": "appr_id is required"}),
    ("/api/approvals/approve", {"appr_id": "A999"}, 200, REFUSED),
    ("/api/approvals/approve", {"appr_id": "A001"}, 200, REFUSED),
    ("/api/approvals/approve", {"appr_id": "A003"}, 200, REFUSED),
    ("/api/approval/A002/update", {}, 200, CHANGED_APPROVAL),
    ("/api/approval/A002/update", {"status": "rejected"}, 200, CHANGED_APPROVAL),
    ("/api/approval/A999/update", {}, 200, REFUSED),
    ("/jobs/001/approve", {}, 200, {"success": True, "message": "Job approved successfully"}),
    (
        "/jobs/001/reject",
        {"reason": "証跡がない"},
        200,
        {"success": True, "message": "Job rejected successfully"},
    ),
    (
        "/jobs/deploy-004/approve",
        {},
        404,
        {"success": False, "error": "No pending approval found for this job"},
    ),
    (
        "/jobs/999/reject",
        {},
        404,
        {"success": False, "error": "No pending approval found for this job"},
    ),
    ("/jobs/002/approve", {"approver": "CMD", "approver_role": "CMD"}, 409, REFUSED),
]


@pytest.mark.parametrize(("path", "body", "status", "shape"), WRITES)
def test_writes(client: FlaskClient, path: str, body: Any, status: int, shape: Any) -> None:
    answer = client.post(path, json=body)
    assert (answer.status_code, differences(answer.json, shape)) == (status, [])


def test_unknown_job(client: FlaskClient) -> None:
    answer = client.get("/jobs/999")
    assert (answer.status_code, answer.json) == (404, {"error": "Job not found"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/nothing", 404), ("GET", "/api/tasks/promote", 405), ("POST", "/jobs", 405)],
)
def test_wrong_url_keeps_its_own_status(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    answer = client.open(path, method=method)
    shape = {
        "success": False,
        "error": "internal_error",
        "detail": re.compile(rf"{status} .+"),
        "timestamp": LOCAL_ISO,
    }
    assert (answer.status_code, differences(answer.json, shape)) == (status, [])


def test_shape_differences_are_found() -> None:
    value = {"a": 1, "b": ["x", 2], "c": True}
    assert differences(value, {"a": str, "b": [str], "d": bool}) == [
        ".d: missing",
        ".a: 1 is no str",
        ".b[1]: 2 is no str",
        ".c: not in the contract",
    ]
