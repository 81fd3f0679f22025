from __future__ import annotations

import json
from pathlib import Path

import pytest

from orch_next.cli import main
from tests.sample import changed_lines, copy_sample

AUDITOR = ("--approver", "監査役", "--approver-role", "AUDIT")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_sample(tmp_path)


def ledger(root: Path) -> str:
    return (root / "STATE" / "APPROVALS.md").read_bytes().decode("utf-8")


def run(root: Path, *argv: str) -> int:
    return main(["approvals", *argv, "--orch-root", str(root)], {})


def test_list_narrows_to_a_status(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "list", "--status", "pending") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["appr_id", "A002"]


def test_show_keeps_windows_paths(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "show", "A001", "--json") == 0
    evidence = json.loads(capsys.readouterr().out)["evidence"]
    assert evidence == r"C:\Users\User\MOC\ORCH\patches\2025-10\002-A001.diff.md"


@pytest.mark.parametrize(("verb", "status"), [("approve", "approved"), ("reject", "rejected")])
def test_a_decision_changes_the_four_cells(
    root: Path, capsys: pytest.CaptureFixture[str], verb: str, status: str
) -> None:
    before = ledger(root)
    assert run(root, verb, "A002", *AUDITOR, "--comment", "確認 | 済み", "--json") == 0
    decided = json.loads(capsys.readouterr().out)
    ((old, new),) = changed_lines(before, ledger(root))
    assert new == old.replace("| pending |", f"| {status} |").replace(
        "| - | - |", "| 監査役 | AUDIT |"
    ).replace("| - |", f"| {decided['ts_dec']} |")


def test_a_decided_approval_stays_decided(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = ledger(root)
    assert run(root, "reject", "A001", *AUDITOR) == 1
    assert (ledger(root), capsys.readouterr().err.startswith("orch-next: ")) == (before, True)


@pytest.mark.parametrize(
    "decision", [("--approver", "WORK", "--approver-role", "CMD"), ("--approver-role", "WORK")]
)
def test_nobody_approves_their_own_request_or_without_the_role(
    root: Path, decision: tuple[str, ...]
) -> None:
    before = ledger(root)
    assert run(root, "approve", "A002", *decision) == 1
    assert ledger(root) == before


def test_the_actor_approves_when_no_approver_is_named(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "approve", "A002", "--actor", "鈴木", "--role", "AUDIT", "--json") == 0
    decided = json.loads(capsys.readouterr().out)
    assert (decided["approver"], decided["approver_role"]) == ("鈴木", "AUDIT")
