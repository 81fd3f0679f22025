from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from orch_next.core.approvals import Decision
from orch_next.core.board import Board, open_board
from orch_next.core.events import Who
from orch_next.core.history import get_entry, list_entries
from orch_next.core.tasks import TaskDraft
from orch_next.core.undo import taken_back
from orch_next.errors import ConflictError, DamagedError, NotFoundError, RowError, RuleError

CMD, WORK, AUDIT = Who("CMD", "CMD"), Who("WORK-1", "WORK"), Who("監査", "AUDIT")
YES = Decision("approved", "監査", "AUDIT", "確認済み")


@pytest.fixture
def strict(ledger_folder: Path, now: Callable[[], datetime]) -> Board:
    url = f"sqlite:///{ledger_folder}/x.db"
    return open_board(ledger_folder, url, governance="strict", now=now)


def newest(board: Board) -> int:
    return list_entries(board.journal.database, limit=1)[0].id


def events(board: Board) -> list[tuple[str, str, int | None]]:
    found = list_entries(board.journal.database)
    return [(entry.event, entry.actor, entry.undoes) for entry in reversed(found)]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode("utf-8")
    assert text.count(old) == 1
    path.write_bytes(text.replace(old, new).encode("utf-8"))


def test_an_undo_gives_the_row_its_bytes_back_and_is_journalled(
    board: Board, ledger_folder: Path
) -> None:
    before = (ledger_folder / "TASKS.md").read_bytes()
    rev = board.state.tasks.get("deploy-004").rev
    board.tasks.set_status("deploy-004", "HOLD", CMD)
    done = board.undo.undo(newest(board), WORK)
    assert (ledger_folder / "TASKS.md").read_bytes() == before
    assert done.record == board.state.tasks.get("deploy-004")
    assert (board.state.tasks.get("deploy-004").rev, done.journal_id) == (rev, newest(board))
    assert events(board) == [("task_held", "CMD", None), ("task_undone", "WORK-1", 1)]


def test_the_undo_of_an_undo_is_redo(board: Board, ledger_folder: Path) -> None:
    board.tasks.edit("001", {"title": "A | B", "notes": ""}, CMD)
    after = (ledger_folder / "TASKS.md").read_bytes()
    done = board.undo.undo(newest(board), CMD)
    again = board.undo.undo(done.journal_id or 0, CMD)
    assert (ledger_folder / "TASKS.md").read_bytes() == after
    assert [entry[2] for entry in events(board)] == [None, 1, 2]
    assert board.undo.undo(again.journal_id or 0, CMD).record is not None


def test_a_created_task_is_removed_and_its_id_stays_taken(
    board: Board, ledger_folder: Path
) -> None:
    before = (ledger_folder / "TASKS.md").read_bytes()
    board.tasks.create(TaskDraft("余分な作業"), CMD)
    after = (ledger_folder / "TASKS.md").read_bytes()
    done = board.undo.undo(newest(board), CMD)
    assert ((ledger_folder / "TASKS.md").read_bytes(), done.record) == (before, None)
    board.undo.undo(done.journal_id or 0, CMD)
    assert (ledger_folder / "TASKS.md").read_bytes() == after
    assert board.tasks.create(TaskDraft("次"), CMD).id == "013"


def test_a_task_that_an_approval_names_is_not_removed(board: Board, ledger_folder: Path) -> None:
    board.tasks.create(TaskDraft("証跡あり"), CMD)
    edit(ledger_folder / "APPROVALS.md", "| A004 | 001 |", "| A004 | 012 |")
    with pytest.raises(RuleError, match="approval A004 belongs to 012"):
        board.undo.undo(1, CMD)
    assert board.state.tasks.get("012").title == "証跡あり"


