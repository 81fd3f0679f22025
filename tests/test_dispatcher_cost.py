"""What the dispatcher asks the database: one look a step, not one by each of its parts."""

from __future__ import annotations

from pathlib import Path

from orch_next.core.approvals import Decision
from orch_next.core.events import Who
from tests.database_cost import counted
from tests.dispatch_desk import OK, Dispatch, cores_toml, make_dispatch
from tests.lease_desk import row
from tests.patience import until

CORE = "WORK_AI_01"


def serve(tmp_path: Path, rows: str) -> Dispatch:
    desk = make_dispatch(tmp_path, rows, cores_toml({CORE: OK}))
    desk.control.start({"coreId": CORE, "stay": True})
    desk.control.step()
    return desk


def step(desk: Dispatch, seconds: float = 1.0) -> None:
    desk.turned.steady += seconds
    desk.control.step()


def test_a_step_with_nothing_to_do_looks_once_at_each_table(tmp_path: Path) -> None:
    desk = serve(tmp_path, row("001", status="HOLD"))
    step(desk)
    with counted() as found:
        for _ in range(10):
            step(desk)
    assert (found["transactions"], found["reads"] <= 30) == (0, True)  # leases, requests, sessions


def test_a_task_from_ready_to_done(tmp_path: Path) -> None:
    desk = serve(tmp_path, row("図面-1", status="HOLD"))
    step(desk)
    with counted() as found:
        desk.edit("| HOLD |", "| READY |")
        step(desk, 100.0)
        running = desk.control.worker.jobs["図面-1"]
        until(lambda: running.run.output.ended)
        desk.until(lambda: desk.status("図面-1") == "REVIEW")
        asked = desk.board.state.approvals.records[-1].appr_id
        decision = Decision("approved", "花子", "CMD", "良い")
        desk.board.approvals.decide(asked, decision, Who("花子", "CMD"))
        desk.until(lambda: desk.status("図面-1") == "DONE")
    assert (found["transactions"] <= 16, found["reads"] <= 22) == (True, True), found
