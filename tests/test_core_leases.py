from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orch_next.core.events import Who
from orch_next.core.lease_store import Lease, LeaseStore
from orch_next.core.lease_terms import Ending, LeaseRules, reported, taken_back
from orch_next.core.leases import Leases
from orch_next.core.records import Task
from orch_next.errors import (
    ConfigError,
    ConflictError,
    InputError,
    LedgerError,
    NotFoundError,
    RowError,
)
from tests.lease_desk import CORE, OTHER, Desk, Turned, make_desk, open_desk, row

CMD = Who("CMD", "CMD", "cli")
LOCK = "WORK_AI_01@2025-10-09T08:00:00Z"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path, row("001") + row("002", artifact="成果.md"))


def test_a_claim_writes_four_cells_and_tells(desk: Desk) -> None:
    path = desk.state_folder / "TASKS.md"
    before = path.read_text(encoding="utf-8").splitlines()
    lease = desk.leases.claim("001", CORE)
    after = path.read_text(encoding="utf-8").splitlines()
    assert [new for old, new in zip(before, after, strict=True) if old != new] == [
        f"| 001 | 作業 001 | DOING | WORK | {LOCK} | WORK_AI_01 | 2025-10-09T08:30:00Z |"
        " - | - | - |"
    ]
    assert (lease.generation, lease.attempt, lease.started_at) == (1, 1, None)
    assert desk.told == [
        (
            "task_dispatched",
            {
                "job_id": "001",
                "coreId": "WORK_AI_01",
                "attempt": 1,
                "generation": 1,
                "lock_expires_at": "2025-10-09T08:30:00Z",
                "title": "作業 001",
                "status": "DOING",
                "rev": desk.board.state.tasks.get("001").rev,
            },
        )
    ]
    assert lease.token not in (desk.state_folder.parent.parent / "data/orch.db").read_text("latin1")


def present(caught: pytest.ExceptionInfo[ConflictError]) -> dict[str, Any]:
    """Return the row that a conflict tells of."""
    assert caught.value.present is not None
    return caught.value.present


def test_a_task_is_claimed_once(desk: Desk) -> None:
    desk.leases.claim("001", CORE)
    with pytest.raises(ConflictError) as caught:
        open_desk(desk.state_folder).leases.claim("001", OTHER)
    assert present(caught)["lock"] == LOCK


@pytest.mark.parametrize(
    ("cells", "error"),
    [
        (row("001", "PLAN"), ConflictError),
        (row("001", "DONE"), ConflictError),
        (row("001", lock="CMD@2025-01-01T00:00:00Z"), ConflictError),
        (row("001") + row("001"), RowError),
        (row("002"), NotFoundError),
    ],
)
def test_only_a_free_ready_row_is_claimed(
    tmp_path: Path, cells: Any, error: type[Exception]
) -> None:
    desk = make_desk(tmp_path, cells)
    before = (desk.state_folder / "TASKS.md").read_bytes()
    with pytest.raises(error):
        desk.leases.claim("001", CORE)
    assert (desk.state_folder / "TASKS.md").read_bytes() == before
    assert desk.leases.store.held() == []


def test_an_id_that_no_key_holds_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError):
        desk.leases.claim("長" * 256, CORE)


def test_a_report_ends_the_lease_and_keeps_a_record(desk: Desk) -> None:
    lease = desk.leases.claim("002", CORE)
    desk.turned.pass_time(60)
    desk.leases.report("002", lease.token, reported("REVIEW", artifact="out/結果.md", message="済"))
    assert desk.row("002") == ("REVIEW", "-", "-", "-")
    assert desk.board.state.tasks.get("002").artifact == "out/結果.md"
    assert [one.as_json() for one in desk.leases.store.attempts("002")] == [
        {
            "task_id": "002",
            "attempt": 1,
            "generation": 1,
            "core": "WORK_AI_01",
            "started_at": "2025-10-09T08:00:00Z",
            "ended_at": "2025-10-09T08:01:00Z",
            "outcome": "done",
            "exit_status": None,
            "log": "",
            "pid": None,
            "host": "",
        }
    ]
    assert desk.names() == ["task_dispatched", "job_finished"]
    events = [event["action"] for event in desk.board.journal.events()]
    assert events == ["task_reported", "task_claimed"]


