"""A property test of the task's life: any order of events keeps the invariants."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from orch_next.clock import utc_seconds
from orch_next.core.approvals import Decision
from orch_next.core.events import Who
from orch_next.core.lease_store import HELD
from orch_next.core.lease_terms import reported
from orch_next.errors import OrchError
from tests.lease_desk import CORE, OTHER, Turned, make_desk, open_desk, row

IDS = ("001", "002", "003")
PERSON = Who("AUDIT", "AUDIT")
PEOPLE = ("PLAN", "READY", "HOLD", "DONE", "DROP")

tasks = st.sampled_from(IDS)
cores = st.sampled_from((CORE, OTHER))


class TaskLife(RuleBasedStateMachine):
    """Claims, renewals, late reports, crashes, outside edits and decisions, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.turned = Turned()
        rows = "".join(map(row, IDS))
        self.desk = make_desk(Path(self.folder.name), rows, turned=self.turned)
        self.tokens: list[tuple[str, int, str]] = []
        self.generations = dict.fromkeys(IDS, 0)
        self.decided: set[str] = set()

    def teardown(self) -> None:
        self.desk.board.close()
        self.folder.cleanup()

    @rule(task_id=tasks, core=cores)
    def claim(self, task_id: str, core: Any) -> None:
        before = self.desk.row(task_id)
        held = {lease.task_id for lease in self.desk.leases.store.held()}
        try:
            lease = self.desk.leases.claim(task_id, core)
        except OrchError:
            assert before[:2] != ("READY", "-") or task_id in held
            return
        assert before[:2] == ("READY", "-") and task_id not in held
        assert lease.generation == self.generations[task_id] + 1
        self.generations[task_id] = lease.generation
        self.tokens.append((task_id, lease.generation, lease.token))

    @rule(data=st.data(), seconds=st.integers(0, 2000))
    def renew(self, data: Any, seconds: float) -> None:
        self._use(data, lambda task_id, token: self.desk.leases.renew(task_id, token, seconds))

    @rule(data=st.data(), status=st.sampled_from(("REVIEW", "FIX", "READY")))
    def report(self, data: Any, status: str) -> None:
        def work(task_id: str, token: str) -> None:
            ended = self.desk.leases.report(task_id, token, reported(status))
            if ended.task.status == "REVIEW":
                lease = ended.lease
                self.desk.requests.open(
                    ended.task, generation=lease.generation, core=lease.core, evidence="-"
                )

        self._use(data, work)

    def _use(self, data: Any, work: Any) -> None:
        """Let any token that was ever given out be used; only the present one may work."""
        if not self.tokens:
            return
        task_id, generation, token = data.draw(st.sampled_from(self.tokens))
        before = (self.desk.state_folder / "TASKS.md").read_bytes()
        lease, cells = self.desk.leases.known(task_id), self.desk.row(task_id)
        holds = (
            lease.state == HELD
            and lease.generation == generation
            and cells[:2] == ("DOING", lease.lock)
        )
        try:
            work(task_id, token)
        except OrchError:
            assert (self.desk.state_folder / "TASKS.md").read_bytes() == before
        else:
            assert holds

    @rule(seconds=st.sampled_from((1, 60, 600, 2400)))
    def time_passes(self, seconds: float) -> None:
        self.turned.pass_time(seconds)

    @rule(seconds=st.sampled_from((-7200, 7200)))
    def clock_jumps(self, seconds: float) -> None:
        early = {lease.task_id for lease in self.desk.watch.overdue()}
        self.turned.jump(seconds)
        assert {lease.task_id for lease in self.desk.watch.overdue()} == early

    @rule()
    def steal(self) -> None:
        for lease in self.desk.watch.overdue():
            if lease not in self.desk.watch.strays():
                assert self.desk.watch.expire(lease).task.status in ("READY", "HOLD")

    @rule()
    def sweep_strays(self) -> None:
        for lease in self.desk.watch.strays():
            assert self.desk.leases.drop_if_lost(lease)
        assert self.desk.watch.strays() == []

    @rule()
    def crash(self) -> None:
        self.desk.board.close()
        self.desk = open_desk(self.desk.state_folder, self.turned)

    @rule(task_id=tasks, status=st.sampled_from(PEOPLE))
    def a_person_moves_it(self, task_id: str, status: str) -> None:
        self.desk.board.tasks.set_status(task_id, status, PERSON)

    @rule(task_id=tasks, number=st.integers(0, 9))
    def an_editor_changes_the_title(self, task_id: str, number: int) -> None:
        path = self.desk.state_folder / "TASKS.md"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        edited = [
            f"| {task_id} | 題 {number} |{line.split('|', 3)[3]}"
            if line.startswith(f"| {task_id} |")
            else line
            for line in lines
        ]
        path.write_text("".join(edited), encoding="utf-8")

    @rule(data=st.data(), status=st.sampled_from(("approved", "rejected", "expired")))
    def decide(self, data: Any, status: str) -> None:
        pending = [
            one for one in self.desk.board.state.approvals.records if one.status == "pending"
        ]
        if not pending:
            return
        approval = data.draw(st.sampled_from(pending))
        if utc_seconds(self.turned.at) < approval.ts_req:
            return  # nobody decides before the request (contract 3.3)
        open_before = {one.appr_id: one for one in self.desk.requests.store.list_open()}
        task = self.desk.board.state.tasks.find(approval.task_id)
        self.desk.board.approvals.decide(
            approval.appr_id, Decision(status, "AUDIT", "AUDIT"), PERSON
        )
        self.desk.requests.settle()
        after = self.desk.board.state.tasks.find(approval.task_id)
        request = open_before.get(approval.appr_id)
        binds = bool(request and task and request.row_rev == task.rev and status != "expired")
        was = task.status if task else ""
        moved = bool(task and after and was != after.status)
        assert moved == (binds and was == "REVIEW")

    @rule()
    def settle(self) -> None:
        self.desk.requests.settle()
        self.desk.requests.ensure()
        self.desk.requests.settle()

    @invariant()
    def a_task_has_at_most_one_open_request_of_ours_and_it_is_in_the_ledger(self) -> None:
        opened = self.desk.requests.store.list_open()
        assert len({one.task_id for one in opened}) == len(opened)
        for request in opened:
            assert self.desk.board.state.approvals.get(request.appr_id).task_id == request.task_id

    @invariant()
    def every_attempt_is_recorded_and_only_held_ones_run(self) -> None:
        held = {(one.task_id, one.generation) for one in self.desk.leases.store.held()}
        running = self.desk.leases.store.running()
        assert {(one.task_id, one.generation) for one in running} == held
        for task_id in IDS:
            generations = [one.generation for one in self.desk.leases.store.attempts(task_id)]
            assert generations == list(range(1, self.generations[task_id] + 1))

    @invariant()
    def nothing_but_the_rows_cells_ever_changes(self) -> None:
        text = (self.desk.state_folder / "TASKS.md").read_text(encoding="utf-8")
        assert [len(line.split("|")) for line in text.splitlines()[2:]] == [12] * (2 + len(IDS))


TestTaskLife = TaskLife.TestCase
setattr(TestTaskLife, "pytestmark", [pytest.mark.slow])  # noqa: B010 - no attribute that types know
TestTaskLife.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
