from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from orch_next.dispatcher.hanging import HANGING_SECONDS
from orch_next.errors import SlowFileError
from orch_next.serving.starting import end_if_hung
from tests.dispatch_desk import Dispatch, cores_toml, make_dispatch
from tests.lease_desk import row

CORE = "WORK_S_01"
PIPE = "import os; os.path.exists('pipe') or os.mkfifo('pipe'); print('ORCH_ARTIFACT=pipe')"
SLOW = "print('ORCH_ARTIFACT=slow')"


def evidence(desk: Dispatch) -> list[str]:
    asked = desk.board.state.approvals.records
    return [one.evidence for one in asked if one.requested_by == CORE]


@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs are POSIX")
def test_a_fifo_as_artifact_stops_nobody(tmp_path: Path) -> None:
    desk = make_dispatch(tmp_path, row("001") + row("002"), cores_toml({CORE: PIPE}))
    desk.control.start({"coreId": CORE, "intervalSec": 1})
    desk.until(lambda: desk.statuses() == {"001": "REVIEW", "002": "REVIEW"})
    assert evidence(desk) == ["pipe", "pipe"]
    desk.control.close()


def test_an_artifact_that_is_read_slowly_gets_its_approval_later(tmp_path: Path) -> None:
    rows = row("001", notes="priority=HIGH") + row("002")
    desk = make_dispatch(tmp_path, rows, cores_toml({CORE: SLOW}))
    requests = desk.control.worker.requests
    ready: list[bool] = []

    def digest(name: str) -> str:
        if not ready:
            raise SlowFileError(f"the artifact {name} is still being read")
        return "a" * 64

    requests.digest = digest
    desk.control.start({"coreId": CORE, "intervalSec": 1})
    desk.until(lambda: desk.statuses() == {"001": "REVIEW", "002": "REVIEW"})
    desk.until(lambda: "approvals" in desk.control.status()["problems"])
    assert evidence(desk) == []
    ready.append(True)
    desk.until(lambda: evidence(desk) == ["slow", "slow"])
    desk.until(lambda: desk.control.status()["problems"] == {})
    desk.control.close()


def test_a_step_that_hangs_is_told(tmp_path: Path) -> None:
    told: list[Any] = []

    def predict(core_id: str, task_ids: Sequence[str]) -> dict[str, Any]:
        told.append(desk.control.hindrance())
        desk.turned.steady += HANGING_SECONDS
        told.append(desk.control.hindrance())
        told.append(desk.control.status()["problems"])
        return {}

    desk = make_dispatch(tmp_path, row("001") + row("002"), predict=predict)
    desk.control.start({"coreId": CORE})
    desk.control.step()
    hangs = f"the dispatcher hangs: {CORE} since 60 s"
    assert told == ["", hangs, {"step": hangs}]
    assert desk.control.hindrance() == ""
    desk.control.close()


@pytest.mark.parametrize(("has_ended", "codes"), [(True, []), (False, [1])])
def test_a_process_that_stops_ends_without_a_step_that_hangs(
    has_ended: bool, codes: list[int]
) -> None:
    stopping, ended = threading.Event(), threading.Event()
    seen: list[int] = []
    stopping.set()
    if has_ended:
        ended.set()
    end_if_hung(stopping, ended, lambda: True, seen.append, seconds=0.01)
    assert seen == codes
