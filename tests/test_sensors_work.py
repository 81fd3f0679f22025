"""Reports of the work and signs of the autopilot's life, read from files."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from orch_next.clock import as_local_iso
from orch_next.sensors.autopilot import (
    GUARD_HEARTBEAT,
    GUARD_LOG,
    ROLE_HEARTBEAT,
    read_autopilot,
    read_guard_log,
)
from orch_next.sensors.work import AUDIT, TAIL_BYTES, read_coverage, read_summary, read_tail

NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "MOC" / "ORCH"


def put(path: Path, text: str, age: float = 0.0) -> datetime:
    """Write a file that is `age` seconds old at NOW, and return its time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    at = NOW - timedelta(seconds=age)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return at


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("一\n二\n三\n", ["二\n", "三\n"]),
        ("一\r\n二", ["一\r\n", "二"]),
        ("\ufeff一\n", ["一\n"]),
    ],
)
def test_the_tail_of_a_file(tmp_path: Path, text: str, lines: list[str]) -> None:
    put(tmp_path / "報告.md", text)
    assert read_tail(tmp_path / "報告.md", 2) == lines


def test_the_tail_of_a_huge_file_reads_only_its_end(tmp_path: Path) -> None:
    put(tmp_path / "log", "行\n" * TAIL_BYTES)
    assert read_tail(tmp_path / "log", 3) == ["行\n"] * 3
    assert read_tail(tmp_path / "missing", 3) is None


@pytest.mark.parametrize(
    ("text", "coverage"),
    [
        ('{"coverage": 85.5}', 0.855),
        ('{"test_coverage": 0.8, "passed": 3}', 0.8),
        ('{"coverage": "高い"}', None),
        ('{"coverage": true}', None),
        ("[1]", None),
        ("{", None),
    ],
)
def test_the_summarys_coverage(root: Path, text: str, coverage: float | None) -> None:
    put(root / "REPORTS" / "test_summary.json", text)
    assert read_coverage(root) == coverage


def test_a_summary_of_any_form(root: Path) -> None:
    assert read_summary(root) is None
    put(root / "REPORTS" / "test_summary.json", '\ufeff{"合格": [1, 2]}')
    assert read_summary(root) == {"合格": [1, 2]}


def audit(root: Path) -> Any:
    return read_autopilot(root, NOW)["audit"]


def test_nothing_is_there(root: Path) -> None:
    moc = root.parent
    assert read_autopilot(root, NOW) == {
        "guard": {
            "running": False,
            "log_exists": False,
            "heartbeat_exists": False,
            "last_update_iso": None,
            "last_event": None,
            "path": str(moc / GUARD_LOG),
            "heartbeat_path": str(moc / GUARD_HEARTBEAT),
        },
        "audit": {
            "active_recently": False,
            "path": str(root / AUDIT),
            "last_update_iso": None,
            "heartbeat_path": str(root / ROLE_HEARTBEAT),
            "source": "md_mtime",
        },
        "timestamp": as_local_iso(NOW),
    }
    assert read_guard_log(moc, 100) is None


@pytest.mark.parametrize(("age", "running"), [(14.0, True), (15.0, False)])
def test_the_guard_is_alive_for_fifteen_seconds(root: Path, age: float, running: bool) -> None:
    put(root.parent / GUARD_LOG, "開始\nCRLF を LF に変更\n\n")
    at = put(root.parent / GUARD_HEARTBEAT, "", age)
    guard = read_autopilot(root, NOW)["guard"]
    told = (guard["running"], guard["last_event"], guard["last_update_iso"])
    assert told == (running, "CRLF を LF に変更", as_local_iso(at))


@pytest.mark.parametrize(
    ("stamps", "active", "source"),
    [
        ({"AUDIT": "2025-10-09T03:01:06Z", "WORK": "2020-01-01T00:00:00Z"}, True, "heartbeat"),
        ({"AUDIT": "2025-10-09T03:01:05Z"}, False, "heartbeat"),
        ({"AUDIT": "不明", "WORK": "2025-10-09T03:04:00Z"}, True, "heartbeat"),
    ],
)
def test_the_roles_heartbeat_comes_first(
    root: Path, stamps: dict[str, str], active: bool, source: str
) -> None:
    put(root / ROLE_HEARTBEAT, json.dumps(stamps), 9_999.0)
    assert (audit(root)["active_recently"], audit(root)["source"]) == (active, source)


@pytest.mark.parametrize(("age", "active"), [(899.0, True), (900.0, False)])
def test_an_unreadable_heartbeat_counts_by_its_time(root: Path, age: float, active: bool) -> None:
    put(root / ROLE_HEARTBEAT, "{壊れた", age)
    assert audit(root)["active_recently"] is active


@pytest.mark.parametrize(("age", "active"), [(119.0, True), (120.0, False)])
def test_without_a_heartbeat_the_reports_time_counts(root: Path, age: float, active: bool) -> None:
    at = put(root / AUDIT, "# NonStop Audit\n", age)
    assert (audit(root)["active_recently"], audit(root)["last_update_iso"]) == (
        active,
        as_local_iso(at),
    )
