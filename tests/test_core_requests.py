from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from orch_next.core.approvals import Decision
from orch_next.core.artifacts import MOST_FILES, artifact_sha256
from orch_next.core.events import Who
from orch_next.core.history import list_entries
from orch_next.core.lease_terms import reported
from orch_next.core.requests import _each
from orch_next.errors import RuleError, SlowFileError
from tests.lease_desk import CORE, OTHER, Desk, make_desk, open_desk, row

AUDIT = Who("AUDIT", "AUDIT")
ARTIFACT = "ORCH/成果.md"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make_desk(tmp_path, row("001") + row("002"))
    (tmp_path / ARTIFACT).write_text("結果", encoding="utf-8")
    return desk


def finish(desk: Desk, task_id: str = "001") -> Any:
    lease = desk.leases.claim(task_id, CORE)
    task = desk.leases.report(task_id, lease.token, reported("REVIEW", artifact=ARTIFACT)).task
    return desk.requests.open(
        task, generation=lease.generation, core=CORE.id, evidence=task.artifact
    )


def decide(desk: Desk, appr_id: str, status: str = "approved", comment: str = "") -> None:
    decision = Decision(status, "AUDIT", "AUDIT", comment)
    desk.board.approvals.decide(appr_id, decision, AUDIT)
    desk.requests.settle()


def approvals(desk: Desk) -> Any:
    return [(one.appr_id, one.task_id, one.status) for one in desk.board.state.approvals.records]


def test_review_opens_one_pending_approval_with_its_evidence(desk: Desk) -> None:
    request = finish(desk)
    row = desk.board.state.approvals.get("A002")
    assert row.as_json() == {
        "appr_id": "A002",
        "task_id": "001",
        "op": "タスク完了",
        "status": "pending",
        "requested_by": "WORK_AI_01",
        "approver": "-",
        "approver_role": "-",
        "ts_req": "2025-10-09T08:00:00Z",
        "ts_dec": "-",
        "evidence": ARTIFACT,
    }
    sha256 = hashlib.sha256("結果".encode()).hexdigest()
    assert (request.appr_id, request.sha256) == ("A002", sha256)
    assert sha256 in str(desk.board.journal.events(1))
    again = desk.board.state.tasks.get("001")
    assert desk.requests.open(again, generation=1, core=CORE.id, evidence=ARTIFACT) is None


def test_approving_it_makes_the_task_done(desk: Desk) -> None:
    finish(desk)
    decide(desk, "A002")
    assert desk.row("001") == ("DONE", "-", "-", "-")
    name, told = desk.told[-1]
    assert (name, told["state"], told["appr_id"]) == ("job_decided", "approved", "A002")


def test_rejecting_it_asks_for_a_fix_and_the_next_attempt_sees_the_note(desk: Desk) -> None:
    finish(desk)
    decide(desk, "A002", "rejected", "図がない")
    assert (desk.status("001"), desk.requests.feedback("001")) == ("FIX", "図がない")
    assert desk.told[-1][1]["note"] == "図がない"


def test_other_peoples_approvals_change_no_task(desk: Desk) -> None:
    desk.edit("| 900 | 起票", "| 001 | 起票", "APPROVALS.md")
    lease = desk.leases.claim("001", CORE)
    desk.leases.report("001", lease.token, reported("REVIEW"))
    decide(desk, "A001")
    assert (desk.status("001"), desk.requests.settle()) == ("REVIEW", [])


def test_a_decision_by_hand_counts_but_not_the_requesters_own(desk: Desk) -> None:
    finish(desk)
    mine = "| pending | WORK_AI_01 | - | - | 2025-10-09T08:00:00Z | - |"
    own = "| approved | WORK_AI_01 | WORK_AI_01 | AUDIT | 2025-10-09T08:00:00Z | - |"
    desk.edit(mine, own, "APPROVALS.md")
    assert (desk.requests.settle(), desk.status("001")) == ([], "REVIEW")
    desk.edit(own, own.replace("| WORK_AI_01 | AUDIT", "| 監査 | AUDIT"), "APPROVALS.md")
    desk.requests.settle()
    assert (desk.status("001"), desk.told[-1][1]["state"]) == ("DONE", "approved")