def test_a_cell_that_was_changed_since_is_left_alone(board: Board, ledger_folder: Path) -> None:
    board.tasks.edit("001", {"title": "題", "notes": "先"}, CMD)
    board.tasks.edit("001", {"notes": "追記"}, WORK)
    board.tasks.set_status("001", "FIX", CMD)
    before = (ledger_folder / "TASKS.md").read_bytes()
    with pytest.raises(ConflictError, match="001 was changed since by WORK-1") as caught:
        board.undo.undo(1, CMD)
    task = board.state.tasks.get("001")
    assert caught.value.present == {**task.as_json(), "rev": task.rev}
    by = caught.value.facts["changed_by"]
    assert (by["actor"], by["source"], by["cells"]) == ("WORK-1", "http", ["notes"])
    assert (ledger_folder / "TASKS.md").read_bytes() == before


def test_a_cell_that_another_has_put_back_is_not_undone_again(board: Board) -> None:
    title = board.state.tasks.get("001").title
    board.tasks.edit("001", {"title": "題"}, CMD)
    board.tasks.edit("001", {"title": title, "notes": "戻した"}, WORK)
    with pytest.raises(ConflictError, match="001 was changed since by WORK-1"):
        board.undo.undo(1, CMD)


def test_an_edit_outside_is_named_and_can_be_undone_itself(
    board: Board, ledger_folder: Path
) -> None:
    board.tasks.edit("001", {"notes": "確認中"}, CMD)
    path = ledger_folder / "TASKS.md"
    before = path.read_bytes()
    edit(path, "確認中", "手で直した  ")
    with pytest.raises(ConflictError, match=r"changed since by outside \(task_updated, entry 2\)"):
        board.undo.undo(1, CMD)
    board.undo.undo(2, CMD)
    assert path.read_bytes() == before


def test_other_cells_changed_since_stay_and_the_undone_ones_get_their_bytes_back(
    board: Board, ledger_folder: Path
) -> None:
    path = ledger_folder / "TASKS.md"
    new = "| 001 |   C:\\台帳 \\| 甲   | PLAN | WORK | - | - | - | - | - | 前 |"
    edit(path, "| 001 |", f"{new}\n| 0011 |")
    line = board.state.tasks.get("001").raw
    board.tasks.edit("001", {"title": "新しい題名"}, CMD)
    first = newest(board)
    edit(path, "| 前 |", "|   後から \\| 別の人   |")
    wanted = line.replace("| 前 |", "|   後から \\| 別の人   |")
    entry = get_entry(board.journal.database, first)
    assert board.undo.judge([entry]) == [True]
    done = board.undo.undo(first, CMD)
    assert (board.state.tasks.get("001").raw, done.record) == (wanted, board.state.tasks.get("001"))
    again = board.undo.undo(done.journal_id or 0, CMD)
    assert board.state.tasks.get("001").raw == wanted.replace("C:\\台帳 \\| 甲", "新しい題名")
    board.tasks.set_status("001", "READY", CMD)
    board.undo.undo(again.journal_id or 0, CMD)
    assert board.state.tasks.get("001").raw == wanted.replace("| PLAN |", "| READY |")


def test_a_cell_outside_the_contract_that_was_changed_too_is_undone_with_the_others(
    board: Board, ledger_folder: Path
) -> None:
    path = ledger_folder / "TASKS.md"
    for old in ("| artifact | notes |", "|----------|-------|"):
        if old in path.read_text(encoding="utf-8"):
            edit(path, old, old + (" 版 |" if "notes" in old else "---|"))
    row = board.state.tasks.get("001").raw
    edit(path, row, f"{row} 初 |")
    board.state.refresh()
    edit(path, f"{row} 初 |", f"{row.replace('REVIEW', 'FIX')} 二 |")
    board.state.refresh()
    first = newest(board)
    board.tasks.edit("001", {"title": "題"}, CMD)
    board.undo.undo(first, CMD)
    assert board.state.tasks.get("001").raw.endswith(" 初 |")
    assert board.state.tasks.get("001").status == "REVIEW"