def test_a_wrong_or_used_token_changes_nothing(desk: Desk) -> None:
    lease = desk.leases.claim("001", CORE)
    for token in ("", "1.x", lease.token + "x", "\ud800"):
        with pytest.raises(ConflictError):
            desk.leases.report("001", token, reported("REVIEW"))
    desk.leases.report("001", lease.token, reported("FIX"))
    before = (desk.state_folder / "TASKS.md").read_bytes()
    with pytest.raises(ConflictError) as caught:
        desk.leases.report("001", lease.token, reported("REVIEW"))
    assert present(caught)["status"] == "FIX"
    assert (desk.state_folder / "TASKS.md").read_bytes() == before


def test_a_report_of_a_task_never_claimed(desk: Desk) -> None:
    with pytest.raises(ConflictError):
        desk.leases.report("001", "1.x", reported("REVIEW"))
    with pytest.raises(NotFoundError):
        desk.leases.report("404", "1.x", reported("REVIEW"))
    with pytest.raises(InputError):
        desk.leases.report("001", "1.x", reported("DONE"))


def test_renewing_adds_ten_minutes_at_most_and_never_beyond_a_full_ttl(desk: Desk) -> None:
    lease = desk.leases.claim("001", CORE)
    desk.turned.pass_time(15 * 60)
    renewed = desk.leases.renew("001", lease.token, 3600)
    assert (renewed.expires_at - lease.expires_at, renewed.token) == (600, lease.token)
    assert desk.row("001")[3] == "2025-10-09T08:40:00Z"
    desk.leases.renew("001", lease.token, 3600)
    assert desk.row("001")[3] == "2025-10-09T08:45:00Z"
    before = (desk.state_folder / "TASKS.md").read_bytes()
    desk.turned.pass_time(30)
    desk.leases.renew("001", lease.token)  # gains less than a minute: a heartbeat only
    assert (desk.state_folder / "TASKS.md").read_bytes() == before
    assert desk.leases.known("001").heartbeat_at == desk.turned.at.timestamp()


def test_a_holder_is_late_only_behind_ttl_and_grace(desk: Desk) -> None:
    lease = desk.leases.claim("001", CORE)
    desk.turned.pass_time(35 * 60 - 1)
    assert desk.watch.overdue() == []
    desk.leases.renew("001", lease.token)
    desk.turned.pass_time(35 * 60)
    assert [one.task_id for one in desk.watch.overdue()] == ["001"]
    with pytest.raises(ConflictError):
        desk.leases.renew("001", lease.token)
    with pytest.raises(ConflictError):
        desk.leases.report("001", lease.token, reported("REVIEW"))
    assert desk.status("001") == "DOING"


def test_a_core_with_heartbeats_keeps_its_lease(desk: Desk) -> None:
    lease = desk.leases.claim("001", CORE)
    desk.turned.pass_time(35 * 60)
    desk.leases.beat(CORE.id)
    assert desk.watch.overdue() == []
    desk.turned.pass_time(5 * 60)
    assert [one.task_id for one in desk.watch.overdue()] == ["001"]
    desk.leases.beat(CORE.id)
    desk.leases.report("001", lease.token, reported("REVIEW"))
    assert desk.status("001") == "REVIEW"


@pytest.mark.parametrize("jump", [-86_400, -60, 60, 3600, 86_400 * 365])
def test_a_jump_of_the_clock_expires_nothing_early_and_nothing_late(
    desk: Desk, jump: float
) -> None:
    desk.leases.claim("001", CORE)
    assert desk.watch.overdue() == []
    desk.turned.jump(jump)
    desk.turned.pass_time(35 * 60 - 1)
    assert desk.watch.overdue() == []
    desk.turned.pass_time(1)
    assert [one.task_id for one in desk.watch.overdue()] == ["001"]


