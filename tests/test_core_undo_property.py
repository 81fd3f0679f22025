"""Any sequence of changes, undone in reverse order, leaves the bytes as they were."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orch_next.core.approvals import Decision
from orch_next.core.board import Board, open_board
from orch_next.core.events import Who
from orch_next.core.history import list_entries
from orch_next.core.tasks import TaskDraft
from orch_next.errors import OrchError
from tests.conftest import NOW

CMD = Who("CMD", "CMD")
HEAD = "| task_id | title | state | owner | lock | lock_owner | lock_expires_at | due | artifact"
TASKS = (
    f"\ufeff# 台帳\r\n\r\n{HEAD} | notes |\r\n|{'---|' * 10}\r\n"
    "| 001 |  題  | PLAN | WORK | - | - | - ||| |\r\n"
    "|002|A \\| B|DOING|WORK|WORK@x|WORK|2025-10-07T00:30:00Z| - | C:\\\\作業\\ |-|\r\n"
    "003 | 縦線なし | HOLD | CMD | - | - | - | - | - | -\r\n"
    "| 004 | 余分 | READY | CMD | - | - | - | - | - | - |  |  | \t\r\n"
    "\r\n後書き | 表ではない\r\n"
)
APPROVALS = (
    "| appr_id | task_id | op | status | requested_by | approver | approver_role | ts_req"
    f" | ts_dec | evidence |\n|{'---|' * 10}\n"
    "|A001|001|完了|pending|WORK||| 2025-10-07T15:30:00Z |-| C:\\x.md |\n\n"
    "| A002 | 002 | 配布 | pending | CMD | - | - | - | - | - |"
)
VALUES = st.sampled_from(
    ["", "-", "A | B", "一行目\n二行目", "C:\\作業\\", "\\|", "`|`", "　全角　", "<b>新"]
)
IDS = st.sampled_from(["001", "002", "003", "004", "005"])
STATUSES = st.sampled_from(["PLAN", "READY", "REVIEW", "HOLD", "DROP", "DONE"])
CELLS = st.dictionaries(
    st.sampled_from(["title", "owner", "due", "artifact", "notes"]), VALUES, min_size=1
)
STEPS = st.one_of(
    st.tuples(st.just("status"), IDS, STATUSES),
    st.tuples(st.just("edit"), IDS, CELLS),
    st.tuples(st.just("create"), VALUES),
    st.tuples(st.just("decide"), st.sampled_from(["A001", "A002"])),
    st.tuples(st.just("outside"), IDS, VALUES),
    st.tuples(st.just("cut"), IDS),
    st.tuples(st.just("undo"), st.integers(1, 8)),
)


@contextmanager
def new_board() -> Iterator[Board]:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder, "ORCH", "STATE")
        state.mkdir(parents=True)
        (state / "TASKS.md").write_bytes(TASKS.encode())
        (state / "APPROVALS.md").write_bytes(APPROVALS.encode())
        board = open_board(state, f"sqlite:///{folder}/x.db", now=lambda: NOW)
        board.state.refresh()
        yield board
        board.close()


def replace_line(board: Board, task_id: str, new: str) -> None:
    path, task = board.state.folder / "TASKS.md", board.state.tasks.find(task_id)
    if task is not None:
        text = path.read_bytes().decode()
        path.write_bytes(text.replace(f"\r\n{task.raw}", new).encode())
        board.state.refresh()


def take(board: Board, step: tuple[Any, ...]) -> None:
    what, rest = step[0], list[Any](step[1:])
    if what == "status":
        board.tasks.set_status(rest[0], rest[1], CMD)
    elif what == "edit":
        board.tasks.edit(rest[0], rest[1], CMD)
    elif what == "create":
        board.tasks.create(TaskDraft(*rest), CMD)
    elif what == "decide":
        board.approvals.decide(rest[0], Decision("approved", "監査", "AUDIT"), CMD)
    elif what == "undo":
        board.undo.undo(rest[0], CMD)
    elif what == "cut":
        replace_line(board, rest[0], "")
    else:
        cell = rest[1].replace("\n", " ").replace("|", "")
        replace_line(board, rest[0], f"\r\n|{rest[0]} | {cell}x | PLAN |" + "  - |" * 7)


def files(board: Board) -> tuple[bytes, bytes]:
    folder = board.state.folder
    return (folder / "TASKS.md").read_bytes(), (folder / "APPROVALS.md").read_bytes()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@example([("cut", "001"), ("undo", 1), ("undo", 2)])
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_undone_in_reverse_the_bytes_are_the_old_ones(steps: list[tuple[Any, ...]]) -> None:
    with new_board() as board:
        before = files(board)
        for step in steps:
            refused = files(board)
            try:
                take(board, step)
            except OrchError:
                assert files(board) == refused
        entries = list_entries(board.journal.database)
        for entry in entries:
            board.undo.undo(entry.id, CMD)
        assert files(board) == before
        assert len(list_entries(board.journal.database, limit=999)) == 2 * len(entries)
