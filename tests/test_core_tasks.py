from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from orch_next.core.board import Board, open_board
from orch_next.core.events import Who
from orch_next.core.records import Task
from orch_next.core.tasks import EVENTS, TaskDraft, check_flow
from orch_next.errors import BusyError, ConflictError, InputError, NotFoundError, RuleError
from tests.ledger_text import task_row, task_table

CMD, WORK = Who("CMD", "CMD"), Who("WORK-1", "WORK")
STATUSES = ("PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE", "HOLD", "DROP")


@pytest.fixture
def strict(ledger_folder: Path, now: Callable[[], datetime]) -> Board:
    return open_board(
        ledger_folder, f"sqlite:///{ledger_folder}/x.db", governance="strict", now=now
    )


def lines(folder: Path) -> list[str]:
    return (folder / "TASKS.md").read_text(encoding="utf-8").split("\n")


def events(board: Board) -> list[tuple[str, str, str]]:
    found = board.journal.events()
    return [(e["event_type"], e["resource_id"], e["user_id"]) for e in reversed(found)]


@pytest.mark.parametrize("status", STATUSES)
def test_compatible_governance_lets_any_status_follow_any(board: Board, status: str) -> None:
    for before in STATUSES:
        board.tasks.set_status("001", before, WORK)
        assert board.tasks.set_status("001", status, WORK).status == status


def test_a_promotion_changes_one_cell(board: Board, ledger_folder: Path) -> None:
    before = lines(ledger_folder)
    task = board.tasks.set_status("011", "READY", CMD)
    changed = [
        pair for pair in zip(before, lines(ledger_folder), strict=True) if len(set(pair)) > 1
    ]
    assert changed == [(before[10], before[10].replace("PLAN", "READY"))]
    assert (task, task.line) == (board.state.tasks.get("011"), 11)
    assert events(board) == [("task_promoted", "011", "CMD")]


@pytest.mark.parametrize("status", ["HOLD", "REVIEW"])
def test_hold_and_review_free_the_lock(board: Board, status: str) -> None:
    task = board.tasks.set_status("deploy-004", status, CMD)
    assert (task.lock, task.lock_owner, task.lock_expires_at) == ("-", "-", "-")


@pytest.mark.parametrize("status", ["READY", "FIX", "DONE", "DROP"])
def test_other_statuses_leave_the_lock(board: Board, status: str) -> None:
    task = board.tasks.set_status("deploy-004", status, CMD)
    assert (task.lock, task.lock_owner) == ("WORK@2025-10-07T00:00:00Z", "WORK")


@pytest.mark.parametrize("status", ["done", "", "完了"])
def test_a_status_that_is_none_is_refused(board: Board, status: str) -> None:
    with pytest.raises(InputError, match="status must be one of PLAN, READY"):
        board.tasks.set_status("001", status, CMD)


def test_an_unknown_task_and_an_old_revision_are_refused(board: Board) -> None:
    with pytest.raises(NotFoundError):
        board.tasks.set_status("1", "READY", CMD)
    rev = board.state.tasks.get("001").rev
    assert board.tasks.set_status("001", "FIX", CMD, expected_rev=rev).status == "FIX"
    with pytest.raises(ConflictError):
        board.tasks.set_status("001", "DONE", CMD, expected_rev=rev)
    assert events(board) == [("task_fix_requested", "001", "CMD")]


def test_every_status_has_an_event_of_its_own() -> None:
    assert tuple(EVENTS) == STATUSES
    assert len(set(EVENTS.values())) == len(STATUSES)


# Contract 3.3, written out: what each status may become, by CMD and by others.
BY_CMD = {
    "PLAN": "READY HOLD DROP",
    "READY": "DOING HOLD DROP",
    "DOING": "REVIEW HOLD DROP",
    "REVIEW": "FIX DONE HOLD DROP",
    "FIX": "DOING HOLD DROP",
    "DONE": "",
    "HOLD": "PLAN READY HOLD DROP",
    "DROP": "",
}
BY_WORK = {
    "PLAN": "READY",
    "READY": "DOING",
    "DOING": "REVIEW",
    "REVIEW": "FIX DONE",
    "FIX": "DOING",
    "DONE": "",
    "HOLD": "",
    "DROP": "",
}


def allowed(status: str, who: Who) -> set[str]:
    cells = ["001", "題", status, *["-"] * 7]
    found = set()
    for other in STATUSES:
        try:
            check_flow(Task(*cells), other, who)
        except RuleError:
            continue
        found.add(other)
    return found


@pytest.mark.parametrize("status", STATUSES)
def test_strict_flow(status: str) -> None:
    assert allowed(status, CMD) == set(BY_CMD[status].split())
    assert allowed(status, WORK) == set(BY_WORK[status].split())


