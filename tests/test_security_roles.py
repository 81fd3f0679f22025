"""Who may do what, and in whose name."""

from __future__ import annotations

import pytest

from orch_next.errors import ForbiddenError
from orch_next.security.actions import action_of
from orch_next.security.identities import ROLES, Identity
from orch_next.security.roles import ACTIONS, actions_of_undo, require, speaker

TANAKA = Identity("0" * 12, "田中", "AUDIT", "2025-10-09T12:00:00Z")


def may(role: str, action: str) -> bool:
    try:
        require(Identity("0" * 12, "田中", role, ""), action)
    except ForbiddenError:
        return False
    return True


def test_roles_and_actions() -> None:
    assert {role: {a for a in ACTIONS if may(role, a)} for role in ROLES} == {
        "CMD": set(ACTIONS),
        "WORK": {"read", "write", "self"},
        "AUDIT": {"read", "write", "decide", "audit", "self"},
        "viewer": {"read", "self"},
    }


def test_without_identities_everything_is_allowed() -> None:
    for action in ACTIONS:
        require(None, action)  # which would raise


@pytest.mark.parametrize(
    ("endpoint", "arguments", "action"),
    [
        ("tasks.set_status", {"status": "READY"}, "write"),
        ("tasks.set_status", {"status": "HOLD"}, "hold"),
        ("tasks.set_status", {"status": "DROP"}, "drop"),
        ("tasks.set_status", {"status": "DONE"}, "decide"),
        ("tasks.set_status", {"status": "FIX"}, "decide"),
        ("tasks.set_status", {"status": "新"}, "administer"),
        ("tasks.set_status", None, "administer"),
        ("approvals.update", {"approval_id": "A002\n"}, "decide"),
        ("jobs.decide_job", {"job_id": "003\n", "status": "approved"}, "decide"),
        ("anything.new", {}, "administer"),
        (None, None, "write"),
    ],
)
def test_action_of_an_endpoint(
    endpoint: str | None, arguments: dict[str, str] | None, action: str
) -> None:
    methods = ("POST", "PUT", "DELETE", "GET", "HEAD")
    assert [action_of(method, endpoint, arguments) for method in methods] == [
        *[action] * 3,
        "read",
        "read",
    ]


@pytest.mark.parametrize(
    ("name", "role", "said"),
    [
        ("山田", "CMD", ("山田", "CMD", True)),
        (None, None, ("", "", True)),
        ("", "", ("", "", True)),
    ],
)
def test_without_an_identity_a_claim_stays_a_claim(
    name: str | None, role: str | None, said: tuple[str, str, bool]
) -> None:
    assert speaker(None, name, role) == said


@pytest.mark.parametrize(
    ("name", "role"), [(None, None), ("", ""), ("田中", None), (None, "AUDIT"), ("田中", "AUDIT")]
)
def test_an_identity_speaks_for_itself(name: str | None, role: str | None) -> None:
    assert speaker(TANAKA, name, role) == ("田中", "AUDIT", False)


@pytest.mark.parametrize(
    ("name", "role", "error"),
    [
        ("山田", None, "the name '山田' in the body is not yours ('田中')"),
        ("田中 ", None, "the name '田中 ' in the body is not yours ('田中')"),
        (None, "CMD", "the role 'CMD' in the body is not yours ('AUDIT')"),
        ("田中", "audit", "the role 'audit' in the body is not yours ('AUDIT')"),
    ],
)
def test_an_identity_speaks_for_nobody_else(name: str | None, role: str | None, error: str) -> None:
    with pytest.raises(ForbiddenError) as caught:
        speaker(TANAKA, name, role)
    assert str(caught.value) == error


@pytest.mark.parametrize(
    ("kind", "statuses", "own", "actions"),
    [
        ("task", ("PLAN", "READY"), False, {"write"}),
        ("task", ("DONE", "DONE"), False, {"write"}),
        ("task", ("DOING", "HOLD"), True, {"write", "hold"}),
        ("task", ("HOLD", "READY"), False, {"write", "hold"}),
        ("task", ("READY", "DROP"), False, {"write", "drop"}),
        ("task", ("REVIEW", "DONE"), False, {"write", "decide"}),
        ("task", ("FIX", "DOING"), False, {"write", "decide"}),
        ("task", (None, "PLAN"), False, {"write", "drop"}),
        ("task", (None, "PLAN"), True, {"write"}),
        ("task", ("PLAN", None), False, {"write"}),
        ("approval", ("pending", "approved"), True, {"decide"}),
        ("approval", ("pending", "pending"), False, {"decide"}),
        ("milestone", ("todo", "done"), False, {"write"}),
    ],
)
def test_undo_takes_the_rights_of_both_changes(
    kind: str, statuses: tuple[str | None, str | None], own: bool, actions: set[str]
) -> None:
    assert actions_of_undo(kind, statuses, own=own) == actions
