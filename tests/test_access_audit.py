"""What happened at the door is for CMD and AUDIT, whichever way one asks for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from orch_next.security.identities import ROLES
from tests.doors import Doors, open_doors

TYPED = "hunter2geheim"
DOORS = (
    "/api/security/audit",
    "/audit/events?limit=1000",
    "/audit/events?type=login_failed",
    "/api/history?limit=500",
    "/api/history?kind=security",
    "/api/history?actor=作業",
    "/api/v3/task-timeline",
    "/api/v3/task-timeline?hours=99",
    "/api/knowledge/search?q=login",
    "/api/knowledge/search?q=作業&source=journal",
)


@pytest.fixture
def doors(make_app: Callable[..., Flask]) -> Doors:
    doors = open_doors(make_app)
    for name in (TYPED, "作業"):
        body = {"username": name, "password": "違う合言葉です。"}
        doors.client().post("/api/security/login", json=body)
    return doors


@pytest.mark.parametrize("path", DOORS)
def test_the_audit_of_the_door_has_no_side_door(doors: Doors, path: str) -> None:
    # The other roles come second: nothing that was kept for CMD is served to them.
    answers = {role: doors.get(role, path) for role in ("CMD", "AUDIT", "WORK", "viewer")}
    assert {role for role in ROLES if "login_failed" in answers[role].text} == {"CMD", "AUDIT"}


def test_every_read_of_every_route_keeps_it(doors: Doors) -> None:
    rules = [rule for rule in doors.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    paths = [rule.rule for rule in rules if not rule.arguments and "events" not in rule.endpoint]
    assert len(paths) > 50
    leaks = [path for path in paths if "login_failed" in doors.get("viewer", path).text]
    assert leaks == []


def test_a_name_that_nobody_has_is_not_kept(doors: Doors) -> None:
    text = "".join(doors.get("CMD", path).text for path in DOORS)
    assert (TYPED in text, "unknown-" in text, '"user":"作業"' in text) == (False, True, True)


def test_the_pictures_told_over_sockets_are_without_it(doors: Doors) -> None:
    live = doors.app.extensions["orch_next"].live
    assert "login_failed" not in str(live.sockets._views["timeline_update"]())


def test_an_undo_tells_nothing_of_it(doors: Doors) -> None:
    logs = doors.get("CMD", "/api/history?kind=security").get_json()["entries"]
    got = [doors.post(role, f"/api/undo/{logs[0]['id']}") for role in ("CMD", "WORK")]
    assert [(one.status_code, "login_failed" in one.text) for one in got] == [
        (409, True),
        (404, False),
    ]
