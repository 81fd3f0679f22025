from __future__ import annotations

from pathlib import Path

import pytest

from orch_next.core.schema import APPROVAL, MILESTONE, TASK
from orch_next.core.state import State
from orch_next.core.texts import read_text, table_text
from orch_next.errors import DamagedError
from orch_next.ledger.file import digest
from tests.conftest import NOW
from tests.ledger_text import task_row, task_table


def state_of(folder: Path, text: str | bytes | None) -> State:
    if text is not None:
        data = text if isinstance(text, bytes) else text.encode()
        (folder / "TASKS.md").write_bytes(data)
    return State(folder, now=lambda: NOW)


def test_a_text_comes_with_its_digest(tmp_path: Path) -> None:
    text = "\ufeff# 台帳\r\n\r\n" + task_table("001").replace("\n", "\r\n")
    found = read_text(state_of(tmp_path, text), TASK)
    assert (found.text, found.digest) == (text, digest(text.encode()))
    assert (found.snapshot.stale, [p for p in found.problems if p.severity == "damage"]) == (
        False,
        [],
    )


def test_a_missing_file_has_neither_and_says_so(tmp_path: Path) -> None:
    found = read_text(state_of(tmp_path, None), TASK)
    assert (found.text, found.digest, found.snapshot.missing) == ("", "", True)
    assert [problem.code for problem in found.problems] == ["missing-file"]


def test_bytes_that_are_no_text_are_shown_and_told(tmp_path: Path) -> None:
    state = state_of(tmp_path, task_table("001"))
    assert [task.id for task in state.tasks.records] == ["001"]
    (tmp_path / "TASKS.md").write_bytes(b"| a |\xff\n")
    found = read_text(state, TASK)
    assert (found.text, found.snapshot.stale) == ("| a |\ufffd\n", True)
    assert found.digest == digest(b"| a |\xff\n")


def test_the_problems_are_those_of_the_file_by_line(tmp_path: Path) -> None:
    text = task_table("001", "001") + "本文\n"
    found = read_text(state_of(tmp_path, text), TASK)
    lines = [problem.line for problem in found.problems]
    assert {problem.file for problem in found.problems} == {"TASKS.md"}
    assert (len(lines) > 1, lines) == (True, sorted(lines))


def test_the_table_is_raw_with_rows_apart_and_without_the_prose(tmp_path: Path) -> None:
    table = task_table("001") + "\n" + task_row("002")
    state = state_of(tmp_path, "# 台帳\n\n" + table + "\n説明\n")
    assert table_text(state, TASK) == table


def test_no_file_has_no_table_and_a_damaged_one_no_certain_table(tmp_path: Path) -> None:
    state = state_of(tmp_path, task_table("001") + "<<<<<<< 枝\n")
    assert [table_text(state, kind) for kind in (APPROVAL, MILESTONE)] == ["", ""]
    with pytest.raises(DamagedError, match=r"^TASKS\.md:4: a merge conflict's marker$"):
        table_text(state, TASK)