def test_a_changed_artifact_voids_the_decision_and_asks_again(desk: Desk, tmp_path: Path) -> None:
    finish(desk)
    (tmp_path / ARTIFACT).write_text("差し替え", encoding="utf-8")
    decide(desk, "A002")
    assert desk.status("001") == "REVIEW"
    assert approvals(desk)[1:] == [("A002", "001", "approved"), ("A003", "001", "pending")]
    decide(desk, "A003")
    assert desk.status("001") == "DONE"


def test_a_changed_row_voids_the_pending_approval_and_asks_again(desk: Desk) -> None:
    finish(desk)
    desk.edit("作業 001", "作業 001 改")
    assert [one.state for one in desk.requests.settle()] == ["void"]
    assert approvals(desk)[1:] == [("A002", "001", "expired"), ("A003", "001", "pending")]
    assert desk.requests.settle() == []


def test_a_row_that_changed_just_before_the_decision_is_not_done(desk: Desk) -> None:
    finish(desk)
    desk.edit("作業 001", "作業 001 改")
    decide(desk, "A002")
    assert desk.status("001") == "REVIEW"
    assert approvals(desk)[2] == ("A003", "001", "pending")


def test_a_task_that_a_person_finished_needs_no_approval_any_more(desk: Desk) -> None:
    finish(desk)
    desk.board.tasks.set_status("001", "DONE", AUDIT)
    desk.requests.settle()
    assert approvals(desk)[1:] == [("A002", "001", "expired")]


def test_an_approval_row_that_is_gone_is_asked_again_under_a_new_id(desk: Desk) -> None:
    finish(desk)
    path = desk.state_folder / "APPROVALS.md"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "| A002 |" not in line), encoding="utf-8")
    desk.requests.settle()
    assert approvals(desk)[1:] == [("A003", "001", "pending")]


def test_an_expired_approval_is_closed_and_the_task_waits(desk: Desk) -> None:
    finish(desk)
    decide(desk, "A002", "expired")
    assert (desk.status("001"), desk.requests.store.list_open()) == ("REVIEW", [])
    assert desk.requests.ensure() == []


def test_what_a_crash_left_out_is_made_up_for(desk: Desk) -> None:
    for task_id in ("001", "002"):
        lease = desk.leases.claim(task_id, CORE)
        desk.leases.report(task_id, lease.token, reported("REVIEW"))
    fresh = open_desk(desk.state_folder, desk.turned)
    assert [one.appr_id for one in fresh.requests.ensure()] == ["A002", "A003"]
    assert (desk.requests.ensure(), fresh.requests.ensure()) == ([], [])
    # Decided while nobody listened; the worker's next look lets it take effect.
    fresh.board.approvals.decide("A003", Decision("approved", "AUDIT", "AUDIT"), AUDIT)
    assert fresh.status("002") == "REVIEW"
    assert [one.state for one in desk.requests.settle()] == ["approved"]
    assert desk.status("002") == "DONE"


def test_a_second_round_gets_its_own_approval(desk: Desk) -> None:
    finish(desk)
    decide(desk, "A002", "rejected", "もう一度")
    desk.board.tasks.set_status("001", "READY", AUDIT)
    lease = desk.leases.claim("001", OTHER)
    desk.leases.report("001", lease.token, reported("REVIEW"))
    assert [one.appr_id for one in desk.requests.ensure()] == ["A003"]


