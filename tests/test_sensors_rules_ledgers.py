"""Rules over the ledgers: values of contract 3.3, evidence that exists, backups."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from orch_next.core.schema import Approval, Task
from orch_next.sensors.rules.backups import check_backups
from orch_next.sensors.rules.config import DEFAULT, parse_rules
from orch_next.sensors.rules.evidence import check_evidence, find_places
from orch_next.sensors.rules.ledgers import check_approvals, check_flags, check_tasks
from tests.repositories import make_repository

NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)
STAMP = "2025-10-09T03:04:05Z"


def task(**cells: str) -> Task:
    names = ("title", "status", "owner", "lock", "lock_owner", "lock_expires_at", "due", "artifact")
    values: dict[str, Any] = {
        **dict.fromkeys((*names, "notes"), "-"),
        "status": "READY",
        "owner": "WORK",
    }
    return Task(**{"id": "007", **values, **cells, "line": 9})


def approval(**cells: str) -> Approval:
    values: dict[str, Any] = {
        "appr_id": "A017",
        "task_id": "007",
        "op": "完了",
        "status": "approved",
        "requested_by": "WORK",
        "approver": "監査",
        "approver_role": "AUDIT",
        "ts_req": "2025-10-09T03:00:00Z",
        "ts_dec": STAMP,
        "evidence": "-",
    }
    return Approval(**{**values, **cells, "line": 19})


@pytest.mark.parametrize(
    ("cells", "keys"),
    [
        ({}, []),
        ({"owner": "WORK_AI_01", "lock": f"WORK@{STAMP}", "lock_expires_at": STAMP}, []),
        ({"status": "完了"}, ["007/status"]),
        ({"owner": "誰か"}, ["007/owner"]),
        ({"lock": "WORK"}, ["007/lock"]),
        ({"lock": "WORK@昨日"}, ["007/lock"]),
        ({"lock_expires_at": "2025-10-09 03:04"}, ["007/expires"]),
    ],
)
def test_tasks(cells: dict[str, str], keys: list[str]) -> None:
    found = list(check_tasks([task(**cells)], "ORCH/STATE/TASKS.md"))
    assert [(one.line, one.key) for one in found] == [(9, key) for key in keys]


@pytest.mark.parametrize(
    ("cells", "keys"),
    [
        ({}, []),
        ({"status": "pending", "approver": "-", "approver_role": "-", "ts_dec": "-"}, []),
        ({"status": "済"}, ["A017/status"]),
        ({"approver": "WORK"}, ["A017/self"]),
        ({"approver": "-"}, ["A017/approver"]),
        ({"approver_role": "一般"}, ["A017/role"]),
        ({"ts_dec": "2025-10-09T02:59:59Z"}, ["A017/order"]),
        ({"ts_dec": "-"}, ["A017/ts_dec"]),
    ],
)
def test_approvals(cells: dict[str, str], keys: list[str]) -> None:
    found = list(check_approvals([approval(**cells)], "ORCH/STATE/APPROVALS.md"))
    assert [(one.line, one.key) for one in found] == [(19, key) for key in keys]


def test_flags() -> None:
    text = "# 旗\r\n- AUTO_DECIDE=shadow\r\n- FREEZE=多分\r\nFREEZE: off\r\nAUTO_DECIDE = maybe\r\n"
    found = [(one.line, one.key) for one in check_flags(text, "flags.md")]
    assert found == [(3, "FREEZE"), (5, "AUTO_DECIDE")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    orch = tmp_path / "MOC" / "ORCH"
    (orch / "STATE").mkdir(parents=True)
    (orch / "patches").mkdir()
    (orch / "patches" / "証跡 1.md").write_text("x", encoding="utf-8")
    return orch


@pytest.mark.parametrize(
    ("evidence", "missing"),
    [
        ("-", False),
        ("", False),
        (r"C:\Users\User\Trae\MOC\ORCH\patches\証跡 1.md", False),
        (r"C:\\Users\\User\\MOC\\ORCH\\patches\\証跡 1.md", False),
        (r"D:\moc\orch\PATCHES\証跡 1.md", True),
        (r"C:\Users\User\Trae\MOC\ORCH\patches\証跡 2.md", True),
        (r"E:\elsewhere\証跡.md", False),
        ("ORCH/patches/証跡 1.md", False),
        ("patches/証跡 1.md", False),
        ("patches/ない.md", True),
        ("/no/such/file", True),
    ],
)
def test_evidence(root: Path, evidence: str, missing: bool) -> None:
    if os.name == "nt" and "moc" in evidence.lower():
        pytest.skip("there these are real paths")
    row = approval(evidence=evidence)
    found = [(one.line, one.key) for one in check_evidence([row], "APPROVALS.md", root)]
    assert found == ([(19, "A017")] if missing else [])


def test_a_path_climbs_out_of_no_root(root: Path) -> None:
    assert find_places(r"C:\x\MOC\..\..\secret", root) == [root.parent / ".." / ".." / "secret"]


def backup_files(root: Path, *, days: int = 0) -> list[str]:
    rule = parse_rules({"rules": {"backup": {"max_age_days": days}}}).get("backup")
    ledgers = [root / "STATE" / name for name in ("TASKS.md", "APPROVALS.md")]
    return [f"{one.file} {one.key}" for one in check_backups(root.parent, ledgers, rule, NOW)]


def test_backups(root: Path) -> None:
    tasks = root / "STATE" / "TASKS.md"
    tasks.write_text("| id |", encoding="utf-8")
    assert backup_files(root) == ["ORCH/STATE/TASKS.md none"]
    backup = tasks.with_name("TASKS.md.bak-20251001")
    backup.write_text("| id |", encoding="utf-8")
    week_ago = (NOW - timedelta(days=7)).timestamp()
    os.utime(backup, (week_ago, week_ago))
    found = [backup_files(root, days=days) for days in (0, 7, 6)]
    assert found == [[], [], ["ORCH/STATE/TASKS.md old"]]


def test_a_folder_of_backups_and_git_count_too(root: Path) -> None:
    for name in ("TASKS.md", "APPROVALS.md"):
        (root / "STATE" / name).write_text("| id |", encoding="utf-8")
    stored = root.parent / "data" / "backups" / "2025-10-09" / "TASKS-0304.md"
    stored.parent.mkdir(parents=True)
    stored.write_text("| id |", encoding="utf-8")
    assert backup_files(root) == ["ORCH/STATE/APPROVALS.md none"]
    make_repository(root.parent).commit("台帳")
    assert backup_files(root) == []


def test_the_defaults_name_eight_rules_with_the_contracts_first_five() -> None:
    assert [(one.id, one.name, one.category, one.severity) for one in DEFAULT.rules][:5] == [
        ("rule_001", "EOL Rule", "Format", "high"),
        ("rule_002", "Python Rule", "Code Quality", "medium"),
        ("rule_003", "PowerShell Rule", "Security", "high"),
        ("rule_004", "Backup Rule", "Safety", "high"),
        ("rule_005", "Security Rule", "Security", "critical"),
    ]
