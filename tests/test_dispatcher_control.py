from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from orch_next.core.approvals import Decision
from orch_next.core.events import Who
from orch_next.core.lease_terms import Holder
from orch_next.dispatcher import dispatch_task, get_system_stats, monitor_loop
from orch_next.dispatcher.following import MOST_SESSIONS, WAITING
from orch_next.dispatcher.joblog import MOST_BYTES, read_log
from orch_next.dispatcher.owner import Ownership
from orch_next.dispatcher.reports import Report
from orch_next.dispatcher.worker import Worker
from orch_next.errors import (
    ConfigError,
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RuleError,
)
from orch_next.events import EventBus
from orch_next.storage.leader import FileLease, Leader
from tests.dispatch_desk import SLEEP, Dispatch, cores_toml, make_dispatch, open_dispatch
from tests.lease_desk import row

PULL = "[cores.WORK_AI_01]\nlimit = 1\n[cores.AUDIT_1]\n"
CORE = "WORK_AI_01"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Dispatch]:
    rows = (
        row("001", notes="priority=LOW・後で")
        + row("002", notes="priority=HIGH・緊急")
        + row("003", notes="depends=002,099")
        + row("004", owner="CMD")
        + row("005", "REVIEW")
        + row("900")
    )
    made = make_dispatch(tmp_path, rows, PULL)
    yield made
    made.control.close()


def claimed(desk: Dispatch, task_id: str | None = None) -> dict[str, Any]:
    """Claim for the pull core, which must get a task."""
    found = desk.control.claim(CORE, task_id)
    assert found is not None
    return found


def codes(desk: Dispatch, task_id: str, core_id: str | None = None) -> Any:
    return [one["code"] for one in desk.control.explain(task_id, core_id)["reasons"]]


def test_a_pull_core_claims_works_and_reports(desk: Dispatch) -> None:
    work = claimed(desk)
    token = work.pop("token")
    assert work == {
        "task": desk.board.state.tasks.get("002").as_json(),
        "coreId": CORE,
        "role": "WORK",
        "attempt": 1,
        "generation": 1,
        "lock_expires_at": "2025-10-09T08:30:00Z",
        "feedback": "",
    }
    assert desk.control.claim(CORE) is None  # its limit is one
    assert desk.control.pull.report(Report("002", "DOING", token))["status"] == "DOING"
    desk.turned.pass_time(600)
    assert desk.control.pull.renew("002", token)["lock_expires_at"] == "2025-10-09T08:40:00Z"
    done = desk.control.pull.report(Report("002", "REVIEW", token, "ORCH/成果.md"))
    assert done == {"job_id": "002", "status": "REVIEW"}
    assert desk.board.state.approvals.get("A002").evidence == "ORCH/成果.md"
    with pytest.raises(ConflictError):
        desk.control.pull.report(Report("002", "FIX", token))


def test_a_named_task_is_claimed_or_the_reasons_are_told(desk: Dispatch) -> None:
    assert claimed(desk, "001")["task"]["id"] == "001"
    with pytest.raises(ConflictError, match="099 is not in the ledger"):
        desk.control.claim("WORK_AI_02", "003")
    with pytest.raises(NotFoundError):
        desk.control.claim("WORK_AI_02", "404")


def test_a_signature_may_stand_for_the_token(desk: Dispatch) -> None:
    desk.control.claim(CORE)
    desk.control.pull.report_proved(Report("002", "DOING"))
    assert desk.control.pull.report_proved(Report("002", "FIX"))["status"] == "FIX"
    with pytest.raises(ConflictError):
        desk.control.pull.report_proved(Report("002", "FIX"))
    with pytest.raises(ConflictError):
        desk.control.pull.report_proved(Report("001", "REVIEW"))


def test_a_token_reports_through_the_control(desk: Dispatch) -> None:
    token = claimed(desk)["token"]
    assert desk.control.report("002", token, "DOING")["status"] == "DOING"
    with pytest.raises(InputError):
        desk.control.report("002", token, "DONE")
    assert desk.control.report("002", token, "FIX", message="図がない")["status"] == "FIX"


