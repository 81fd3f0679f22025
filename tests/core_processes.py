"""What several real processes do to one ledger at once; run by test_core_processes.py."""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from orch_next.core.board import Board, open_board
from orch_next.core.events import Who
from orch_next.core.tasks import TaskDraft
from tests.patience import PATIENCE

STATUSES = ("FIX", "HOLD", "PLAN", "READY")


def run_together(
    work: Callable[..., object], folder: Path, processes: int, *args: Any
) -> list[Any]:
    """Run `work(board, number, results, *args)` in fresh processes and collect the results."""
    context = multiprocessing.get_context("spawn")
    results: Any = context.Queue()
    started = [
        context.Process(target=_in_process, args=(work, folder, number, results, *args))
        for number in range(processes)
    ]
    for process in started:
        process.start()
    found = [_next_result(results, started) for _ in started]
    for process in started:
        process.join(PATIENCE)
    return found


def _next_result(results: Any, started: list[Any]) -> Any:
    while True:
        try:
            return results.get(timeout=1)
        except queue.Empty:
            if any(process.exitcode for process in started):
                raise


def open_at(folder: Path) -> Board:
    database = folder.parent.parent / "data" / "orch.db"
    return open_board(
        folder,
        f"sqlite:///{database}",
        now=lambda: datetime.now(timezone.utc),
        lock_timeout=60.0,
    )


def _in_process(
    work: Callable[..., object], folder: Path, number: int, results: Any, *args: Any
) -> None:
    board = open_at(folder)
    results.put(work(board, number, *args))
    board.close()


def set_statuses(board: Board, number: int, count: int) -> str:
    """Change this process's own task `count` times and return its last revision."""
    rev = board.state.tasks.get(f"{number:03d}").rev
    for turn in range(count):
        status = STATUSES[turn % len(STATUSES)]
        who = Who(f"作業{number}", "WORK")
        rev = board.tasks.set_status(f"{number:03d}", status, who, expected_rev=rev).rev
    return rev


def create_all(board: Board, number: int, count: int) -> list[str]:
    """Create one task per key; every process uses the same keys, each from another start."""
    made = {}
    for turn in range(count):
        key = (turn + number * count // 8) % count
        draft = TaskDraft(f"題{key}")
        made[key] = board.tasks.create(draft, Who("CMD"), idempotency_key=f"k{key}").id
    return [made[key] for key in range(count)]
