"""Repairs: what is found, what a person confirms, and what cannot be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from orch_next.core.events import Who
from orch_next.core.lease_terms import Holder
from orch_next.dispatcher.heal import Healed, Healer
from tests.lease_desk import CORE, Desk, make_desk, row

AUDIT = Who("監査", "AUDIT", "http")
PULLING = Holder("WORK_AI_01", "WORK", mode="pull")
EXPIRED = {"lock": "手", "lock_owner": "WORK", "lock_expires_at": "2025-10-09T07:00:00Z"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path, row("001") + row("002", **EXPIRED) + row("900", "DONE"))


def healer(desk: Desk) -> Healer:
    return Healer(desk.board.state, desk.board.approvals, desk.watch)


def kinds(desk: Desk) -> list[tuple[str, str]]:
    return [(repair.kind, repair.target) for repair in healer(desk).find()]


def test_an_expired_lock_and_an_approval_of_a_task_that_is_over_are_found(desk: Desk) -> None:
    assert [repair.as_json() for repair in healer(desk).find()] == [
        {
            "id": "lock:002:手",
            "kind": "orphaned_lock",
            "target": "002",
            "description": "the lock 手 ended at 2025-10-09T07:00:00Z",
        },
        {
            "id": "approval:A001",
            "kind": "expired_approval",
            "target": "A001",
            "description": "A001 is pending although 900 is DONE",
        },
    ]


def test_a_pulling_core_that_is_silent_loses_its_lease(desk: Desk) -> None:
    desk.leases.claim("001", PULLING)
    assert ("stale_lease", "001") not in kinds(desk)
    desk.turned.pass_time(36 * 60)
    assert ("stale_lease", "001") in kinds(desk)
    healed = healer(desk).heal(AUDIT, ["lease:001:1"])
    assert (healed.done, healed.failed, desk.status("001")) == (("lease:001:1",), (), "READY")


def test_a_commands_lease_belongs_to_the_dispatcher(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001"))
    desk.leases.claim("001", Holder(CORE.id, CORE.role, mode="command"))
    desk.turned.pass_time(36 * 60)
    assert kinds(desk) == []


def test_all_is_repaired_by_the_rules_of_its_room(desk: Desk) -> None:
    healed = healer(desk).heal(AUDIT)
    assert (healed.done, healed.failed) == (("lock:002:手", "approval:A001"), ())
    approval = desk.board.state.approvals.get("A001")
    assert (approval.status, approval.approver, approval.approver_role) == (
        *("expired", "監査", "AUDIT"),
    )
    assert desk.board.state.tasks.get("002").lock == "-"
    assert kinds(desk) == []


def test_only_what_was_confirmed_is_repaired(desk: Desk) -> None:
    before = desk.board.state.tasks.get("002")
    healed = healer(desk).heal(AUDIT, ["approval:A001", "lock:無い"])
    assert healed.done == ("approval:A001",)
    assert desk.board.state.tasks.get("002") == before
    assert healer(desk).heal(AUDIT, []).done == ()


def test_one_that_fails_stops_no_other_and_says_why(desk: Desk) -> None:
    assert len(kinds(desk)) == 2
    path = desk.state_folder / "APPROVALS.md"
    text = path.read_text("utf-8")
    path.write_text(text + "<<<<<<< 枝\n", "utf-8")
    healed = healer(desk).heal(AUDIT)
    assert healed.done == ("lock:002:手",)
    ((name, reason),) = healed.failed
    assert (name, "APPROVALS.md:6: a merge conflict's marker" in reason) == ("approval:A001", True)
    assert healed.as_json()["failed"] == [{"id": name, "error": reason}]


def test_nothing_found_is_nothing_told() -> None:
    assert Healed(()).as_json() == {"repairs": [], "repaired": [], "failed": []}


def test_who_has_no_approvers_role_speaks_for_cmd(desk: Desk) -> None:
    healer(desk).heal(Who("作業", "WORK", "http"), ["approval:A001"])
    assert desk.board.state.approvals.get("A001").approver_role == "CMD"
