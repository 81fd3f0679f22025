"""Test data: the errors of the contract's routes that a client or the machine can bring about.

Statuses and texts are the contract's, but where docs/http.md says otherwise for a defect of
the legacy: a bad body is 400 (not 500), an unknown commit 404.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.contract_cases import LOCAL_ISO, LOGIN, RUN, TEXT, Case, get, post

REFUSED = {"success": False, "error": TEXT}
REASON = {"error": TEXT}
NO_URL = {
    "success": False,
    "error": "internal_error",
    "detail": re.compile("404 Not Found: .+"),
    "timestamp": LOCAL_ISO,
}
NO_ML = {"error": "ML機能が利用できません"}
NO_RETRAINING = {"error": "自動再訓練機能が利用できません"}
NO_DOOR = {"error": "セキュリティマネージャーが利用できません"}
CREDENTIALS = {"error": "ユーザー名とパスワードが必要です"}
UNAUTHORIZED = {"success": False, "error": "unauthorized", "detail": "missing_credentials"}


def refused(error: str | re.Pattern[str]) -> dict[str, Any]:
    return {"success": False, "error": error}


def write(name: str, text: str | bytes) -> Callable[[Path], object]:
    """Return what puts a file below the MOC root."""

    def prepare(moc_root: Path) -> None:
        path = moc_root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return prepare


def damage(name: str) -> Callable[[Path], object]:
    return write(f"ORCH/STATE/{name}.md", b"| task_id | title |\n|---|---|\n| 001 | \xff |\n")


def no_repository(moc_root: Path) -> None:
    (moc_root / ".git").rename(moc_root / "git")


def no_database(moc_root: Path) -> None:
    (moc_root / "data" / "orch-next.db").mkdir(parents=True)


def agents_config(**sections: Any) -> Callable[[Path], object]:
    return write("config/agents_api.json", json.dumps(sections))


def of_agents(method: str, verb: str) -> list[Case]:
    """Return the two refusals that every agents' route has."""
    path = f"/api/agents/{verb}"
    limited = {"success": False, "error": "rate_limit_exceeded", "limit": 1}
    return [
        Case(
            *(method, path, "", {"id": "AG-01"}, 401, UNAUTHORIZED),
            prepare=agents_config(auth={"required": True}),
        ),
        # Registering the fixture's agent was the one call of this minute.
        Case(
            *(method, path, "", {"id": "AG-01"}, 429, limited),
            prepare=agents_config(security={"rate_limit_per_minute": 1}),
        ),
    ]


BODIES = (
    *(f"/api/tasks/{verb}" for verb in ("promote", "approve_done", "request_fix", "hold", "drop")),
    *("/api/tasks/create", "/api/task/create"),
    *("/api/approvals/approve", "/api/approvals/reject", "/api/work/instructions"),
    *("/api/ml/train", "/api/knowledge/save_outcome", "/api/ai/heal"),
    *("/api/agents/register", "/api/agents/heartbeat", "/api/agents/report"),
    "/api/agents/remove",
)

