from pathlib import Path

import pytest

from orch_next.core.schema import APPROVAL, MILESTONE, TASK, find_orphans, load_snapshot
from orch_next.errors import NotFoundError
from orch_next.ledger.file import digest
from tests.ledger_text import line, task_table
from tests.sample import LEDGERS

SAMPLES = Path(__file__).parent / "data" / "core"


def codes(snapshot: object) -> list[tuple[str, str, int]]:
    return [(p.code, p.severity, p.line) for p in snapshot.problems]  # type: ignore[attr-defined]


def test_the_sample_tasks_are_read_in_file_order() -> None:
    data = (SAMPLES / "TASKS.md").read_bytes()
    snapshot = load_snapshot(TASK, data)
    assert [task.id for task in snapshot.records] == ["001", "002", "deploy-004", "010", "011"]
    assert (snapshot.digest, snapshot.problems) == (digest(data), ())
    assert snapshot.get("002").artifact == r"C:\Users\作業\TASKS.md"


def test_doubled_backslashes_come_back_unchanged() -> None:
    snapshot = load_snapshot(APPROVAL, (SAMPLES / "APPROVALS.md").read_bytes())
    assert snapshot.get("A001").evidence == r"C:\\Users\\作業\\001-A001.diff.md"
    assert codes(snapshot) == [("row-apart", "warning", 10), ("row-apart", "warning", 11)]


def test_an_unknown_id_is_found_as_none_and_got_as_an_error() -> None:
    snapshot = load_snapshot(TASK, task_table("001").encode())
    assert snapshot.find("1") is None
    with pytest.raises(NotFoundError, match="no task has the id '1'"):
        snapshot.get("1")


def test_of_two_rows_with_one_id_the_first_is_found() -> None:
    snapshot = load_snapshot(TASK, task_table("001", "001").encode())
    assert snapshot.get("001") is snapshot.records[0]


def test_bytes_that_are_not_utf_8_are_damage_with_their_line() -> None:
    snapshot = load_snapshot(TASK, task_table("001").encode() + "作業".encode("cp932"))
    assert (snapshot.records, codes(snapshot)) == ((), [("not-utf-8", "damage", 4)])


def test_conflict_markers_are_damage() -> None:
    text = task_table("001") + "<<<<<<< HEAD\n"
    damage = load_snapshot(TASK, text.encode()).damage
    assert [(p.code, p.line, p.file) for p in damage] == [("conflict-marker", 4, "TASKS.md")]


def test_milestones_in_prose_are_none_and_a_note() -> None:
    snapshot = load_snapshot(MILESTONE, "# 計画\n\n- M1 設計固定\n".encode())
    assert (snapshot.records, codes(snapshot)) == ((), [("no-table", "note", 1)])


def test_an_empty_milestones_file_is_damage() -> None:
    assert codes(load_snapshot(MILESTONE, b"")) == [("empty-file", "damage", 1)]


def test_missing_evidence_is_a_warning() -> None:
    head = line(APPROVAL.columns) + line("---" for _ in APPROVAL.columns)
    row = ["A1", "001", "変更", "pending", "WORK", "-", "-", "2025-10-08T09:00:00Z", "-"]
    text = head + line([*row, "-"]) + line(["A2", *row[1:], r"C:\証跡.md"])
    snapshot = load_snapshot(APPROVAL, text.encode())
    assert codes(snapshot) == [("no-evidence", "warning", 3)]


def test_an_approval_without_its_task_is_an_orphan() -> None:
    tasks = load_snapshot(TASK, task_table("010").encode())
    approvals = load_snapshot(APPROVAL, (SAMPLES / "APPROVALS.md").read_bytes())
    orphans = [(p.record_id, p.line, p.file) for p in find_orphans(tasks, approvals)]
    assert orphans == [("A001", 7, "APPROVALS.md"), ("A004", 11, "APPROVALS.md")]


def test_ledgers_as_installations_have_them() -> None:
    snapshots = [
        load_snapshot(kind, (LEDGERS / kind.file_name).read_bytes())
        for kind in (TASK, APPROVAL, MILESTONE)
    ]
    assert [len(snapshot.records) for snapshot in snapshots] == [12, 8, 0]
    assert [codes(snapshot) for snapshot in snapshots] == [[], [], [("no-table", "note", 1)]]
    orphans = [problem.record_id for problem in find_orphans(snapshots[0], snapshots[1])]
    assert orphans == ["A008", "A009"]


def test_the_sample_keeps_the_quirks_that_its_readme_names() -> None:
    tasks, approvals, milestones = (
        (LEDGERS / kind.file_name).read_bytes() for kind in (TASK, APPROVAL, MILESTONE)
    )
    assert b"| task_id | title | state |" in tasks
    assert [row.id for row in load_snapshot(TASK, tasks).records][3:6] == [
        "004",
        "deploy-004",
        "005",
    ]
    assert {len(row.due) for row in load_snapshot(TASK, tasks).records} == {10, 20}
    assert {byte for byte in approvals if byte < 32} == {7, 9, 10, 27}
    evidence = [row.evidence for row in load_snapshot(APPROVAL, approvals).records]
    assert ["\\\\" in one for one in evidence] == [True] * 3 + [False] * 4 + [True]
    assert not milestones.endswith(b"\n")
