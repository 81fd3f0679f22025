"""A request that is sent again under its key has no second effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

KEY = {"Idempotency-Key": "run-17"}
DECISION = {"appr_id": "A002", "approver": "監査", "approver_role": "AUDIT", "comment": "よい"}


def everything(orch_root: Path) -> dict[str, bytes]:
    files = [*(orch_root / "STATE").glob("*.md"), *(orch_root / "LOGS").rglob("*.md")]
    files += (orch_root.parent / "data").glob("*.json")
    return {path.name: path.read_bytes() for path in files if path.is_file()}


def prepare_undo(client: FlaskClient) -> str:
    client.post("/api/tasks/hold", json={"task_id": "002"})
    return f"/api/undo/{client.get('/api/history').get_json()['entries'][0]['id']}"


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/api/approvals/approve", DECISION),
        ("/api/approval/A002/update", {**DECISION, "status": "rejected"}),
        ("/api/work/instructions", {"title": "指示", "detail": "C:\\作業"}),
        ("undo", {"actor": "山田"}),
    ],
)
def test_the_same_request_has_one_effect_and_one_answer(
    client: FlaskClient, orch_root: Path, route: str, body: dict[str, Any]
) -> None:
    route = prepare_undo(client) if route == "undo" else route
    first = client.post(route, json=body, headers=KEY)
    before = everything(orch_root)
    again = client.post(route, json=body, headers=KEY)
    assert (first.status_code, again.status_code, again.get_json()) == (200, 200, first.get_json())
    assert everything(orch_root) == before
    changed = {**body, "comment": "別", "actor": "別人", "title": "別"}
    assert client.post(route, json=changed, headers=KEY).status_code == 409
    assert everything(orch_root) == before


def test_a_refused_request_does_not_use_up_its_key(client: FlaskClient, orch_root: Path) -> None:
    ledger = orch_root / "STATE" / "APPROVALS.md"
    good = ledger.read_bytes()
    ledger.write_bytes(b"<<<<<<< HEAD\n" + good)
    refused = client.post("/api/approvals/approve", json=DECISION, headers=KEY)
    ledger.write_bytes(good)
    answer = client.post("/api/approvals/approve", json=DECISION, headers=KEY)
    assert (refused.get_json()["success"], answer.get_json()["success"]) == (False, True)


def test_without_a_key_a_decision_is_made_once_and_shown(client: FlaskClient) -> None:
    answers = [client.post("/api/approvals/approve", json=DECISION).get_json() for _ in "12"]
    assert [answer["success"] for answer in answers] == [True, False]
