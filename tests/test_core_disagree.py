"""Where the text around the rows gives a record another status than its row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from orch_next.core.disagree import find_disagreements
from orch_next.core.kinds import APPROVAL, MILESTONE, TASK, LedgerKind
from orch_next.core.schema import Snapshot, load_snapshot
from tests.board_page import APPROVALS, HEADER, row

TASKS = HEADER + "".join(
    f"{one}\n"
    for one in (
        row("003", "承認 A|B".replace("|", "\\|"), "REVIEW"),
        row("T_1", "移行", "DONE"),
        row("005", "一つ目"),
        row("005", "二つ目", "READY"),
    )
)
DECIDED = "| A001 | 003 | 実装 | approved | WORK | AUDIT | AUDIT | - | - | C:\\証拠.md |\n"
SNAPSHOTS = (
    load_snapshot(TASK, TASKS.encode()),
    load_snapshot(APPROVAL, (APPROVALS + DECIDED).encode()),
)


def told(
    text: str, kind: LedgerKind[Any] = MILESTONE, snapshots: tuple[Snapshot[Any], ...] = SNAPSHOTS
) -> list[tuple[int, str, str]]:
    found = find_disagreements(kind, text, snapshots)
    return [(one.line, one.record_id, one.message.rpartition("text gives ")[2]) for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "| ID | 状態 |\n|--|--|\n| 003 | DONE |\n",
        "| タスク ID | 題名 | **ステータス** |\r\n|-|-|-|\r\n| `003` | x | **DONE** |\r\n",
        TASKS.replace("REVIEW", "DONE"),
        "- 003: DONE",
        "- [x] **003**: 承認 - DONE",
        "2. `003` 承認（DONE）。",
        "### 003: 承認\n- **task_id**: 003\n- **status**: DONE\n",
    ],
)
def test_another_status_is_told_with_its_line(text: str) -> None:
    ((line, key, message),) = told(text)
    assert (key, message) == ("003", "003 the status DONE, its row REVIEW")
    assert "003" in text.replace("\r\n", "\n").split("\n")[line - 1]


@pytest.mark.parametrize(
    "text",
    [
        "- 003: REVIEW",
        "- 003: REVIEW → DONE",
        "- 003 は近く DONE",
        "- 003: DONE にする条件を確認",
        "003: DONE",
        "- 0031: DONE",
        "- 005: DONE",
        "- T_1: pending",
        "```\n- 003: DONE\n```",
        "| ID | 状態 |\n|--|--|\n| 003 | 完了 |\n\n| 003 | DONE |",
        "| 日付 | 内容 |\n|--|--|\n| 003 | DONE |",
        "### 承認\n- **task_id**: 003\n- **status**: pending\n",
    ],
)
def test_what_says_nothing_else_is_left_alone(text: str) -> None:
    assert told(text) == []


def test_approvals_are_compared_by_their_own_words() -> None:
    text = "| appr_id | task_id | status |\n|-|-|-|\n| A001 | 003 | pending |\n- A001: DONE\n"
    assert told(text) == [(3, "A001", "A001 the status pending, its row approved")]


def test_the_ledgers_own_table_is_no_other_one() -> None:
    assert told(TASKS, TASK) == []
    assert [line for line, _, _ in told(f"{TASKS}\n- T_1: HOLD\n", TASK)] == [8]


def test_rows_that_cannot_be_read_prove_nothing() -> None:
    damaged = load_snapshot(TASK, f"{TASKS}<<<<<<< HEAD\n".encode())
    assert told("- 003: DONE", snapshots=(damaged,)) == []


@pytest.mark.parametrize("line", ["- 003" + " " * 100_000 + "x", "- 003: " + "a" * 100_000 + "1"])
def test_long_lines_are_read_in_one_pass(line: str) -> None:
    assert told(line) == []


def test_the_api_tells_what_lies_between_text_and_files(
    client: FlaskClient, orch_root: Path
) -> None:
    state = orch_root / "STATE"
    with (state / "MILESTONES.md").open("a", encoding="utf-8") as file:
        file.write("\n- 002: HOLD\n")
    approvals = (state / "APPROVALS.md").read_text(encoding="utf-8")
    (state / "APPROVALS.md").write_text(approvals.replace("| 002 |", "| 902 |"), encoding="utf-8")
    (state / "TASKS.md.conflict-1").write_text("x", encoding="utf-8")

    def codes(name: str) -> list[tuple[str, str]]:
        problems = client.get(f"/api/ledger/{name}").get_json()["problems"]
        return [(one["code"], one["record_id"]) for one in problems]

    assert ("text-disagrees", "002") in codes("milestones")
    assert [code for code, _ in codes("approvals")].count("orphan-approval") == 1
    assert ("conflict-copy", "") in codes("tasks")
