"""What is asked once more is answered only to the identity that asked first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.doors import Doors, open_doors

CORE = "WORK_AI_01"
DECISION = {"appr_id": "A002", "comment": "図 | C:\\成果.md"}


@pytest.fixture
def doors(make_app: Callable[..., Flask]) -> Doors:
    made = open_doors(make_app)
    made.add("同僚", "WORK")
    made.add("監査 二", "AUDIT")
    return made


def ask(doors: Doors, who: str, path: str, body: dict[str, Any]) -> Any:
    headers = {**doors.headers(who), "Idempotency-Key": "run-17"}
    return doors.client().post(path, json=body, headers=headers)


def ready(doors: Doors) -> str:
    made = doors.post("CMD", "/api/tasks/create", title="図 | 作成", owner="WORK").get_json()["id"]
    doors.post("CMD", "/api/tasks/promote", task_id=made)
    return str(made)


def test_a_claim_is_told_again_to_its_claimant_only(doors: Doors) -> None:
    body = {"coreId": CORE, "task_id": ready(doors)}
    who = ("WORK", "同僚", "CMD", "WORK")
    answers = [ask(doors, one, "/api/agents/claim", body) for one in who]
    assert [one.status_code for one in answers] == [200, 409, 409, 200]
    first, again = answers[0].get_json(), answers[3].get_json()
    assert first["token"] != again["token"]
    held = {"job_id": body["task_id"], "token": again["token"]}
    got = [doors.post(one, "/api/leases/renew", **held).status_code for one in ("同僚", "WORK")]
    assert got == [403, 200]


def test_a_report_is_answered_again_to_its_claimant_only(doors: Doors) -> None:
    body = {"coreId": CORE, "task_id": ready(doors)}
    token = ask(doors, "WORK", "/api/agents/claim", body).get_json()["token"]
    said = {"job_id": body["task_id"], "token": token, "status": "FIX", "message": f"env {token}"}
    answers = [
        doors.post(one, "/api/leases/report", **said) for one in ("WORK", "同僚", "CMD", "WORK")
    ]
    assert [one.status_code for one in answers] == [200, 403, 403, 200]
    assert answers[3].get_json() == answers[0].get_json()


def test_a_decision_is_answered_again_to_who_made_it_only(doors: Doors) -> None:
    who = ("AUDIT", "監査 二", "AUDIT")
    answers = [ask(doors, one, "/api/approvals/approve", DECISION).get_json() for one in who]
    assert [one["success"] for one in answers] == [True, False, True]
    assert answers[2] == answers[0]
