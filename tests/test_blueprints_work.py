"""Progress, instructions, autopilot, optimize, heal and the list of routes over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.sensors.autopilot import GUARD_LOG
from orch_next.sensors.work import AUDIT


def test_progress_is_the_reports_last_fifty_lines(client: FlaskClient, orch_root: Path) -> None:
    (orch_root / "REPORTS").mkdir()
    (orch_root / AUDIT).write_text("".join(f"行 {n}\n" for n in range(60)), encoding="utf-8")
    answer = client.get("/api/work/progress").get_json()
    assert answer and answer["md_tail"] == [f"行 {n}" for n in range(10, 60)]


@pytest.mark.parametrize("sent", [{}, {"json": {}}, {"json": {"title": None}}])
def test_an_instruction_has_the_legacys_defaults(client: FlaskClient, sent: Any) -> None:
    answer = client.post("/api/work/instructions", **sent)
    assert answer.get_json() and answer.status_code == 200
    item = answer.get_json()["item"]
    assert [item[key] for key in ("title", "detail", "owner")] == ["指示", "", "CMD"]
    assert client.get("/api/work/instructions").get_json() == {"success": True, "items": [item]}


@pytest.mark.parametrize("body", ["{", "[]", '{"title": 1}'])
def test_a_broken_instruction_stores_nothing(client: FlaskClient, body: str) -> None:
    answer = client.post("/api/work/instructions", data=body, content_type="application/json")
    assert (answer.status_code, client.get("/api/work/instructions").get_json()) == (
        400,
        {"success": True, "items": []},
    )


def test_a_corrupt_store_is_told_and_kept(client: FlaskClient, orch_root: Path) -> None:
    path = orch_root.parent / "data" / "work_instructions.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text("{壊れた", encoding="utf-8")
    statuses = [
        client.get("/api/work/instructions").status_code,
        client.post("/api/work/instructions", json={}).status_code,
    ]
    assert (statuses, path.read_text(encoding="utf-8")) == ([500, 409], "{壊れた")


def test_the_guards_log(client: FlaskClient, orch_root: Path) -> None:
    url, path = "/api/autopilot/logs", orch_root.parent / GUARD_LOG
    missing = {"success": True, "lines": [], "note": "log not found"}
    assert client.get(url).get_json() == missing
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"行 {n}\n" for n in range(200)), encoding="utf-8")
    found = [client.get(f"{url}?lines={n}").get_json() for n in ("2", "x", "0", "9999")]
    assert [len(one["lines"]) for one in found if one] == [2, 100, 1, 200]
    assert found[0] == {"success": True, "lines": ["行 198\n", "行 199\n"], "path": str(path)}


# The sample's task 002 has an old lock that nobody holds.
LOCK = "lock:002:WORK@2025-10-07T12:00:00Z"


def heal(client: FlaskClient, **body: Any) -> tuple[list[str], list[str]]:
    """Return the ids of what was found and of what was repaired."""
    answer = client.post("/api/ai/heal", json=body).get_json()
    assert answer and answer["success"] and answer["failed"] == []
    return [one["id"] for one in answer["repairs"]], answer["repaired"]


def ledger(orch_root: Path) -> bytes:
    return (orch_root / "STATE" / "TASKS.md").read_bytes()


def test_heal_lists_before_it_does(client: FlaskClient, orch_root: Path) -> None:
    before = ledger(orch_root)
    assert (heal(client), ledger(orch_root)) == (([LOCK], []), before)


def test_heal_repairs_what_is_confirmed(client: FlaskClient) -> None:
    client.post("/api/tasks/approve_done", json={"task_id": "001"})
    found = [LOCK, "approval:A002"]
    assert heal(client, confirm=True, only=[LOCK]) == (found, [LOCK])
    again = heal(client, confirm=True, actor="監査", role="AUDIT")
    assert (again, heal(client)) == ((found[1:], found[1:]), ([], []))
    rows = {
        row["appr_id"]: row for row in (client.get("/api/approvals").get_json() or {})["approvals"]
    }
    decided = [rows["A002"][key] for key in ("status", "approver", "approver_role")]
    assert decided == ["expired", "監査", "AUDIT"]


def test_heal_tells_what_it_could_not_repair(client: FlaskClient) -> None:
    client.post("/api/tasks/approve_done", json={"task_id": "001"})
    answer = client.post("/api/ai/heal", json={"confirm": True, "actor": "WORK"}).get_json()
    assert answer and [one["id"] for one in answer["failed"]] == ["approval:A002"]
    assert answer["repaired"] == [LOCK]


@pytest.mark.parametrize("body", [{"confirm": "true"}, {"confirm": True, "only": "lock"}])
def test_heal_wants_a_clear_word(client: FlaskClient, orch_root: Path, body: Any) -> None:
    before = ledger(orch_root)
    assert client.post("/api/ai/heal", json=body).status_code == 400
    assert ledger(orch_root) == before


def test_optimize_measures_and_suggests(client: FlaskClient) -> None:
    answer = client.post("/api/ai/optimize", json={}).get_json()
    assert answer and answer["optimized_metrics"]["pending_approvals"] == 2
    assert answer["suggestions"] == [
        "the lock WORK@2025-10-07T12:00:00Z ended at 2025-10-07T12:30:00Z"
    ]


def test_the_routes_are_listed_on_request_only(make_app: Callable[..., Flask]) -> None:
    closed = make_app().test_client().get("/api/debug/routes")
    opened = make_app(debug_routes=True).test_client().get("/api/debug/routes").get_json()
    assert (closed.status_code, opened and opened["count"]) == (403, len(opened["routes"]))
    row = {"endpoint": "debug.routes", "methods": ["GET"], "rule": "/api/debug/routes"}
    assert row in opened["routes"]