def test_a_beat_keeps_a_lease_and_strangers_are_ignored(desk: Dispatch, tmp_path: Path) -> None:
    desk.control.leases.claim("002", Holder(CORE, "WORK"), started=True)
    desk.turned.pass_time(34 * 60)
    for agent in (CORE, "agent-77", "鬼 <x>", ""):
        desk.control.beat(agent)
    desk.turned.pass_time(4 * 60)
    desk.control.step()
    assert desk.status("002") == "DOING"
    heartbeat = (tmp_path / "ORCH/STATE/LOCKS/heartbeat.json").read_text(encoding="utf-8")
    assert list(json.loads(heartbeat)) == ["WORK"]


def test_a_session_offers_and_its_core_fetches(desk: Dispatch) -> None:
    desk.control.start({"coreId": CORE})
    desk.control.step()
    assert (desk.status("002"), desk.heard("task_dispatched")[0]["coreId"]) == ("DOING", CORE)
    work = claimed(desk)
    assert (work["task"]["id"], work["generation"]) == ("002", 1)
    desk.turned.pass_time(90)
    desk.control.step()
    assert desk.status("002") == "DOING"


def test_an_offer_that_nobody_fetches_is_taken_back_and_not_repeated(desk: Dispatch) -> None:
    desk.control.start({"coreId": CORE, "intervalSec": 1})
    desk.control.step()
    desk.turned.pass_time(60)
    desk.control.step()
    assert (desk.status("002"), desk.heard("lease_expired")[0]["outcome"]) == (
        "READY",
        "not started",
    )
    for _ in range(3):
        desk.turned.pass_time(10)
        desk.control.step()
    assert len(desk.control.attempts("002")) == 1
    assert desk.control.status()["problems"] == {CORE: f"{CORE} did not fetch 002"}
    desk.control.beat(CORE)
    desk.control.step()
    assert desk.status("002") == "DOING"
    assert desk.control.leases.store.failures() == {}


def test_explain_says_why_a_task_is_not_running(desk: Dispatch) -> None:
    desk.control.step()  # only who dispatches knows that no session is open
    assert codes(desk, "001", CORE) == ["core"]
    desk.control.start({"coreId": CORE})
    assert codes(desk, "001", CORE) == []
    assert codes(desk, "003", CORE) == ["dependency", "dependency"]
    assert codes(desk, "004") == ["owner"]
    assert codes(desk, "004", CORE) == ["owner"]
    assert codes(desk, "005") == ["status"]
    assert codes(desk, "900") == ["approval"]
    desk.control.step()
    assert codes(desk, "001", CORE) == ["limit"]
    found = desk.control.explain("002")
    assert (found["running"], found["coreId"]) == (True, CORE)
    assert [one["code"] for one in found["reasons"]] == ["status", "lease"]
    with pytest.raises(NotFoundError):
        desk.control.explain("404")


def test_explain_looks_at_the_cores_at_work_first(desk: Dispatch) -> None:
    (desk.root / "config/cores.toml").write_text("[cores.WORK_IDLE]\n[cores.WORK_AI_01]\n")
    desk.control.start({"coreId": CORE})
    desk.control.step()
    assert desk.control.explain("001")["reasons"] == [
        {"code": "limit", "message": f"{CORE} works on 1 of at most 1 tasks"}
    ]
    assert codes(desk, "002") == ["status", "lease"]


def test_explain_tells_what_keeps_an_open_session_from_the_task(desk: Dispatch) -> None:
    desk.control.start({"coreId": CORE})
    desk.control.step()
    token = claimed(desk)["token"]
    desk.control.drain({"coreId": CORE})
    desk.control.pull.report(Report("002", "REVIEW", token))
    assert desk.control.explain("001", CORE)["reasons"] == [
        {"code": "core", "message": f"{CORE} is draining"}
    ]


def test_explain_names_the_failure_limit(tmp_path: Path) -> None:
    desk = make_dispatch(tmp_path, row("001"), PULL, max_failures=1)
    token = claimed(desk)["token"]
    desk.control.pull.report(Report("001", "FIX", token, message="失敗"))
    assert desk.status("001") == "HOLD"
    assert codes(desk, "001", CORE) == ["status", "failures"]
    alert = desk.control.alerts()[0]
    assert (alert["id"], alert["type"]) == ("task_held_001", "error")
    assert alert["message"] == "タスク 001: 作業 001 は1回失敗しました"