def test_after_a_restart_the_time_of_day_counts_with_grace(desk: Desk) -> None:
    desk.leases.claim("001", CORE)
    fresh = open_desk(desk.state_folder, Turned(desk.turned.at))
    fresh.turned.jump(35 * 60 - 1)
    assert open_desk(desk.state_folder, Turned(fresh.turned.at)).watch.overdue() == []
    fresh.turned.jump(1)
    late = open_desk(desk.state_folder, Turned(fresh.turned.at))
    assert [one.task_id for one in late.watch.overdue()] == ["001"]


def test_an_expired_task_is_ready_again_and_its_old_holder_is_fenced(desk: Desk) -> None:
    old = desk.leases.claim("001", CORE)
    desk.turned.pass_time(36 * 60)
    desk.watch.expire(desk.watch.overdue()[0])
    assert desk.row("001") == ("READY", "-", "-", "-")
    assert desk.names()[-1] == "lease_expired"
    new = desk.leases.claim("001", OTHER)
    assert (new.generation, new.attempt) == (2, 2)
    with pytest.raises(ConflictError):
        desk.leases.report("001", old.token, reported("REVIEW"))
    with pytest.raises(ConflictError):
        desk.watch.expire(old)
    desk.leases.report("001", new.token, reported("REVIEW"))
    assert desk.status("001") == "REVIEW"


def fail(desk: Desk, core: Any = CORE) -> Any:
    lease = desk.leases.claim("001", core)
    return desk.leases.report("001", lease.token, reported("FIX", tail=("行 1",)))


def test_an_old_lease_of_the_same_second_frees_nothing(desk: Desk) -> None:
    old = desk.leases.claim("001", CORE)
    desk.leases.report("001", old.token, reported("READY"))
    new = desk.leases.claim("001", CORE)
    before = (desk.state_folder / "TASKS.md").read_bytes()
    assert (new.lock, new.generation) == (old.lock, 2)
    with pytest.raises(ConflictError):
        desk.leases.end(old, taken_back("expired", "遅い"))
    assert (desk.state_folder / "TASKS.md").read_bytes() == before
    assert (desk.leases.known("001").generation, desk.leases.known("001").state) == (2, "held")


def test_three_failures_hold_the_task_until_a_person_forgives(desk: Desk) -> None:
    for _ in range(2):
        assert fail(desk).task.status == "FIX"
        desk.board.tasks.set_status("001", "READY", CMD)
    assert fail(desk).task.status == "HOLD"
    name, told = desk.told[-1]
    assert (name, told["alert"], told["failures"], told["tail"]) == (
        "job_finished",
        True,
        3,
        ["行 1"],
    )
    assert desk.leases.store.failures() == {"001": 3}
    desk.board.tasks.set_status("001", "READY", CMD)
    assert fail(desk).task.status == "FIX"
    assert desk.leases.store.failures() == {"001": 1}


def test_three_expiries_hold_the_task_and_a_success_clears_the_count(desk: Desk) -> None:
    statuses = []
    for _ in range(2):
        desk.leases.claim("001", CORE)
        desk.turned.pass_time(36 * 60)
        statuses.append(desk.watch.expire(desk.watch.overdue()[0]).task.status)
    lease = desk.leases.claim("001", CORE)
    desk.leases.report("001", lease.token, reported("REVIEW"))
    assert (statuses, desk.leases.store.failures()) == (["READY", "READY"], {})
    for _ in range(3):
        desk.board.tasks.set_status("001", "READY", CMD)
        desk.leases.claim("001", CORE)
        desk.turned.pass_time(36 * 60)
        statuses.append(desk.watch.expire(desk.watch.overdue()[0]).task.status)
    assert statuses[2:] == ["READY", "READY", "HOLD"]


