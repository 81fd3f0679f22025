from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from orch_next.core.approvals import Decision
from orch_next.core.events import Who
from orch_next.core.lease_terms import Holder
from orch_next.core.places import Place
from orch_next.dispatcher.following import WAITING
from orch_next.dispatcher.output import Line
from orch_next.dispatcher.processes import kill_marked
from orch_next.dispatcher.work import EVENT_CHARACTERS, joined, mark_of
from tests.dispatch_desk import OK, SLEEP, Dispatch, cores_toml, make_dispatch, open_dispatch
from tests.lease_desk import row
from tests.patience import PATIENCE

REPOSITORY = Path(__file__).parents[1]
AUDIT = Who("AUDIT", "AUDIT")
CORE = "WORK_S_01"
ONE = {"coreId": CORE, "stay": False}
WAIT = "import os,time; print(1, flush=True)\nwhile not os.path.exists('go'): time.sleep(.01)"
STAY = {"coreId": CORE, "intervalSec": 1}
PIDS = ("stopped", "stopped_pids")


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., Dispatch]]:
    made = []

    def make(rows: str = "", script: str = OK, **more: Any) -> Any:
        toml = more.pop("more", "")
        made.append(make_dispatch(tmp_path, rows, cores_toml({CORE: script}, more=toml), **more))
        return made[-1]

    yield make
    for one in made:
        one.control.close()