def test_a_dry_run_takes_nothing(desk: Dispatch, tmp_path: Path) -> None:
    before = (tmp_path / "ORCH/STATE/TASKS.md").read_bytes()
    found = desk.control.dry_run(CORE)
    assert [(one["task_id"], one["taken"]) for one in found["tasks"]] == [
        ("002", True),
        ("001", False),
    ]
    assert dispatch_task(desk.control, CORE, dry_run=True) == found
    assert (tmp_path / "ORCH/STATE/TASKS.md").read_bytes() == before


def test_the_ports_answer_as_the_legacys_did(desk: Dispatch) -> None:
    answer = dispatch_task(desk.control, CORE)
    assert (answer["success"], answer["task_id"]) == (True, "002")
    assert answer["message"] == f"Task 002 dispatched to {CORE}"
    assert dispatch_task(desk.control, "AUDIT_1")["message"] == "No tasks available"
    stats = get_system_stats(desk.control)
    assert stats == {
        "sessions": 0,
        "jobs": 0,
        "leases": 1,
        "foreign_locks": 0,
        "tasks": {"DOING": 1, "READY": 4, "REVIEW": 1},
        "frozen": "",
        "auto_decide": "off",
        "dispatches": True,
    }


def test_the_loop_steps_until_it_is_told_and_closes(desk: Dispatch) -> None:
    desk.control.start({"coreId": CORE})
    rounds = iter([False, False, True])
    monitor_loop(desk.control, stopping=lambda: next(rounds))
    assert desk.status("002") == "DOING"
    assert (desk.control.worker.sessions, desk.control.owner.held) == ({}, False)
    assert desk.control.status()["problems"] == {CORE: WAITING}


def test_a_step_that_fails_does_not_end_the_loop(
    desk: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Worker):
        def step(self, at: float) -> None:
            raise RuntimeError("壊れた")

    desk.control.worker.__class__ = Broken
    rounds = iter([False, False, True])
    monitor_loop(desk.control, stopping=lambda: next(rounds))
    assert caplog.text.count("RuntimeError: 壊れた") == 2


def test_a_bad_cores_file_is_told_by_name(desk: Dispatch, tmp_path: Path) -> None:
    (tmp_path / "config/cores.toml").write_text("[cores.W]\nlimits = 2")
    with pytest.raises(ConfigError, match=r"cores\.toml: unknown key: cores\.W\.limits"):
        desk.control.start({"coreId": CORE})


def test_a_command_core_claims_nothing_by_itself(tmp_path: Path) -> None:
    desk = make_dispatch(tmp_path, row("001"), cores_toml({CORE: SLEEP}))
    with pytest.raises(ForbiddenError):
        desk.control.claim(CORE)


def test_foreign_locks_wait_for_a_person(tmp_path: Path) -> None:
    past = "2025-10-09T07:00:00Z"
    cells = row("001", "DOING", lock=f"WORK@{past}", lock_owner="WORK", lock_expires_at=past)
    desk = make_dispatch(tmp_path, cells, PULL)
    desk.control.start({"coreId": CORE})
    desk.control.step()
    assert desk.status("001") == "DOING"
    assert [one.as_json()["expired"] for one in desk.control.foreign_locks()] == [True]
    assert [task.id for task in desk.control.sweep(Who("CMD", "CMD"))] == ["001"]
    desk.control.nudge()
    desk.control.step()
    assert desk.board.state.tasks.get("001").lock_owner == CORE


def test_another_process_may_claim_and_the_dispatcher_respects_it(
    desk: Dispatch, tmp_path: Path
) -> None:
    other = open_dispatch(tmp_path)
    other.control.claim("WORK_AI_09")
    desk.control.start({"coreId": CORE})
    desk.control.step()
    assert (desk.board.state.tasks.get("001").lock_owner, other.control.owner.held) == (CORE, False)


def test_an_expired_lease_of_a_silent_pull_core_goes_back(desk: Dispatch) -> None:
    desk.control.leases.claim("002", Holder("WORK_AI_09", "WORK"), started=True)
    desk.control.step()
    desk.turned.pass_time(36 * 60)
    desk.control.step()
    assert desk.status("002") == "READY"
    assert desk.heard("lease_expired")[0]["failures"] == 1


