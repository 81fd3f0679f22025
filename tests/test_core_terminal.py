"""What a callback does to its task, and what it only tells the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import pytest

from orch_next.core.board import Board
from orch_next.core.events import Who
from orch_next.core.terminal import AGENT, WORDS, Callback, Terminal, read_callback
from orch_next.errors import ConflictError, InputError, NotFoundError

NOW = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)
PAYLOAD = "a" * 64
TASK_STATUSES = ("PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE", "HOLD", "DROP")


@dataclass
class Desk:
    """A dispatcher that notes what it is told and refuses one token."""

    told: list[tuple[str, ...]] = field(default_factory=list)
    held: str = ""

    def report(self, *report: str) -> object:
        if report[1] == "late":
            raise ConflictError("the lease is not yours any more")
        self.told.append(report)
        return None

    def report_proved(self, *report: str) -> bool:
        if report[0] == self.held:
            self.told.append(report)
        return report[0] == self.held

    def beat(self, core_id: str, claimant: str = "") -> None:
        self.told.append((core_id,))


@pytest.fixture
def terminal(board: Board) -> Terminal:
    return Terminal(board.state, board.tasks, now=lambda: NOW)


def apply(terminal: Terminal, reports: Any = None, **given: str) -> dict[str, Any]:
    return terminal.apply(Callback(**given), PAYLOAD, reports).details


def first_task(board: Board) -> str:
    return board.state.tasks.records[0].id


@pytest.mark.parametrize(
    ("status", "wanted"), [*WORDS.items(), *((status, status) for status in TASK_STATUSES)]
)
def test_a_status_moves_the_task(
    board: Board, terminal: Terminal, status: str, wanted: str
) -> None:
    task_id = first_task(board)
    board.tasks.set_status(task_id, "READY", Who("人", "CMD"))
    assert apply(terminal, job_id=task_id, status=status) == {"applied": True, "reason": ""}
    assert board.state.tasks.get(task_id).status == wanted


@pytest.mark.parametrize("status", ["", "running", "Completed", "0", "DONE ", "完了"])
def test_another_status_is_only_journalled(board: Board, terminal: Terminal, status: str) -> None:
    before = board.state.tasks.records
    assert apply(terminal, job_id=first_task(board), status=status)["applied"] is False
    assert board.state.tasks.records == before


@pytest.mark.parametrize("final", ["DONE", "DROP"])
def test_a_terminals_word_does_not_reopen_a_task(
    board: Board, terminal: Terminal, final: str
) -> None:
    task_id = first_task(board)
    board.tasks.set_status(task_id, final, Who("人", "CMD"))
    assert apply(terminal, job_id=task_id, status="failed") == {
        "applied": False,
        "reason": f"the task is {final}",
    }
    assert board.state.tasks.get(task_id).status == final


def test_a_job_that_is_no_task_is_journalled(terminal: Terminal) -> None:
    change = terminal.apply(
        Callback("ジョブ-9", "completed", artifact="C:\\成果\\9.md"), PAYLOAD, None
    )
    assert (change.kind, change.event, change.record_id, change.who, change.payload_sha256) == (
        *("callback", "terminal_callback", "ジョブ-9", AGENT, PAYLOAD),
    )
    assert change.after == {
        "task_id": "ジョブ-9",
        "status": "completed",
        "artifact": "C:\\成果\\9.md",
        "message": "",
    }
    assert change.details == {"applied": False, "reason": "no such task"}


def test_a_token_goes_to_the_dispatcher_and_into_no_journal(
    board: Board, terminal: Terminal
) -> None:
    before, desk = board.state.tasks.records, Desk()
    callback = Callback("001", "completed", "3.geheim", "C:\\成果\\1.md", "済み")
    change = terminal.apply(callback, PAYLOAD, desk)
    assert desk.told == [("001", "3.geheim", "REVIEW", "C:\\成果\\1.md", "済み")]
    assert "geheim" not in repr(change)
    assert board.state.tasks.records == before


def test_a_late_holder_and_a_missing_dispatcher_are_errors(terminal: Terminal) -> None:
    with pytest.raises(ConflictError):
        apply(terminal, Desk(), job_id="001", status="REVIEW", token="late")
    with pytest.raises(NotFoundError):
        apply(terminal, None, job_id="001", status="REVIEW", token="3.x")


def test_numbers_become_text() -> None:
    members = {"job_id": 7, "status": 0, "artifact": None, "extra": [1]}
    assert read_callback(members) == Callback(job_id="7", status="0")


@pytest.mark.parametrize(
    "members",
    [
        *({"job_id": True}, {"job_id": ["1"]}, {"job_id": {}}, {"job_id": "x" * 256}),
        *({"status": {}}, {"token": 5}, {"artifact": []}, {"message": "長" * 4_001}),
    ],
)
def test_other_types_are_refused(members: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        read_callback(members)


def test_a_signature_stands_for_the_token_of_a_held_task(terminal: Terminal, board: Board) -> None:
    desk, before = Desk(held="001"), board.state.tasks.digest
    report = {"job_id": "001", "status": "completed", "artifact": "ORCH/成果.md", "message": "済み"}
    assert apply(terminal, desk, **report)["applied"] is True
    assert desk.told == [("001", "REVIEW", "ORCH/成果.md", "済み")]
    assert board.state.tasks.digest == before