def test_the_first_approval_of_an_empty_ledger_is_a001(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001"))
    text = (desk.state_folder / "APPROVALS.md").read_text(encoding="utf-8")
    kept = text[: text.index("| A001")]
    (desk.state_folder / "APPROVALS.md").write_text(kept, encoding="utf-8")
    (tmp_path / ARTIFACT).write_text("結果", encoding="utf-8")
    assert finish(desk).appr_id == "A001"


@pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege there")
def test_artifacts_are_read_only_inside_the_roots(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "a.md").write_text("x")
    (inside / "link").symlink_to(outside / "a.md")
    sha256 = hashlib.sha256(b"x").hexdigest()
    found = {
        name: artifact_sha256(name, [inside])
        for name in (
            "a.md",
            str(inside / "a.md"),
            "../out/a.md",
            "link",
            "none",
            "",
            "\x00",
            "x" * 5000,
        )
    }
    assert {name for name, value in found.items() if value} == {"a.md", str(inside / "a.md")}
    assert found["a.md"] == sha256


def test_a_folders_digest_is_its_contents(tmp_path: Path) -> None:
    (tmp_path / "図").mkdir()
    (tmp_path / "図/a").write_text("1")
    first = artifact_sha256("図", [tmp_path])
    assert artifact_sha256("図/", [tmp_path]) == first
    (tmp_path / "図/b").write_text("2")
    assert artifact_sha256("図", [tmp_path]) != first


def undo_newest(desk: Desk, kind: Any) -> Any:
    entry = list_entries(desk.board.journal.database, kind=kind, limit=1)[0]
    return desk.board.undo.undo(entry.id, AUDIT)


def test_a_decision_is_undone_behind_its_effect_and_counts_when_made_again(desk: Desk) -> None:
    finish(desk)
    decide(desk, "A002")
    with pytest.raises(RuleError, match="task 001 is DONE by this decision: undo that first"):
        undo_newest(desk, "approval")
    undo_newest(desk, "task")
    undo_newest(desk, "approval")
    assert (desk.requests.settle(), desk.status("001"), approvals(desk)[-1]) == (
        *([], "REVIEW"),
        ("A002", "001", "pending"),
    )
    decide(desk, "A002", "rejected", "やり直し")
    assert (desk.status("001"), desk.requests.feedback("001")) == ("FIX", "やり直し")


def test_a_decision_that_comes_back_by_redo_takes_effect(desk: Desk) -> None:
    finish(desk)
    decide(desk, "A002")
    undo_newest(desk, "task")
    undo_newest(desk, "approval")
    undo_newest(desk, "approval")
    desk.requests.settle()
    assert (desk.status("001"), approvals(desk)[-1]) == ("DONE", ("A002", "001", "approved"))


def test_the_note_is_that_of_the_approval_which_replaced_a_void_one(
    desk: Desk, tmp_path: Path
) -> None:
    finish(desk)
    (tmp_path / ARTIFACT).write_text("差し替え", encoding="utf-8")
    decide(desk, "A002", comment="よい")
    decide(desk, "A003", "rejected", "図がない")
    assert (desk.status("001"), desk.requests.feedback("001")) == ("FIX", "図がない")


@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs are POSIX")
def test_what_has_no_end_or_is_no_file_has_no_hash(tmp_path: Path) -> None:
    (tmp_path / "図").mkdir()
    os.mkfifo(tmp_path / "図" / "pipe")
    with (tmp_path / "図" / "huge.bin").open("wb") as file:
        file.truncate(300 << 30)
    (tmp_path / "many").mkdir()
    for number in range(MOST_FILES + 1):
        (tmp_path / "many" / str(number)).touch()
    names = ("図/pipe", "図/huge.bin", "図", "many", "/dev/zero")
    assert [artifact_sha256(name, [tmp_path, Path("/dev")]) for name in names] == [None] * 5
    (tmp_path / "図" / "huge.bin").write_bytes(b"x" * 6)
    (tmp_path / "図" / "more.bin").write_bytes(b"x" * 5)
    assert artifact_sha256("図", [tmp_path], 10) is None
    assert artifact_sha256("図", [tmp_path], 11) is not None


def test_evidence_that_takes_long_holds_no_other_approval_up() -> None:
    seen: list[str] = []

    def digest(name: str) -> None:
        if name == "slow":
            raise SlowFileError("slow is still being read")
        seen.append(name)

    with pytest.raises(SlowFileError):
        _each(digest, ["slow", "quick"])
    assert seen == ["quick"]