def test_a_log_is_read_in_pieces_without_cutting_characters(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    text = "あ" * MOST_BYTES + "end\n"
    path.write_text(text, encoding="utf-8")
    read, offset = "", 0
    while True:
        piece, offset = read_log(tmp_path, path, offset)
        if not piece:
            break
        assert "\ufffd" not in piece
        read += piece
    assert (read, offset) == (text, len(text.encode()))
    assert read_log(tmp_path, tmp_path / "none.log", 5) == ("", 5)
    path.write_bytes(b"a\xe3\x81")
    assert read_log(tmp_path, path, 0) == ("a", 1)


def test_a_log_in_the_consoles_code_page_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    path.write_bytes("作業を開始 C:\\ORCH\n".encode("cp932") + "完了\n".encode() + b"\x8d\xec\x8b")
    text, offset = read_log(tmp_path, path, 0)
    assert (text, path.stat().st_size - offset) == ("作業を開始 C:\\ORCH\n完了\n作", 1)
    begin = len("作業を開始 C:\\ORCH\n".encode("cp932"))
    assert read_log(tmp_path, path, begin) == ("完了\n作", offset)


@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs and links are POSIX")
def test_a_log_that_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.log")
    (tmp_path / "key").write_text("鍵", encoding="utf-8")
    (tmp_path / "2.log").symlink_to(tmp_path / "key")
    for name in ("1.log", "2.log"):
        with pytest.raises(OSError):
            read_log(tmp_path, tmp_path / name, 0)


@pytest.mark.slow
def test_so_many_sessions_may_be_open(desk: Dispatch) -> None:
    for number in range(MOST_SESSIONS):
        desk.control.start({"coreId": f"WORK_{number}"})
    with pytest.raises(RuleError):
        desk.control.start({"coreId": "WORK_ONE_MORE"})
    assert len(desk.control.stop()["stopped"]) == MOST_SESSIONS
    assert desk.control.worker.problems == {}


def test_logs_and_attempts_of_unknown_tasks(desk: Dispatch) -> None:
    assert desk.control.attempts("001") == []
    for look in (desk.control.attempts, desk.control.job_log):
        with pytest.raises(NotFoundError):
            look("404")


def test_a_proven_report_counts_for_what_a_core_holds_and_for_nothing_else(desk: Dispatch) -> None:
    desk.control.claim(CORE)
    assert desk.control.report_proved("001", "REVIEW") is False
    assert desk.control.report_proved("404", "REVIEW") is False
    assert desk.control.report_proved("002", "HOLD") is False
    assert (desk.status("001"), desk.status("002")) == ("READY", "DOING")
    assert desk.control.report_proved("002", "REVIEW", "ORCH/成果.md", "済み") is True
    assert desk.status("002") == "REVIEW"
    assert desk.control.report_proved("002", "FIX") is False


def test_held_leases_are_told_without_their_tokens(desk: Dispatch) -> None:
    token = claimed(desk)["token"]
    (held,) = desk.control.held()
    assert (held["job_id"], held["coreId"], held["mode"], held["started"]) == (
        *("002", CORE, "pull", True),
    )
    assert token not in str(held)


def test_only_who_does_the_background_work_begins_to_dispatch(tmp_path: Path) -> None:
    stopping, leader = threading.Event(), Leader(FileLease(tmp_path), EventBus())
    right = Ownership(tmp_path, leader)
    assert (right.take(), right.held) == (False, False)
    leader.claim()
    assert right.take()
    stopping.set()
    leader.run(stopping)
    assert not leader.is_leader()  # whoever dispatches keeps at it: its commands need it
    assert (right.take(), Ownership(tmp_path).take()) == (True, False)
    right.release()


def take_together(right: Any, together: Any) -> Any:
    together.wait()
    return right.take()


def test_the_loop_and_a_request_that_begin_to_dispatch_at_once_both_may(tmp_path: Path) -> None:
    for _ in range(200):
        right, together = Ownership(tmp_path), threading.Barrier(2)
        with ThreadPoolExecutor(2) as threads:
            asked = [threads.submit(take_together, right, together) for _ in "ab"]
        assert [one.result() for one in asked] == [True, True]
        right.release()
        assert not right.held


def test_a_decision_takes_effect_at_the_next_step_with_its_note(desk: Dispatch) -> None:
    token = claimed(desk)["token"]
    desk.control.report("002", token, "REVIEW")
    desk.control.step()
    person = Who("監査", "AUDIT")
    desk.board.approvals.decide("A002", Decision("rejected", "監査", "AUDIT", "図がない"), person)
    assert desk.status("002") == "REVIEW"
    desk.control.step()
    assert (desk.status("002"), desk.heard("job_decided")[0]["note"]) == ("FIX", "図がない")