def test_strict_governance_refuses_with_the_reason(strict: Board) -> None:
    with pytest.raises(RuleError, match="task 011 cannot go from PLAN to DONE"):
        strict.tasks.set_status("011", "DONE", CMD)
    with pytest.raises(RuleError, match="only CMD may change 011 from PLAN to HOLD"):
        strict.tasks.set_status("011", "HOLD", WORK)
    with pytest.raises(RuleError, match="task 002 is DONE, which is final"):
        strict.tasks.set_status("002", "READY", CMD)
    assert strict.tasks.set_status("002", "DONE", WORK).status == "DONE"
    assert strict.tasks.set_status("011", "READY", WORK).status == "READY"


def test_a_new_task_goes_behind_the_last_row(board: Board, ledger_folder: Path) -> None:
    before = lines(ledger_folder)
    task = board.tasks.create(TaskDraft("新しい作業", notes="優先"), CMD)
    after = lines(ledger_folder)
    assert after == [
        *before[:11],
        "| 012 | 新しい作業 | PLAN | CMD | - | - | - | - | - | 優先 |",
        *before[11:],
    ]
    assert (task.id, task.line) == ("012", 12)
    assert events(board) == [("task_created", "012", "CMD")]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("A | B", "A | B"),
        ("一行目\r\n二行目", "一行目 二行目"),
        (r"C:\Users\作業" + "\\", r"C:\Users\作業" + "\\"),
        (r"\| と \\|", r"\| と \\|"),
        ("  <b>`|`</b>  ", "<b>`|`</b>"),
    ],
)
def test_a_title_reads_back_as_it_was_given(board: Board, given: str, stored: str) -> None:
    task = board.tasks.create(TaskDraft(given, "WORK", "2025-10-31", given), CMD)
    assert (task.title, task.notes) == (stored, stored)
    assert board.state.tasks.get(task.id) == task


@pytest.mark.parametrize(
    "draft",
    [
        TaskDraft(""),
        TaskDraft(" \n "),
        TaskDraft("題\x07"),
        TaskDraft("題", notes="\x1b[31m"),
        TaskDraft("題", due="2025\x00"),
        TaskDraft("題", owner=" "),
        TaskDraft(5),  # type: ignore[arg-type]
        TaskDraft("題", due=20251031),  # type: ignore[arg-type]
    ],
)
def test_a_draft_that_cannot_be_stored_is_refused(
    board: Board, ledger_folder: Path, draft: TaskDraft
) -> None:
    before = lines(ledger_folder)
    with pytest.raises(InputError):
        board.tasks.create(draft, CMD)
    assert lines(ledger_folder) == before


def test_strict_governance_wants_a_known_owner(strict: Board, board: Board) -> None:
    with pytest.raises(InputError, match="owner must be one of CMD, WORK, AUDIT"):
        strict.tasks.create(TaskDraft("題", owner="田中"), CMD)
    assert board.tasks.create(TaskDraft("題", owner="田中"), CMD).owner == "田中"


def test_a_removed_id_is_never_given_again(board: Board, ledger_folder: Path) -> None:
    assert board.tasks.create(TaskDraft("一つ目"), CMD).id == "012"
    path = ledger_folder / "TASKS.md"
    path.write_text(task_table("001"), encoding="utf-8")
    assert board.tasks.create(TaskDraft("二つ目"), CMD).id == "013"


def test_an_outside_row_raises_the_next_id(board: Board, ledger_folder: Path) -> None:
    path = ledger_folder / "TASKS.md"
    path.write_text(task_table("001") + task_row("040"), encoding="utf-8")
    assert board.tasks.create(TaskDraft("次"), CMD).id == "041"


def test_the_same_key_has_one_effect_and_one_answer(board: Board) -> None:
    first = board.tasks.create(TaskDraft("一度だけ"), CMD, idempotency_key="鍵".encode().hex())
    board.tasks.set_status(first.id, "READY", CMD)
    again = board.tasks.create(TaskDraft("一度だけ"), CMD, idempotency_key="鍵".encode().hex())
    assert again == first
    assert [task.id for task in board.state.tasks.records].count(first.id) == 1
    assert len(board.state.tasks.records) == 6


def test_a_key_with_another_payload_is_a_conflict(board: Board) -> None:
    board.tasks.create(TaskDraft("甲"), CMD, idempotency_key="k-1")
    with pytest.raises(ConflictError, match="another payload"):
        board.tasks.create(TaskDraft("乙"), CMD, idempotency_key="k-1")
    assert len(board.state.tasks.records) == 6


@pytest.mark.parametrize("key", ["", " ", "a b", "鍵", "x" * 256, "a\n"])
def test_a_key_is_visible_ascii(board: Board, key: str) -> None:
    with pytest.raises(InputError, match="Idempotency-Key"):
        board.tasks.create(TaskDraft("題"), CMD, idempotency_key=key)


def test_without_its_database_a_create_is_refused_before_the_file_changes(
    ledger_folder: Path, now: Callable[[], datetime]
) -> None:
    board = open_board(ledger_folder, f"sqlite:///{ledger_folder / 'TASKS.md' / 'x.db'}", now=now)
    before = lines(ledger_folder)
    with pytest.raises(BusyError, match="database"):
        board.tasks.create(TaskDraft("題"), CMD)
    assert lines(ledger_folder) == before