def test_from_ready_to_done_with_every_step_visible(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(row("001", notes="priority=HIGH・緊急"))
    answer = desk.control.start(ONE)
    assert answer == {
        "success": True,
        "pid": os.getpid(),
        "command": f"orch-next dispatch --core-id {CORE} --enable-orch-integration --interval 5",
    }
    desk.until(lambda: desk.status("001") == "REVIEW")
    desk.until(lambda: not desk.control.status()["running"])
    assert [name for name, _ in desk.told] == [
        "dispatcher_started",
        "task_dispatched",
        "job_log",
        "job_log",
        "job_finished",
        "dispatcher_stopped",
    ]
    assert [one["line"] for one in desk.heard("job_log")] == ["作業", "ORCH_ARTIFACT=out.md"]
    approval = desk.board.state.approvals.get("A002")
    assert (approval.status, approval.requested_by, approval.evidence) == (
        "pending",
        CORE,
        "out.md",
    )
    desk.board.approvals.decide("A002", Decision("approved", "AUDIT", "AUDIT"), AUDIT)
    desk.control.step()
    assert desk.status("001") == "DONE"
    assert [one["outcome"] for one in desk.control.attempts("001")] == ["done"]
    log = desk.control.job_log("001")
    assert (log["text"], log["ended"]) == ("作業\nORCH_ARTIFACT=out.md\n", True)
    assert (tmp_path / "ORCH/LOGS/jobs/001/1.log").exists()


def test_only_the_cells_of_the_run_change(build: Callable[..., Dispatch], tmp_path: Path) -> None:
    desk = build(row("001") + row("002", "PLAN") + row("003", "DONE", artifact="C:\\Users\\a.md"))
    path = tmp_path / "ORCH/STATE/TASKS.md"
    before = path.read_text(encoding="utf-8").splitlines()
    desk.control.start(ONE)
    desk.until(lambda: desk.status("001") == "REVIEW")
    after = path.read_text(encoding="utf-8").splitlines()
    assert [new for old, new in zip(before, after, strict=True) if old != new] == [
        "| 001 | 作業 001 | REVIEW | WORK | - | - | - | - | out.md | - |"
    ]


def test_stay_takes_all_in_order_and_goes_on_looking(build: Callable[..., Dispatch]) -> None:
    rows = row("001", notes="priority=LOW") + row("002") + row("003", notes="depends=002")
    desk = build(rows)
    desk.control.start(STAY)
    desk.until(lambda: [desk.status(x) for x in ("001", "002")] == ["REVIEW", "REVIEW"])
    assert [one["job_id"] for one in desk.heard("task_dispatched")] == ["002", "001"]
    desk.board.approvals.decide("A002", Decision("approved", "AUDIT", "AUDIT"), AUDIT)
    desk.until(lambda: desk.status("003") == "REVIEW")
    assert desk.control.status()["running"] is True


def test_once_takes_one_and_ends_and_none_is_an_end_too(build: Callable[..., Dispatch]) -> None:
    desk = build(row("001") + row("002"))
    desk.control.start(ONE)
    desk.until(lambda: not desk.control.status()["running"])
    assert sorted(desk.statuses().values()) == ["READY", "REVIEW"]
    desk.edit("| 002 | 作業 002 | READY", "| 002 | 作業 002 | PLAN")
    desk.control.start(ONE)
    desk.until(lambda: not desk.control.status()["running"])
    assert desk.status("002") == "PLAN"


def test_a_failure_is_fix_with_the_last_lines_in_the_journal(
    build: Callable[..., Dispatch],
) -> None:
    desk = build(script="print('壊れた'); raise SystemExit(7)")
    desk.control.start(ONE)
    desk.until(lambda: desk.status("001") == "FIX")
    told = desk.heard("job_finished")[0]
    assert (told["exit_status"], told["outcome"], told["tail"]) == (7, "failed", ["壊れた"])
    assert "壊れた" in json.dumps(desk.board.journal.events(1), ensure_ascii=False)
    assert [one["exit_status"] for one in desk.control.attempts("001")] == [7]
    assert len(desk.board.state.approvals.records) == 1


def test_the_same_core_twice_is_answered_with_the_one_that_runs(
    build: Callable[..., Dispatch],
) -> None:
    desk = build(script=SLEEP)
    first = desk.control.start(STAY)
    assert desk.control.start({"coreId": CORE, "stay": False}) == first
    assert len(desk.heard("dispatcher_started")) == 1
    assert desk.control.status()["processes"] == [
        {
            "pid": os.getpid(),
            "name": "orch-next",
            "cmdline": first["command"].replace("--interval 5", "--interval 1").split(),
            "coreId": CORE,
            "intervalSec": 1,
            "stay": True,
            "enableOrchIntegration": True,
        }
    ]


def running_pid(desk: Dispatch) -> Any:
    desk.until(lambda: desk.heard("job_log"))
    return desk.control.leases.store.running()[0].pid


def test_stopping_ends_the_command_and_the_task_is_ready_again(
    build: Callable[..., Dispatch],
) -> None:
    desk = build(script=SLEEP)
    desk.control.start(STAY)
    pid = running_pid(desk)
    assert desk.control.stop({"coreId": CORE})["stopped"] == [os.getpid()]
    desk.until(lambda: desk.status("001") == "READY")
    assert not psutil.pid_exists(pid)
    assert desk.control.attempts("001")[0]["outcome"] == "stopped"
    assert desk.control.leases.store.failures() == {}
    assert desk.control.stop({}) == {"success": True, "stopped": [], "stopped_pids": []}
    assert len(desk.heard("dispatcher_stopped")) == 1


def test_draining_finishes_what_is_begun_and_takes_no_more(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(row("001") + row("002"), script=WAIT)
    desk.control.start(STAY)
    running_pid(desk)
    desk.control.drain()
    assert desk.control.status()["draining"] == [CORE]
    (tmp_path / "go").touch()
    desk.until(lambda: not desk.control.status()["running"])
    assert desk.statuses() == {"001": "REVIEW", "002": "READY"}


def test_a_nudge_looks_at_once(build: Callable[..., Dispatch]) -> None:
    desk = build(row("001", "PLAN"))
    desk.control.start({"coreId": CORE, "intervalSec": 3600})
    desk.control.step()
    desk.edit("| PLAN |", "| READY |")
    desk.control.step()
    assert desk.status("001") == "READY"
    desk.control.nudge({"coreId": CORE})
    desk.control.step()
    assert desk.status("001") == "DOING"


def test_a_person_takes_the_task_away_and_the_command_is_ended(
    build: Callable[..., Dispatch],
) -> None:
    desk = build(script=SLEEP)
    desk.control.start(STAY)
    pid = running_pid(desk)
    desk.edit("| DOING |", "| HOLD |")
    desk.until(lambda: not psutil.pid_exists(pid) and not desk.control.worker.is_busy())
    assert desk.board.state.tasks.get("001").lock == "-"
    assert desk.control.attempts("001")[0]["outcome"] == "taken: HOLD"
    assert desk.status("001") == "HOLD"


def test_a_long_command_keeps_its_lease(build: Callable[..., Dispatch]) -> None:
    desk = build(script=SLEEP, more="timeout_seconds = 100000")
    desk.control.start(STAY)
    running_pid(desk)
    for _ in range(12):
        desk.turned.pass_time(300)
        desk.control.step()
    task = desk.board.state.tasks.get("001")
    assert (task.status, task.lock_expires_at) == ("DOING", "2025-10-09T09:30:00Z")


def test_the_time_limit_makes_a_fix(build: Callable[..., Dispatch]) -> None:
    desk = build(script=SLEEP, more="timeout_seconds = 100")
    desk.control.start(ONE)
    running_pid(desk)
    desk.turned.pass_time(200)
    desk.until(lambda: desk.status("001") == "FIX")
    assert desk.heard("job_finished")[0]["message"] == "time limit"


def test_a_command_that_cannot_start_gives_the_task_back_and_rests(tmp_path: Path) -> None:
    toml = (
        "allow_commands_without_token = true\n"
        f'[cores.{CORE}]\nmode = "command"\ncommand = ["no-such-command"]'
    )
    desk = make_dispatch(tmp_path, row("001"), toml)
    desk.control.start(STAY)
    desk.control.step()
    assert desk.status("001") == "READY"
    assert desk.control.attempts("001")[0]["outcome"] == "start failed"
    assert "no-such-command" in desk.control.status()["problems"][CORE]
    desk.turned.pass_time(30)
    desk.control.step()
    assert len(desk.control.attempts("001")) == 1
    desk.turned.pass_time(31)
    desk.control.step()
    assert len(desk.control.attempts("001")) == 2
    assert desk.control.leases.store.failures() == {}


def test_two_cores_work_at_a_time_each_within_its_limit(tmp_path: Path) -> None:
    scripts = {"WORK_A": SLEEP, "WORK_B": SLEEP}
    rows = "".join(row(f"{n:03d}") for n in range(1, 7))
    desk = make_dispatch(tmp_path, rows, cores_toml(scripts, more="limit = 2"))
    for core in scripts:
        desk.control.start({"coreId": core})
    desk.until(lambda: len(desk.heard("job_log")) == 4)
    owners = sorted(task.lock_owner for task in desk.board.state.tasks.records)
    assert owners == ["-", "-", "WORK_A", "WORK_A", "WORK_B", "WORK_B"]
    desk.control.close()
    assert set(desk.statuses().values()) == {"READY"}
    assert len(desk.control.leases.store.running()) == 0


def test_a_freeze_stops_dispatch_and_is_explained(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build()
    (tmp_path / "ORCH/STATE/flags.md").write_text("AUTO_DECIDE=off\nFREEZE=on")
    desk.control.start(STAY)
    desk.control.step()
    assert desk.status("001") == "READY"
    assert [one["code"] for one in desk.control.explain("001")["reasons"]] == ["freeze"]
    (tmp_path / "ORCH/STATE/flags.md").write_text("FREEZE=off")
    desk.until(lambda: desk.status("001") == "REVIEW")


def test_damage_stops_dispatch_and_its_end_lets_it_go_on(build: Callable[..., Dispatch]) -> None:
    desk = build()
    assert desk.status("001") == "READY"
    desk.control.start(STAY)
    desk.edit("| task_id |", "<<<<<<< HEAD\n=======\n>>>>>>> x\n| task_id |")
    desk.control.step()
    assert [one["code"] for one in desk.control.explain("001")["reasons"]][:1] == ["freeze"]
    desk.edit("<<<<<<< HEAD\n=======\n>>>>>>> x\n", "")
    desk.until(lambda: desk.status("001") == "REVIEW")


def test_a_result_waits_while_the_ledger_cannot_be_written(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(script=WAIT)
    desk.control.start(ONE)
    desk.until(lambda: desk.heard("job_log"))
    mark = "<<<<<<< HEAD\n=======\n>>>>>>> x\n"
    desk.edit("| task_id |", f"{mark}| task_id |")
    (tmp_path / "go").touch()
    desk.until(lambda: "jobs" in desk.control.status()["problems"])
    assert desk.control.worker.is_busy()
    desk.edit(mark, "")
    desk.until(lambda: desk.status("001") == "REVIEW")
    desk.until(lambda: "jobs" not in desk.control.status()["problems"])


def test_orphans_of_a_dispatcher_that_died_are_stopped_at_the_next_start(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(row("001") + row("002"), script=SLEEP, more="limit = 2")
    desk.control.start(STAY)
    desk.until(lambda: len(desk.heard("job_log")) == 2)
    pids = [one.pid for one in desk.control.leases.store.running()]
    # As kill -9 leaves things: nothing was written, the lock is free.
    desk.control.owner.release()
    heir = open_dispatch(tmp_path)
    heir.control.following.wanted.end(None)
    heir.control.step()
    assert heir.statuses() == {"001": "READY", "002": "READY"}
    for process in desk.control.worker.jobs.values():
        process.run._process.wait(5)
    assert not any(psutil.pid_exists(pid) for pid in pids if pid is not None)
    assert [one["outcome"] for one in heir.control.attempts("001")] == ["interrupted"]
    assert heir.control.leases.store.failures() == {}
    # The old one, were it alive, could write nothing.
    desk.control.worker.jobs.clear()
    heir.control.owner.release()


def leave_behind(desk: Dispatch) -> psutil.Process:
    """Let a dispatcher be gone as kill -9 leaves things, but its job; return the job's process."""
    desk.control.start(STAY)
    desk.until(lambda: desk.heard("job_log"))
    (attempt,) = desk.control.leases.store.running()
    desk.control.owner.release()
    desk.control.following.wanted.end(None)
    return psutil.Process(attempt.pid)


def test_a_job_that_may_be_at_work_on_another_host_keeps_its_task(
    build: Callable[..., Dispatch], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = build(script=SLEEP, place=Place("甲", boot="b1", space="pid:[7]"))
    job = leave_behind(desk)
    heir = open_dispatch(tmp_path, desk.turned, place=Place("乙", boot="b1", space="pid:[8]"))
    heir.control.step()
    assert (heir.status("001"), job.is_running()) == ("DOING", True)
    assert "attempt 1 of 001 may be at work until its lease ends: it was begun on 甲" in caplog.text
    desk.turned.pass_time(30 * 60 + 299)
    heir.control.step()
    assert heir.status("001") == "DOING"
    desk.turned.pass_time(2)
    heir.control.step()
    assert heir.status("001") == "READY"
    assert [one["outcome"] for one in heir.control.attempts("001")] == ["expired"]
    heir.control.owner.release()


def test_a_job_goes_with_the_start_of_its_machine(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    before, now = (Place("甲", machine="m1", boot=boot) for boot in ("b1", "b2"))
    leave_behind(build(script=SLEEP, place=before)).kill()
    heir = open_dispatch(tmp_path, place=now)
    heir.control.step()
    assert (heir.status("001"), heir.control.attempts("001")[0]["host"]) == ("READY", "甲")
    heir.control.owner.release()


def test_a_job_whose_processes_do_not_die_keeps_its_task(
    build: Callable[..., Dispatch], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = "import os; os.setsid() if os.fork() == 0 else None; " + SLEEP
    leave_behind(build(script=away))
    heir = open_dispatch(tmp_path)
    heir.control.recovery = replace(heir.control.recovery, kill=lambda mark: [])
    heir.control.step()
    assert heir.status("001") == "DOING"
    assert "its processes do not die" in caplog.text
    assert kill_marked(mark_of(tmp_path / "ORCH", "001", 1)) != []
    heir.control.owner.release()


def test_one_process_dispatches_and_any_may_be_asked(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(script=SLEEP)
    desk.control.step()
    other = open_dispatch(tmp_path)
    assert other.control.start(STAY)["success"] is True
    other.control.step()
    assert (other.control.attempts("001"), other.heard("dispatcher_started")) == ([], [])
    assert other.control.status()["problems"] == {CORE: WAITING}
    desk.until(lambda: desk.heard("job_log"))
    statuses = [one.control.status() for one in (desk, other)]
    assert statuses[0] == statuses[1]
    assert [one["coreId"] for one in statuses[1]["processes"]] == [CORE]
    assert other.control.stop() == {"success": True, **{name: [os.getpid()] for name in PIDS}}
    desk.until(lambda: desk.status("001") == "READY")
    assert [one.control.status()["running"] for one in (desk, other)] == [False, False]
    assert len(desk.heard("dispatcher_stopped")) == 1


def test_a_foreground_command_is_told_that_another_process_dispatches(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    build(script=SLEEP).control.step()
    with pytest.raises(Exception, match="another process dispatches"):
        open_dispatch(tmp_path, alone=True).control.start(STAY)


def test_a_session_goes_over_to_the_next_process_that_dispatches(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(row("001") + row("002"), script=SLEEP)
    desk.control.start(STAY)
    desk.until(lambda: desk.heard("job_log"))
    desk.control.owner.release()  # as kill -9 leaves things
    heir = open_dispatch(tmp_path)
    heir.until(lambda: heir.heard("job_log"))
    assert [one["outcome"] for one in heir.control.attempts("001")] == ["interrupted", "running"]
    assert [one["coreId"] for one in heir.heard("dispatcher_started")] == [CORE]
    (orphan,) = desk.control.worker.jobs.values()
    orphan.run._process.wait(PATIENCE)
    desk.control.worker.jobs.clear()
    heir.control.close()
    third = open_dispatch(tmp_path)
    third.control.drain({"coreId": CORE})
    third.until(lambda: third.control.status()["running"] is False)
    assert third.status("001") == "READY"
    third.control.close()


def test_what_a_killed_foreground_command_wanted_is_wanted_no_more(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(row("001"), script=SLEEP, alone=True)
    desk.control.start(STAY)
    desk.control.owner.release()
    heir = open_dispatch(tmp_path)
    heir.control.step()
    assert (heir.control.status()["running"], heir.status("001")) == (False, "READY")
    heir.control.owner.release()


def test_a_foreground_command_leaves_other_sessions_alone(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(row("001") + row("002", owner="AUDIT"), script=SLEEP, alone=True)
    server = open_dispatch(tmp_path)
    server.control.start({"coreId": "AUDIT_1"})
    server.control.owner.release()
    desk.control.start(STAY)
    desk.until(lambda: desk.heard("job_log"))
    assert (list(desk.control.worker.sessions), desk.status("002")) == ([CORE], "READY")
    server.control.stop({"coreId": CORE})
    desk.until(lambda: desk.status("001") == "READY")
    desk.control.close()
    assert [one["coreId"] for one in server.control.status()["processes"]] == ["AUDIT_1"]


def test_a_session_that_ended_by_itself_is_wanted_no_more(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(row("001") + row("002"), script="pass")
    desk.control.start(ONE)
    desk.until(lambda: not desk.control.status()["running"])
    desk.control.owner.release()
    heir = open_dispatch(tmp_path)
    heir.control.step()
    assert sorted(heir.statuses().values()) == ["READY", "REVIEW"]
    heir.control.owner.release()


@pytest.mark.slow
def test_a_stop_waits_for_no_database(build: Callable[..., Dispatch], tmp_path: Path) -> None:
    desk = build(script=SLEEP)
    desk.control.start(STAY)
    desk.until(lambda: desk.heard("job_log"))
    database = tmp_path / "data" / "orch.db"
    held = sqlite3.connect(database, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    assert desk.control.stop()["stopped"] == [os.getpid()]
    (running,) = desk.control.worker.jobs.values()
    running.run._process.wait(10)
    held.execute("ROLLBACK")
    held.close()
    desk.until(lambda: desk.status("001") == "READY")
    desk.until(lambda: desk.control.following.wanted.all() == [])
    assert desk.control.worker.sessions == {}


def test_a_session_that_may_not_run_says_why(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(script=SLEEP)
    asked = open_dispatch(tmp_path, token_auth=True)
    (tmp_path / "config/cores.toml").write_text(cores_toml({CORE: SLEEP}, allow=False))
    asked.control.start(STAY)
    asked.control.owner.release()
    desk.control.step()
    assert "allow_commands_without_token" in desk.control.status()["problems"][CORE]
    asked.control.stop()


def test_commands_need_a_token_or_the_operators_word(tmp_path: Path) -> None:
    toml = cores_toml({CORE: OK}, allow=False)
    desk = make_dispatch(tmp_path, row("001"), toml)
    with pytest.raises(Exception, match="allow_commands_without_token"):
        desk.control.start(ONE)
    assert desk.control.status()["running"] is False
    trusted = open_dispatch(tmp_path, token_auth=True)
    assert trusted.control.start(ONE)["success"] is True
    trusted.control.close()


def test_cells_never_become_part_of_a_command(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    evil = "$(touch PWNED) ; touch PWNED && `touch PWNED` --option"
    show = "import os,sys; print(sys.argv); print(os.environ['ORCH_TASK_ID'])"
    desk = build(row("../x;touch PWNED", notes=evil), script=show)
    desk.control.start(ONE)
    desk.until(
        lambda: "READY" not in desk.statuses().values() and not desk.control.worker.is_busy()
    )
    lines = [one["line"] for one in desk.heard("job_log")]
    assert lines == ["['-c']", "../x;touch PWNED"]
    assert not list(tmp_path.rglob("PWNED"))
    logs = [path.parent.name for path in (tmp_path / "ORCH/LOGS/jobs").rglob("*.log")]
    assert [name.startswith("task-") for name in logs] == [True]


def test_the_sample_core_works_as_it_is_shipped(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts")
    toml = (REPOSITORY / "config/cores.toml").read_text(encoding="utf-8")
    toml = toml.replace('"python3"', f"'{sys.executable}'")
    desk = make_dispatch(tmp_path, row("001", notes="priority=HIGH・緊急"), toml, token_auth=True)
    desk.control.start({"coreId": "WORK_SCRIPT_01", "stay": False})
    desk.until(lambda: desk.status("001") != "READY" and not desk.control.worker.is_busy())
    task = desk.board.state.tasks.get("001")
    assert task.status == "REVIEW"
    assert (tmp_path / task.artifact).read_text(encoding="utf-8") == (
        "# 001 作業 001\n\npriority=HIGH・緊急\n"
    )
    assert len(desk.control.worker.requests.store.list_open()[0].sha256 or "") == 64
    desk.control.close()


def test_role_files_follow_sessions_with_integration(
    build: Callable[..., Dispatch], tmp_path: Path
) -> None:
    desk = build(script=SLEEP)
    desk.control.start(STAY)
    running_pid(desk)
    desk.control.step()
    locks = tmp_path / "ORCH/STATE/LOCKS"
    assert json.loads((locks / "role_status.json").read_text())["WORK"] == "in_progress"
    assert list(json.loads((locks / "heartbeat.json").read_text())) == ["WORK"]
    desk.control.stop()
    desk.until(lambda: not desk.control.worker.is_busy())
    desk.control.step()
    assert json.loads((locks / "role_status.json").read_text())["WORK"] == "idle"


def test_a_lease_that_nobody_works_on_is_taken_back_within_a_minute(
    build: Callable[..., Dispatch],
) -> None:
    desk = build(row("001", owner="AUDIT"))
    desk.control.leases.claim("001", Holder("AUDIT_1", "AUDIT", "command"))
    desk.control.owner.take()
    desk.control._recovered = True
    desk.control.step()
    assert desk.status("001") == "DOING"
    desk.turned.pass_time(60)
    desk.control.step()
    assert desk.status("001") == "READY"
    assert desk.heard("lease_expired")[0]["outcome"] == "not started"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_sixty_lines_a_step_arrive_in_order(build: Callable[..., Dispatch]) -> None:
    desk = build(script="for n in range(500): print(n)")
    desk.control.start(ONE)
    desk.until(lambda: desk.status("001") == "REVIEW")
    said = "\n".join(one["line"] for one in desk.heard("job_log"))
    assert said.split("\n") == [str(n) for n in range(500)]


def test_a_few_lines_are_told_apart_and_many_together() -> None:
    few = [Line("作業", 7), Line("end", 11)]
    assert list(joined(few)) == few
    many = [Line("x" * 1_000, 1_001 * (n + 1)) for n in range(60)]
    told = list(joined(many))
    assert [len(one.text.split("\n")) for one in told] == [16, 16, 16, 12]
    assert (told[0].offset, told[-1].offset) == (16_016, 60_060)
    assert max(len(one.text) for one in told) <= EVENT_CHARACTERS