@pytest.mark.parametrize("task_id", ["001", "deploy-004", "011"])
def test_a_row_removed_outside_comes_back_to_its_line(
    board: Board, ledger_folder: Path, task_id: str
) -> None:
    path = ledger_folder / "TASKS.md"
    before = path.read_bytes()
    line = board.state.tasks.get(task_id).raw
    edit(path, line + "\n", "")
    board.state.refresh()
    assert board.undo.undo(newest(board), CMD).record == board.state.tasks.get(task_id)
    assert path.read_bytes() == before


def test_a_row_whose_place_is_gone_goes_behind_the_last(board: Board, ledger_folder: Path) -> None:
    path = ledger_folder / "APPROVALS.md"
    line = board.state.approvals.get("A004").raw
    edit(path, line + "\n", "")
    board.state.refresh()
    path.write_bytes(path.read_bytes().replace(b"\n\n| A003", b"\n\n\n\n\n\n\n| A003"))
    board.undo.undo(1, CMD)
    assert path.read_text(encoding="utf-8").split("\n")[14:16] == [
        board.state.approvals.get("A003").raw,
        line,
    ]


def test_an_id_that_was_taken_again_is_a_conflict(board: Board, ledger_folder: Path) -> None:
    path = ledger_folder / "TASKS.md"
    line = board.state.tasks.get("011").raw
    edit(path, line + "\n", "")
    board.state.refresh()
    edit(path, "| 010 |", "| 011 |")
    with pytest.raises(ConflictError, match="011 was changed since by outside"):
        board.undo.undo(1, CMD)


def test_another_header_gives_the_same_line_another_meaning(
    board: Board, ledger_folder: Path
) -> None:
    board.tasks.edit("001", {"notes": "別の列"}, CMD)
    edit(ledger_folder / "TASKS.md", "| artifact | notes |", "| notes | artifact |")
    with pytest.raises(ConflictError):
        board.undo.undo(1, CMD)
    board.state.refresh()
    with pytest.raises(RowError, match="header has changed"):
        board.undo.undo(newest(board), CMD)


def test_what_has_no_row_cannot_be_undone(board: Board) -> None:
    board.tasks.set_status("001", "FIX", CMD)
    for entry_id in (2, 0, -1, 2**63, 10**30):
        with pytest.raises(NotFoundError, match=f"no entry {entry_id}"):
            board.undo.undo(entry_id, CMD)


def test_a_damaged_ledger_takes_no_undo(board: Board, ledger_folder: Path) -> None:
    board.tasks.set_status("001", "FIX", CMD)
    path = ledger_folder / "TASKS.md"
    path.write_bytes(b"<<<<<<< HEAD\n" + path.read_bytes())
    before = path.read_bytes()
    with pytest.raises(DamagedError):
        board.undo.undo(1, CMD)
    assert path.read_bytes() == before


def test_a_decision_goes_back_to_pending_and_the_log_says_so(
    board: Board, ledger_folder: Path
) -> None:
    before = (ledger_folder / "APPROVALS.md").read_bytes()
    board.approvals.decide("A002", YES, AUDIT)
    after = (ledger_folder / "APPROVALS.md").read_bytes()
    board.undo.undo(1, CMD)
    assert (ledger_folder / "APPROVALS.md").read_bytes() == before
    assert events(board)[-1] == ("approval_undone", "CMD", 1)
    log = ledger_folder.parent / "LOGS" / "2025-10" / "APPROVALS-2025-10-09.md"
    shas = [hashlib.sha256(data).hexdigest() for data in (after, before)]
    assert log.read_text(encoding="utf-8").splitlines()[-1] == (
        "[TS=2025-10-09T03:04:05Z] id=010 op=approved→pending by=CMD "
        f'sha_in={shas[0]} sha_out={shas[1]} note="undo of journal entry 1"'
    )
    board.approvals.decide("A002", Decision("rejected", "監査", "AUDIT"), AUDIT)


