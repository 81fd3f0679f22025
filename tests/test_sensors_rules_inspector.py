"""The inspector's story: found, moved, resolved, kept; only what changed is read again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orch_next.core.board import Board
from orch_next.sensors.rules.config import parse_rules
from orch_next.sensors.rules.inspector import Inspector
from orch_next.sensors.rules.store import RuleStore, Violation
from orch_next.storage.leader import FixedLeadership
from tests.repositories import make_repository

ONLY_EOL = {"rules": {"eol": {"exclude": ["ORCH/*"]}}}


@pytest.fixture
def moc_root(board: Board) -> Path:
    return board.state.folder.parent.parent


@pytest.fixture
def make(board: Board, now: Callable[[], datetime]) -> Callable[..., Inspector]:
    def build(data: Any = ONLY_EOL, *, leads: bool = True) -> Inspector:
        store = RuleStore(board.journal.database)
        leader = FixedLeadership(leads)
        return Inspector(board.state, parse_rules(data), store, leader, now=now)

    return build


def told(violations: tuple[Violation, ...] | list[Violation]) -> list[tuple[str, int]]:
    return [(one.file, one.line) for one in violations if one.rule_id == "rule_001"]


def test_a_breach_is_found_followed_and_resolved(
    make: Callable[..., Inspector], moc_root: Path
) -> None:
    inspector, path = make(), moc_root / "報告.md"
    path.write_bytes("一\r\n".encode())
    first = inspector.look().violations
    path.write_bytes("零\n一\r\n".encode())
    moved = inspector.look().violations
    path.write_bytes("零\n一\n".encode())
    after = inspector.look()
    assert (told(first), told(moved), told(after.violations)) == (
        [("報告.md", 1)],
        [("報告.md", 2)],
        [],
    )
    assert {one.number for one in first} == {one.number for one in moved}
    resolved = inspector.resolved(10)
    assert (after.resolved, told(resolved)) == (1, [("報告.md", 2)])
    assert resolved[0].resolved_at is not None


def test_the_story_survives_a_restart(make: Callable[..., Inspector], moc_root: Path) -> None:
    (moc_root / "a.md").write_bytes(b"1\r\n")
    before = make().look().violations
    assert make().look().violations == before


def test_a_rule_that_is_switched_off_resolves_its_breaches(
    make: Callable[..., Inspector], moc_root: Path
) -> None:
    (moc_root / "a.md").write_bytes(b"1\r\n")
    make().look()
    off = make({"rules": {"eol": {"enabled": False}}}).look()
    assert (told(off.violations), off.resolved) == ([], 1)


def test_a_process_that_is_not_the_owner_shows_what_the_owner_found(
    make: Callable[..., Inspector], moc_root: Path
) -> None:
    (moc_root / "a.md").write_bytes(b"1\r\n")
    owner, other = make(), make(leads=False)
    assert other.look().violations == ()
    assert other.look().violations != owner.look().violations
    assert other.look() == owner.shown()


def test_a_clean_folder_has_no_breach(make: Callable[..., Inspector], moc_root: Path) -> None:
    for path in (moc_root / "ORCH" / "STATE").glob("*"):
        path.unlink()
    clean = {
        "ORCH/STATE/TASKS.md": "| id | title | status | owner | lock | lock_owner |"
        " lock_expires_at | due | artifact | notes |\n" + "|---" * 10 + "|\n"
        "| 001 | 統合 | READY | WORK | - | - | - | - | - | token を使わない |\n",
        "ORCH/STATE/APPROVALS.md": "| appr_id | task_id | op | status | requested_by | approver |"
        " approver_role | ts_req | ts_dec | evidence |\n" + "|---" * 10 + "|\n"
        "| A001 | 001 | 完了 | approved | WORK | 監査 | AUDIT | 2025-10-09T03:00:00Z |"
        r" 2025-10-09T03:01:00Z | C:\Users\User\MOC\ORCH\patches\001.md |" + "\n",
        "ORCH/STATE/flags.md": "FREEZE=off\nAUTO_DECIDE=shadow\n",
        "ORCH/patches/001.md": "password = CHANGE_ME\n",
        "src/良い.py": 'TOKEN = "orch"\n',
        "scripts/見る.ps1": "Get-ChildItem\r\n",
    }
    for name, text in clean.items():
        (moc_root / name).parent.mkdir(parents=True, exist_ok=True)
        (moc_root / name).write_bytes(text.encode())
    git = make_repository(moc_root)
    git.commit("台帳")
    found = make({}).look()
    assert [(one.rule_id, one.file, one.line, one.message) for one in found.violations] == []
    assert found.checks and {one.problem for one in found.checks.values()} == {""}


def test_a_damaged_ledger_is_told_with_its_line(
    make: Callable[..., Inspector], moc_root: Path
) -> None:
    tasks = moc_root / "ORCH" / "STATE" / "TASKS.md"
    inspector = make({})
    inspector.look()
    tasks.write_bytes(tasks.read_bytes() + b"\n<<<<<<< HEAD\n")
    found = [one for one in inspector.look().violations if one.rule_id == "rule_008"]
    lines = tasks.read_bytes().count(b"\n")
    assert ("ORCH/STATE/TASKS.md", lines) in [(one.file, one.line) for one in found]


def test_with_a_background_nobody_waits_for_the_first_look(
    make: Callable[..., Inspector], moc_root: Path
) -> None:
    (moc_root / "a.md").write_bytes(b"1\r\n")
    earlier = make()
    earlier.look()
    stopping = threading.Event()
    stopping.set()  # so that the thread never looks
    again = make()
    again.start(stopping, 60.0)
    (moc_root / "b.md").write_bytes(b"1\r\n")
    assert told(again.shown().violations) == [("a.md", 1)]


def test_the_background_looks_by_itself(make: Callable[..., Inspector], moc_root: Path) -> None:
    (moc_root / "a.md").write_bytes(b"1\r\n")
    inspector, stopping = make(), threading.Event()
    inspector.start(stopping, 0.05)
    for _ in range(1200):
        if told(inspector.peek().violations):
            break
        stopping.wait(0.05)
    stopping.set()
    assert told(inspector.peek().violations) == [("a.md", 1)]