def test_a_core_that_never_starts_is_noticed_within_a_minute(desk: Desk) -> None:
    lease = desk.leases.claim("001", CORE)
    desk.leases.claim("002", OTHER, started=True)
    assert desk.watch.unstarted() == []
    desk.turned.pass_time(60)
    assert [one.task_id for one in desk.watch.unstarted()] == ["001"]
    desk.watch.expire_unstarted(lease)
    assert (desk.status("001"), desk.leases.store.failures()) == ("READY", {})
    assert desk.leases.start(lease) is False


def test_an_offered_lease_is_handed_over_once_with_a_new_token(desk: Desk) -> None:
    offered = desk.leases.claim("001", CORE)
    taken = desk.leases.hand_over(offered)
    assert taken is not None
    assert desk.leases.hand_over(offered) is None
    with pytest.raises(ConflictError):
        desk.leases.report("001", offered.token, reported("REVIEW"))
    desk.leases.report("001", taken.token, reported("REVIEW"))


def test_an_outside_edit_takes_the_task_from_its_core(desk: Desk) -> None:
    lease = desk.leases.claim("001", CORE)
    assert desk.watch.strays() == []
    desk.edit("| DOING | WORK |", "| HOLD | WORK |")
    assert desk.watch.strays() == [desk.leases.store.held()[0]]
    with pytest.raises(ConflictError):
        desk.leases.renew("001", lease.token)
    assert desk.leases.drop_if_lost(lease) is True
    assert desk.row("001") == ("HOLD", "-", "-", "-")
    assert desk.leases.store.attempts("001")[0].outcome == "taken: HOLD"
    assert desk.watch.strays() == []


def test_a_lock_that_a_hand_rewrote_is_left_alone(desk: Desk) -> None:
    lease = desk.leases.claim("001", CORE)
    desk.edit(LOCK, "CMD@2025-10-09T08:05:00Z")
    assert desk.leases.drop_if_lost(lease) is True
    assert desk.row("001")[:2] == ("DOING", "CMD@2025-10-09T08:05:00Z")


def test_a_lease_whose_row_is_ours_is_not_dropped(desk: Desk) -> None:
    lease = desk.leases.claim("001", CORE)
    desk.edit("作業 001", "作業 001 改")
    assert desk.leases.drop_if_lost(lease) is False
    desk.leases.report("001", lease.token, reported("REVIEW"))


def test_a_row_that_is_gone_frees_its_lease(desk: Desk) -> None:
    lease = desk.leases.claim("001", CORE)
    line = next(
        x for x in (desk.state_folder / "TASKS.md").read_text("utf-8").splitlines() if LOCK in x
    )
    desk.edit(line + "\n", "")
    assert desk.leases.drop_if_lost(lease) is True
    assert desk.leases.store.held() == []


def test_a_claim_that_the_ledger_did_not_take_frees_its_lease(desk: Desk) -> None:
    class Torn(LeaseStore):
        def take(self, lease: Lease) -> None:
            super().take(lease)
            raise OSError("disk gone")

    desk.leases.store = Torn(desk.board.journal.database)
    with pytest.raises(LedgerError, match="disk gone"):
        desk.leases.claim("001", CORE)
    assert (desk.status("001"), desk.leases.store.held()) == ("READY", [])
    assert desk.leases.store.attempts("001")[0].outcome == "taken: READY"


def test_a_save_that_comes_between_does_not_claim_twice(desk: Desk) -> None:
    class Interrupting(LeaseStore):
        def take(self, lease: Lease) -> None:
            super().take(lease)
            desk.edit("作業 002", "作業 002 改")

    desk.leases.store = Interrupting(desk.board.journal.database)
    lease = desk.leases.claim("001", CORE)
    assert [one.generation for one in desk.leases.store.held()] == [1]
    assert (desk.status("001"), desk.board.state.tasks.get("002").title) == ("DOING", "作業 002 改")
    desk.leases.report("001", lease.token, reported("REVIEW"))


