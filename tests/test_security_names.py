"""Token mode over the whole app: names in a body never speak for somebody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from orch_next.security import Identities, door_identities


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(auth="token")


def post(app: Flask, role: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Post as a fresh identity `田中` of that role; return the status and the error, if any."""
    identities = door_identities(app)
    assert isinstance(identities, Identities)
    _identity, token = identities.add("田中", role)
    headers = {"Authorization": f"Bearer {token}"}
    answer = app.test_client().post(path, json=body, headers=headers)
    identities.remove("田中")
    return answer.status_code, answer.get_json().get("error")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/approvals/approve", {"appr_id": "A001", "approver": "山田"}),
        ("/api/approval/A001/update", {"approver": "CMD"}),
        ("/jobs/022/reject", {"approver": "AUDIT"}),
    ],
)
def test_nobody_decides_in_another_name(app: Flask, path: str, body: dict[str, Any]) -> None:
    wrong = body["approver"]
    assert post(app, "AUDIT", path, body) == (
        403,
        f"the name {wrong!r} in the body is not yours ('田中')",
    )


@pytest.mark.parametrize("path", ["/api/approvals/approve", "/jobs/022/approve"])
def test_nobody_decides_in_another_role(app: Flask, path: str) -> None:
    body = {"appr_id": "A001", "approver": "田中", "approver_role": "CMD"}
    assert post(app, "AUDIT", path, body) == (
        403,
        "the role 'CMD' in the body is not yours ('AUDIT')",
    )


@pytest.mark.parametrize("path", ["/api/tasks/promote", "/api/tasks/create"])
def test_nobody_changes_tasks_in_another_name(app: Flask, path: str) -> None:
    body = {"task_id": "022", "title": "新しい", "actor": "山田"}
    assert post(app, "WORK", path, body) == (
        403,
        "the name '山田' in the body is not yours ('田中')",
    )


@pytest.mark.parametrize("body", [{}, {"approver": "田中", "approver_role": "AUDIT"}])
def test_a_decision_is_signed_by_the_identity(app: Flask, body: dict[str, Any]) -> None:
    got = post(app, "AUDIT", "/api/approval/A002/update", body)
    row = app.extensions["orch_next"].board.state.approvals.get("A002")
    assert (got, row.approver, row.approver_role) == ((200, None), "田中", "AUDIT")


def test_the_page_names_an_identity_whom_its_scripts_ask_for_no_role(
    make_app: Callable[..., Flask],
) -> None:
    identities = door_identities(closed := make_app(auth="token"))
    assert isinstance(identities, Identities)
    headers = {"Authorization": f"Bearer {identities.add('田中', 'AUDIT')[1]}"}
    pages = [
        closed.test_client().get("/approvals", headers=headers).text,
        make_app().test_client().get("/approvals").text,
    ]
    assert ['id="identity-name"' in page for page in pages] == [True, False]
