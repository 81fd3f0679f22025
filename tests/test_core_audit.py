from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from orch_next.core.audit import list_events
from orch_next.core.board import Board
from orch_next.core.database import Database
from orch_next.core.events import Who

KEYS = ["id", "event_type", "user_id", "resource_type", "resource_id"]
KEYS += ["action", "details", "timestamp", "ip_address"]
CMD = Who("田中", "CMD")
LINE = "[TS=2025-10-09T03:04:05Z] id=010 op=pending→approved by=CMD"


def legacy(folder: Path, columns: str, *rows: tuple[Any, ...]) -> Database:
    path = folder / "orch.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE audit_events ({columns})")
        for row in rows:
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO audit_events VALUES ({marks})", row)
    connection.close()
    return Database(f"sqlite:///{path}")


def log(folder: Path, *lines: str) -> Path:
    (folder / "2025-10").mkdir(parents=True)
    text = "".join(f"{line}\n" for line in lines)
    (folder / "2025-10" / "APPROVALS-2025-10-09.md").write_text(text, encoding="utf-8")
    return folder


def test_a_journal_entry_has_the_nine_keys(board: Board) -> None:
    task = board.tasks.set_status("011", "READY", CMD)
    (event,) = board.journal.events()
    assert list(event) == KEYS
    details = json.loads(event.pop("details"))
    assert event == {
        "id": 1,
        "event_type": "task_promoted",
        "user_id": "田中",
        "resource_type": "task",
        "resource_id": "011",
        "action": "task_promoted",
        "timestamp": "2025-10-09T03:04:05.678901Z",
        "ip_address": "",
    }
    assert (details["before"]["status"], details["after"]) == ("PLAN", task.as_json())
    assert (details["rev_after"], details["role"], details["source"]) == (task.rev, "CMD", "http")


def test_newest_first_filtered_and_limited(board: Board) -> None:
    for status in ("READY", "DONE", "READY"):
        board.tasks.set_status("011", status, CMD)
    types = [event["event_type"] for event in board.journal.events()]
    assert types == ["task_promoted", "task_approved_done", "task_promoted"]
    assert [event["id"] for event in board.journal.events(2)] == [3, 2]
    assert [event["id"] for event in board.journal.events(1, "task_approved_done")] == [2]
    assert [len(board.journal.events(limit)) for limit in (-5, 0, 10**9)] == [1, 1, 3]
    assert board.journal.events(type="無い") == []


def test_the_writers_legacy_table_is_merged(tmp_path: Path) -> None:
    columns = "ts, actor, role, event, task_id, appr_id, payload_sha256, idem_key"
    row = ("2025-10-07T10:00:00Z", "agent", "WORK", "terminal_callback", "010", None, "f" * 64, "k")
    (event,) = list_events(legacy(tmp_path, columns, row), [], 100, None)
    assert list(event) == KEYS
    assert json.loads(event.pop("details"))["payload_sha256"] == "f" * 64
    assert event == {
        "id": -1,
        "event_type": "terminal_callback",
        "user_id": "agent",
        "resource_type": "task",
        "resource_id": "010",
        "action": "terminal_callback",
        "timestamp": "2025-10-07T10:00:00Z",
        "ip_address": "",
    }


def test_the_readers_legacy_table_is_merged(tmp_path: Path) -> None:
    columns = "id, event_type, user_id, resource_type, resource_id, action, timestamp, ip_address"
    row = (7, "承認", "監査", "approval", "A001", "approve", "2025-10-07T10:00:00Z", "127.0.0.1")
    (event,) = list_events(legacy(tmp_path, columns, row), [], 100, "承認")
    del event["details"]
    assert event == {
        "id": -1,
        "event_type": "承認",
        "user_id": "監査",
        "resource_type": "approval",
        "resource_id": "A001",
        "action": "approve",
        "timestamp": "2025-10-07T10:00:00Z",
        "ip_address": "127.0.0.1",
    }


def test_a_table_of_another_shape_is_passed_over(tmp_path: Path) -> None:
    assert list_events(legacy(tmp_path, "x, y", (1, 2)), [], 100, None) == []


def test_log_lines_are_events(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'orch.db'}")
    folder = log(tmp_path / "LOGS", LINE, "本文")
    (event,) = list_events(database, [folder], 100, "approval_log")
    assert event == {
        "id": "log_1",
        "event_type": "approval_log",
        "user_id": "system",
        "resource_type": "approval",
        "resource_id": "",
        "action": "log_entry",
        "details": LINE,
        "timestamp": "2025-10-09T03:04:05Z",
        "ip_address": "127.0.0.1",
    }
    assert list_events(database, [folder], 100, "task_promoted") == []


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_the_three_sources_are_sorted_by_time(tmp_path: Path, limit: int) -> None:
    row = ("2025-10-09T03:04:04.500Z", "agent", "callback")
    database = legacy(tmp_path, "ts, actor, event", row)
    folder = log(tmp_path / "LOGS", LINE, "[手書き] by=CMD", LINE.replace("03:04:05", "03:04:04"))
    found = [event["id"] for event in list_events(database, [folder], limit, None)]
    assert found == ["log_1", -1, "log_3", "log_2"][:limit]


def test_both_logs_folders_are_read(board: Board, ledger_folder: Path) -> None:
    log(ledger_folder.parent / "LOGS", LINE)
    log(ledger_folder.parent.parent / "LOGS", LINE)
    assert [event["id"] for event in board.journal.events()] == ["log_1", "log_2"]
