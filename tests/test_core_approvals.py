from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from orch_next.core.approvals import Approvals, Decision, check_approval
from orch_next.core.board import Board, open_board
from orch_next.core.events import Who
from orch_next.core.records import Approval
from orch_next.errors import ConflictError, InputError, NotFoundError, RuleError
from tests.conftest import NOW
from tests.ledger_disks import UnconfirmedDisk

AUDIT = Who("AUDIT", "AUDIT")
YES = Decision("approved", "AUDIT", "AUDIT", '問題なし "確認済み"\n次へ')


def cells(folder: Path, appr_id: str) -> list[str]:
    text = (folder / "APPROVALS.md").read_text(encoding="utf-8")
    row = next(line for line in text.split("\n") if line.startswith(f"| {appr_id} "))
    return [cell.strip() for cell in row.strip("|").split("|")]


def sha(folder: Path) -> str:
    return hashlib.sha256((folder / "APPROVALS.md").read_bytes()).hexdigest()


def test_a_decision_changes_four_cells(board: Board, ledger_folder: Path) -> None:
    before = cells(ledger_folder, "A002")
    approval = board.approvals.decide("A002", YES, AUDIT)
    after = cells(ledger_folder, "A002")
    changed = {place: cell for place, cell in enumerate(after) if cell != before[place]}
    assert changed == {3: "approved", 5: "AUDIT", 6: "AUDIT", 8: "2025-10-09T03:04:05Z"}
    assert approval == board.state.approvals.get("A002")


@pytest.mark.parametrize("status", ["approved", "rejected", "expired"])
def test_each_decision_is_final(board: Board, status: str) -> None:
    board.approvals.decide("A002", Decision(status, "CMD", "CMD"), AUDIT)
    with pytest.raises(RuleError, match=f"approval A002 is already {status}"):
        board.approvals.decide("A002", YES, AUDIT)


def test_the_comment_goes_to_the_journal(board: Board) -> None:
    board.approvals.decide("A002", YES, AUDIT)
    (event,) = board.journal.events(type="approval_decided")
    assert (event["resource_type"], event["resource_id"]) == ("approval", "A002")
    assert json.loads(event["details"])["comment"] == YES.comment


def test_the_log_gets_the_line_of_the_contract(board: Board, ledger_folder: Path) -> None:
    sha_in = sha(ledger_folder)
    board.approvals.decide("A002", YES, AUDIT)
    log = ledger_folder.parent / "LOGS" / "2025-10" / "APPROVALS-2025-10-09.md"
    assert log.read_text(encoding="utf-8") == (
        "[TS=2025-10-09T03:04:05Z] id=010 op=pending→approved by=AUDIT "
        f"sha_in={sha_in} sha_out={sha(ledger_folder)} note=\"問題なし '確認済み' 次へ\"\n"
    )
    board.approvals.decide("A003", Decision("rejected", "CMD", "CMD"), AUDIT)
    lines = log.read_text(encoding="utf-8").splitlines()
    assert [re.findall(r"op=(\S+) by=(\S+)", line) for line in lines] == [
        [("pending→approved", "AUDIT")],
        [("pending→rejected", "CMD")],
    ]


def test_a_log_that_cannot_be_written_does_not_undo_the_decision(
    board: Board, ledger_folder: Path
) -> None:
    (ledger_folder.parent / "LOGS").write_text("ファイル", encoding="utf-8")
    assert board.approvals.decide("A002", YES, AUDIT).status == "approved"


def test_a_log_that_the_disk_did_not_confirm_does_not_undo_the_decision(
    board: Board, ledger_folder: Path
) -> None:
    logs = ledger_folder.parent / "LOGS"
    (logs / "2025-10").mkdir(parents=True)
    approvals = Approvals(board.state, now=lambda: NOW, logs_folder=logs, disk=UnconfirmedDisk())
    assert approvals.decide("A002", YES, AUDIT).status == "approved"
    assert "op=pending→approved by=AUDIT" in next(logs.rglob("*.md")).read_text("utf-8")


def test_one_cannot_decide_ones_own_request(board: Board, ledger_folder: Path) -> None:
    before = sha(ledger_folder)
    with pytest.raises(RuleError, match="WORK requested A002"):
        board.approvals.decide("A002", Decision("approved", " WORK ", "CMD"), AUDIT)
    assert sha(ledger_folder) == before


@pytest.mark.parametrize(
    "decision",
    [
        Decision("pending", "AUDIT", "AUDIT"),
        Decision("done", "AUDIT", "AUDIT"),
        Decision("approved", "AUDIT", "WORK"),
        Decision("approved", "AUDIT", ""),
        Decision("approved", "", "CMD"),
        Decision("approved", "-", "CMD"),
        Decision("approved", "監査\x00", "CMD"),
        Decision("approved", 7, "CMD"),  # type: ignore[arg-type]
        Decision("approved", "AUDIT", "CMD", None),  # type: ignore[arg-type]
    ],
)
def test_values_that_no_decision_has_are_refused(
    board: Board, ledger_folder: Path, decision: Decision
) -> None:
    before = sha(ledger_folder)
    with pytest.raises(InputError):
        board.approvals.decide("A002", decision, AUDIT)
    assert sha(ledger_folder) == before


def test_a_clock_behind_the_request_is_refused(ledger_folder: Path) -> None:
    early = datetime(2025, 10, 8, 8, 59, 59, tzinfo=timezone.utc)
    board = open_board(ledger_folder, f"sqlite:///{ledger_folder}/x.db", now=lambda: early)
    with pytest.raises(RuleError, match="requested at 2025-10-08T09:00:00Z"):
        board.approvals.decide("A002", YES, AUDIT)


@pytest.mark.parametrize("ts_req", ["-", "", "昨日", "2025-10-09", "2025-10-09T12:04:05+09:00"])
def test_a_request_time_that_is_past_or_unknown_is_fine(
    ts_req: str, now: Callable[[], datetime]
) -> None:
    approval = Approval("A1", "001", "変更", "pending", "WORK", "-", "-", ts_req, "-", "-")
    check_approval(approval, YES, now())
    future = replace(approval, ts_req="2999-10-09T00:00:00Z")
    with pytest.raises(RuleError, match="requested at 2999"):
        check_approval(future, YES, now())


def test_an_old_revision_and_an_unknown_id_are_refused(board: Board) -> None:
    with pytest.raises(ConflictError):
        board.approvals.decide("A002", YES, AUDIT, expected_rev="0" * 16)
    with pytest.raises(NotFoundError):
        board.approvals.decide("A2", YES, AUDIT)


def test_the_first_pending_approval_of_a_task_is_decided(board: Board) -> None:
    decided = [board.approvals.decide_for_task("010", YES, AUDIT).appr_id]
    other = Decision("rejected", "CMD", "CMD")
    decided.append(board.approvals.decide_for_task("010", other, AUDIT).appr_id)
    assert decided == ["A002", "A003"]
    with pytest.raises(NotFoundError, match=r"^No pending approval found for this job$"):
        board.approvals.decide_for_task("010", YES, AUDIT)


def test_decided_rows_are_passed_over(board: Board) -> None:
    assert board.approvals.decide_for_task("001", YES, AUDIT).appr_id == "A004"