ERRORS = [
    get("/static/<path:filename>", NO_URL, "/static/css/ない.css", status=404),
    *(
        get(path, REASON, status=500, prepare=damage(name))
        for path, name in (
            ("/api/overview", "TASKS"),
            ("/api/tasks", "TASKS"),
            ("/api/approvals", "APPROVALS"),
            ("/api/milestones", "MILESTONES"),
            ("/jobs", "TASKS"),
        )
    ),
    *(post(path, [1], REFUSED, status=400) for path in BODIES),
    *(
        post(f"/api/tasks/{verb}", {}, refused("task_id is required"), status=400)
        for verb in ("promote", "approve_done", "request_fix", "hold", "drop")
    ),
    *(
        post(f"/api/tasks/{verb}", {"task_id": "９９９"}, REFUSED)
        for verb in ("promote", "approve_done", "request_fix", "hold", "drop")
    ),
    post("/api/tasks/create", {"title": ""}, refused("title is required"), status=400),
    post("/api/task/create", {}, refused("title is required"), status=400),
    *(
        case
        for verb in ("approve", "reject")
        for case in (
            post(f"/api/approvals/{verb}", {}, refused("appr_id is required"), status=400),
            post(f"/api/approvals/{verb}", {"appr_id": "A999"}, REFUSED),
            post(
                f"/jobs/<job_id>/{verb}",
                {},
                refused("No pending approval found for this job"),
                f"/jobs/９９９/{verb}",
                status=404,
            ),
            post(f"/jobs/<job_id>/{verb}", [], REFUSED, f"/jobs/001/{verb}", status=400),
        )
    ),
    post("/api/approval/<approval_id>/update", {}, REFUSED, "/api/approval/A999/update"),
    post(
        "/api/approval/<approval_id>/update", [], REFUSED, "/api/approval/A002/update", status=400
    ),
    get("/jobs/<job_id>", {"error": "Job not found"}, "/jobs/９９９", status=404),
    get("/jobs/<job_id>/events", {"error": "Job not found"}, "/jobs/９９９/events", status=404),
    get("/health", {"status": "error", "message": TEXT}, status=503, prepare=damage("TASKS")),
    get(
        "/api/git/graph",
        {**refused("Git repository not found"), "branches": [], "commits": []},
        prepare=no_repository,
    ),
    get("/api/git/commit/<commit_sha>", REFUSED, "/api/git/commit/--output=x", status=404),
    *(
        post("/dispatch", body, {"success": False, "message": why}, status=400)
        for body, why in (
            ({}, "coreId は必須です"),
            ({"coreId": "WORK_AI_01", "intervalSec": "x"}, TEXT),
            ([], TEXT),
        )
    ),
    post(
        "/dispatch",
        {"coreId": "WORK_AI_01"},
        {"success": False, "message": "Dispatcher起動に失敗しました", "detail": TEXT},
        status=500,
        prepare=write("config/cores.toml", "[cores"),
    ),
    get("/api/v3/task-timeline", REASON, "/api/v3/task-timeline?hours=x", status=400),
    *(
        Case(method, path, url, {}, 503, NO_ML, ml=False)
        for method, path, url in (
            ("GET", "/api/ml/status", ""),
            ("GET", "/api/ml/optimize/<script_name>", "/api/ml/optimize/task_processor"),
            ("POST", "/api/ml/train", ""),
        )
    ),
    *(
        Case(method, f"/api/ml/retrain/{verb}", "", {}, 503, NO_RETRAINING, ml=False)
        for method, verb in (
            ("GET", "status"),
            ("POST", "start"),
            ("POST", "stop"),
            ("POST", "manual"),
        )
    ),
    get(
        "/api/ml/optimize/<script_name>",
        {
            "success": False,
            "message": "パラメーターが見つかりません",
            "reason": "not enough data",
            "sample_size": 19,
            "needed": 20,
        },
        "/api/ml/optimize/task_processor",
        status=404,
        runs=19,
    ),
    post("/api/ml/train", {"epochs": 0}, REFUSED, status=400),
    *(
        post(
            path,
            {},
            REFUSED,
            status=409,
            runs=20,
            before=("/api/ml/train", {"epochs": 1000}),
            after="/api/ml/train/cancel",
        )
        for path in ("/api/ml/train", "/api/ml/retrain/manual")
    ),
    get(
        "/api/knowledge/work_outcomes/<task_id>",
        {"error": "DB機能が利用できません"},
        "/api/knowledge/work_outcomes/001",
        status=503,
        prepare=no_database,
    ),
    *(
        post(
            "/api/knowledge/save_outcome",
            {key: value for key, value in RUN.items() if key != missing},
            refused(f"必須フィールドが不足: {missing}"),
            status=400,
        )
        for missing in ("task_id", "operation_type", "success", "execution_time_ms")
    ),
    post("/api/knowledge/save_outcome", {**RUN, "success": "yes"}, REFUSED, status=400),
    post(
        "/api/knowledge/save_outcome",
        RUN,
        {"success": False, "message": "保存に失敗しました", "error": TEXT},
        status=500,
        prepare=no_database,
    ),
    *(
        Case(
            *(method, "/api/work/instructions", "", {"title": "点検"}, status, shape),
            prepare=write("data/work_instructions.json", "[{"),
        )
        for method, status, shape in (("GET", 500, REASON), ("POST", 409, REFUSED))
    ),
    *of_agents("GET", "list"),
    *(
        case
        for verb in ("register", "update", "remove", "heartbeat", "report")
        for case in of_agents("POST", verb)
    ),
    *(
        post(f"/api/agents/{verb}", {}, refused("id required"), status=400)
        for verb in ("heartbeat", "report")
    ),
    post("/api/agents/remove", {}, refused("id is required"), status=400),
    *(
        post(
            "/api/agents/update",
            body,
            {**refused(why), "timestamp": LOCAL_ISO, "request_id": TEXT},
            status=status,
        )
        for body, status, why in (
            ([], 400, TEXT),
            ({}, 400, "Required field 'id' is missing or empty"),
            (
                {"id": "AG 01"},
                400,
                "Agent ID can only contain alphanumeric characters, hyphens, and underscores",
            ),
            ({"id": "AG-99"}, 404, "Agent AG-99 not found"),
        )
    ),
    get("/api/debug/routes", REASON, status=403),
    get(
        "/api/monitoring/metrics/history",
        REASON,
        "/api/monitoring/metrics/history?type=x",
        status=400,
    ),
    post("/api/security/login", LOGIN, NO_DOOR, status=503),
    post("/api/security/login", {"username": "田中"}, CREDENTIALS, status=400, as_role="CMD"),
    post(
        "/api/security/login",
        {**LOGIN, "password": "違う"},
        {"error": "認証に失敗しました"},
        status=401,
        as_role="CMD",
    ),
    post("/api/security/register", LOGIN, NO_DOOR, status=503),
    post("/api/security/register", {"password": "x"}, CREDENTIALS, status=400, as_role="CMD"),
    *(
        post(
            "/api/security/register",
            {**LOGIN, **other},
            {"error": "ユーザー登録に失敗しました", "detail": TEXT},
            status=400,
            as_role="CMD",
        )
        for other in ({}, {"username": "鈴木", "password": "短い"})
    ),
]

# What the contract lists and no request can bring about here, by route.
NOT_HERE = {
    "POST /callbacks/terminal": "needs a signature: tests/test_blueprints_callbacks.py",
    **dict.fromkeys(
        (
            "GET /api/v3/task-overview",
            "GET /api/v3/task-flow",
            "GET /api/v3/console-topology",
            "GET /api/v3/performance-heatmap",
        ),
        "the visualizer is always there (D27)",
    ),
    **dict.fromkeys(
        (
            "GET /api/monitoring/performance",
            "GET /api/monitoring/alerts",
            "GET /api/monitoring/status",
        ),
        "monitoring is always there (D27)",
    ),
    "GET /console": "the page is there (D33)",
    "GET /metrics": "the client library is a dependency",
    "GET /status": "both versions' errors are an unexpected exception",
    "GET /api/security/status": "it says that there is no door instead of failing (D27)",
    "GET /api/security/audit": "the journal is always there (D27)",
}