def test_locks_of_others_are_listed_and_swept_only_when_asked(tmp_path: Path) -> None:
    past, future = "2025-10-09T07:00:00Z", "2025-10-09T09:00:00Z"
    desk = make_desk(
        tmp_path,
        row("001", "DOING", lock=f"WORK@{past}", lock_owner="WORK", lock_expires_at=past)
        + row("002", "DOING", lock=f"WORK@{past}", lock_owner="WORK", lock_expires_at=future)
        + row("003", "REVIEW", lock="AUDIT@x", lock_expires_at="昨日")
        + row("004", "REVIEW", lock="AUDIT@y", lock_expires_at=past)
        + row("005"),
    )
    desk.leases.claim("005", CORE)
    found = [(one.task_id, one.expired) for one in desk.watch.foreign_locks()]
    assert found == [("001", True), ("002", False), ("003", False), ("004", True)]
    assert desk.watch.overdue() == desk.watch.strays() == []
    with pytest.raises(ConflictError):
        desk.watch.sweep("002", f"WORK@{past}", CMD)
    assert [task.id for task in desk.watch.sweep_all(CMD)] == ["001", "004"]
    assert desk.row("001") == ("READY", "-", "-", "-")
    assert desk.row("004") == ("REVIEW", "-", "-", "-")
    assert desk.status("005") == "DOING"


class OnlyTime(Leases):
    """The seeded defect: trusts its own clock and compares no generation."""

    def check(self, task: Task, token: str, proof: Any = None) -> Any:
        lease = self.known(task.id)
        if self.is_lost(lease):
            raise ConflictError("late")
        return lease


@pytest.mark.parametrize(("kind", "count", "stale"), [(Leases, 40, 0), (OnlyTime, 40, 40)])
def test_late_holders_write_nothing_and_the_mutant_is_caught(
    tmp_path: Path, kind: type[Leases], count: int, stale: int
) -> None:
    ids = [f"{number:03d}" for number in range(count)]
    holders = make_desk(tmp_path, "".join(map(row, ids)), kind=kind)
    tokens = {task_id: holders.leases.claim(task_id, CORE).token for task_id in ids}
    # Another process, whose clock has gone on while the holders were stopped.
    server = open_desk(holders.state_folder, Turned(holders.turned.at))
    server.turned.jump(36 * 60)
    for lease in server.watch.overdue():
        server.watch.expire(lease)
        server.leases.claim(lease.task_id, OTHER)
    written = 0
    for task_id, token in tokens.items():
        try:
            holders.leases.report(task_id, token, reported("REVIEW", artifact="stale.md"))
            written += 1
        except ConflictError:
            pass
    assert written == stale
    owners = {task.lock_owner for task in server.board.state.tasks.records}
    assert owners == ({"-"} if stale else {"WORK_AI_02"})


def test_the_rules_are_settings(tmp_path: Path) -> None:
    rules = LeaseRules(ttl=120, extension=90, grace=10, start=5, max_failures=1)
    desk = make_desk(tmp_path, row("001"), rules=rules)
    lease = desk.leases.claim("001", CORE)
    desk.turned.pass_time(100)
    assert desk.leases.renew("001", lease.token).expires_at - lease.expires_at == 90
    assert desk.leases.end(lease, taken_back("stopped", "止めた")).task.status == "READY"
    lease = desk.leases.claim("001", CORE)
    ended = desk.leases.report("001", lease.token, Ending("FIX", "failed", failed=True))
    assert ended.task.status == "HOLD"


@pytest.mark.parametrize(
    "wrong", [{"ttl": 0}, {"extension": -1}, {"grace": -1}, {"max_failures": 0}]
)
def test_rules_that_cannot_work_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        LeaseRules(**wrong)
