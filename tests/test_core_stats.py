from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orch_next.core.board import Board, open_board
from orch_next.core.events import Who
from orch_next.core.stats import compute_spans, compute_stats
from orch_next.core.tasks import TaskDraft
from tests.conftest import NOW

CMD = Who("CMD", "CMD")
HOUR = 3600.0


class Days:
    """A board whose clock is turned by hand."""

    def __init__(self, folder: Path) -> None:
        self.at = NOW
        self.board: Board = open_board(folder, f"sqlite:///{folder}/x.db", now=lambda: self.at)

    def move(self, task_id: str, *steps: tuple[str, float]) -> None:
        """Set statuses, each some hours after what was before."""
        for status, hours in steps:
            self.at += timedelta(hours=hours)
            self.board.tasks.set_status(task_id, status, CMD)


@pytest.fixture
def days(ledger_folder: Path) -> Days:
    return Days(ledger_folder)


def test_an_empty_journal_has_no_figures(board: Board, now: Callable[[], datetime]) -> None:
    stats = compute_stats(board.state, board.journal, now(), days=2)
    nothing = {"count": 0, "mean": None, "median": None, "p90": None}
    assert {name: stats[name] for name in ("throughput", "lead_time", "time_in_state")} == {
        "throughput": [
            {"day": "2025-10-08", "created": 0, "done": 0},
            {"day": "2025-10-09", "created": 0, "done": 0},
        ],
        "lead_time": {**nothing, "unknown": 0},
        "time_in_state": {},
    }
    assert stats["counts"]["tasks"] == {"REVIEW": 1, "DONE": 1, "DOING": 1, "READY": 1, "PLAN": 1}


def test_figures_come_from_the_transitions(days: Days) -> None:
    for title in ("甲", "乙"):
        days.board.tasks.create(TaskDraft(title), CMD)
    days.move("012", ("READY", 1), ("DOING", 2), ("REVIEW", 3), ("DONE", 4))
    days.move("013", ("DOING", 6), ("FIX", 2), ("DOING", 1), ("DONE", 5))
    days.move("001", ("DONE", 1))
    stats = compute_stats(days.board.state, days.board.journal, days.at, days=2)
    assert stats["throughput"] == [
        {"day": "2025-10-09", "created": 2, "done": 1},
        {"day": "2025-10-10", "created": 0, "done": 2},
    ]
    assert stats["lead_time"] == {
        **{"count": 2, "mean": 17 * HOUR, "median": 17 * HOUR, "unknown": 1},
        "p90": pytest.approx(22.6 * HOUR),
    }
    times = stats["time_in_state"]
    assert {status: (time["count"], time["mean"]) for status, time in times.items()} == {
        "PLAN": (2, 8.5 * HOUR),
        "READY": (1, 2 * HOUR),
        "DOING": (3, pytest.approx(10 / 3 * HOUR)),
        "REVIEW": (1, 4 * HOUR),
        "FIX": (1, 1 * HOUR),
    }


def test_what_was_undone_did_not_happen_and_redo_did(days: Days) -> None:
    days.board.tasks.create(TaskDraft("甲"), CMD)
    days.move("012", ("DOING", 1), ("DONE", 1))
    days.at += timedelta(hours=1)
    days.board.undo.undo(3, CMD)

    def done() -> int:
        stats = compute_stats(days.board.state, days.board.journal, days.at, days=1)
        return int(stats["throughput"][0]["done"])

    assert done() == 0
    days.board.undo.undo(4, CMD)
    assert done() == 1


def test_lead_time_is_of_tasks_done_in_the_days_asked_for(days: Days) -> None:
    days.board.tasks.create(TaskDraft("甲"), CMD)
    days.move("012", ("DONE", 1))
    days.at += timedelta(days=3)
    counts = [
        compute_stats(days.board.state, days.board.journal, days.at, days=n)["lead_time"]["count"]
        for n in (3, 4)
    ]
    assert counts == [0, 1]


def test_spans_are_what_the_journal_knows(days: Days) -> None:
    days.board.tasks.create(TaskDraft("甲"), CMD)
    days.move("012", ("DOING", 1), ("FIX", 1), ("DOING", 1), ("DONE", 1))
    days.move("010", ("DOING", 1), ("DONE", 1), ("HOLD", 1))
    spans = compute_spans(days.board.state, days.board.journal)
    assert spans["012"] == {
        "created": "2025-10-09T03:04:05.678901Z",
        "started": "2025-10-09T04:04:05.678901Z",
        "finished": "2025-10-09T07:04:05.678901Z",
    }
    assert (spans["010"]["created"], spans["010"]["finished"]) == (None, None)
    assert spans["002"] == {"created": None, "started": None, "finished": None}