def test_strict_governance_lets_only_cmd_take_back_a_status(strict: Board) -> None:
    strict.approvals.decide("A002", YES, AUDIT)
    strict.tasks.edit("001", {"notes": "直し"}, WORK)
    with pytest.raises(RuleError, match="only CMD may take A002 from approved back to pending"):
        strict.undo.undo(1, AUDIT)
    assert strict.undo.undo(2, WORK).record is not None
    assert strict.undo.undo(1, CMD).record == strict.state.approvals.get("A002")


def test_a_dry_run_checks_and_changes_nothing(board: Board, ledger_folder: Path) -> None:
    board.tasks.set_status("001", "FIX", CMD)
    before = (ledger_folder / "TASKS.md").read_bytes()
    assert board.undo.try_out(1, CMD).changes == [
        {"cell": "status", "before": "REVIEW", "after": "FIX"}
    ]
    assert ((ledger_folder / "TASKS.md").read_bytes(), newest(board)) == (before, 1)
    board.tasks.set_status("001", "DONE", CMD)
    with pytest.raises(ConflictError):
        board.undo.try_out(1, CMD)


def test_the_last_change_is_ones_own_and_still_stands(board: Board) -> None:
    board.tasks.set_status("001", "FIX", CMD)
    board.tasks.set_status("010", "DOING", CMD)
    board.tasks.set_status("011", "READY", WORK)
    assert board.undo.last("CMD").record_id == "010"
    board.undo.undo(2, CMD)
    assert board.undo.last("CMD").record_id == "001"
    board.undo.undo(4, CMD)
    assert board.undo.last("CMD").record_id == "010"
    with pytest.raises(NotFoundError, match="no change by 田中"):
        board.undo.last("田中")


def test_redo_revives_what_was_taken_back() -> None:
    assert taken_back([(4, None), (3, 2), (2, 1), (1, None)]) == {2}
    assert taken_back([(3, 1), (2, None), (1, None)]) == {1}


def test_undoable_is_what_still_stands(board: Board, ledger_folder: Path) -> None:
    board.tasks.set_status("001", "FIX", CMD)
    board.tasks.set_status("001", "DONE", CMD)
    board.tasks.create(TaskDraft("新"), CMD)
    entries = list_entries(board.journal.database)
    assert board.undo.judge(entries) == [True, True, False]
    path = ledger_folder / "TASKS.md"
    path.write_bytes(path.read_bytes() + board.state.tasks.get("012").raw.encode() + b"\n")
    path.write_bytes(b"<<<<<<< HEAD\n" + path.read_bytes())
    assert board.undo.judge(entries) == [False, False, False]


def test_an_entry_shows_its_author_and_the_changed_cells(board: Board) -> None:
    board.tasks.create(TaskDraft("新"), WORK)
    entry = get_entry(board.journal.database, 1)
    shown = entry.as_json()
    assert [shown.pop(name) for name in ("id", "actor", "role", "event", "record_id")] == [
        *(1, "WORK-1", "WORK", "task_created", "012")
    ]
    assert shown["changes"][:2] == [
        {"cell": "id", "before": None, "after": "012"},
        {"cell": "title", "before": None, "after": "新"},
    ]


def test_history_is_paged_and_exact_about_long_ids(board: Board, ledger_folder: Path) -> None:
    long = "題" * 150
    edit(ledger_folder / "TASKS.md", "| 010 |", f"| {long}甲 |")
    edit(ledger_folder / "TASKS.md", "| 011 |", f"| {long}乙 |")
    for status in ("HOLD", "READY", "HOLD"):
        board.tasks.set_status(f"{long}甲", status, CMD)
        board.tasks.set_status(f"{long}乙", status, CMD)
    found = list_entries(board.journal.database, kind="task", record_id=f"{long}甲", limit=2)
    rest = list_entries(
        board.journal.database, kind="task", record_id=f"{long}甲", before=found[-1].id
    )
    assert [entry.event for entry in found + rest if entry.source == "http"] == [
        *("task_held", "task_promoted", "task_held")
    ]
