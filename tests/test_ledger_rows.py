"""Whole rows taken away, put back and set: each undoes the other, nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orch_next.errors import InputError, RowError
from orch_next.ledger.document import (
    AddRow,
    CellChange,
    PutRow,
    RemoveRow,
    SetRow,
    apply_edits,
    plan_edits,
)
from orch_next.ledger.parser import Document, parse
from orch_next.ledger.verify import check_rows, verify
from tests.ledger_plain import PlainLedger

TEXT = (
    "# 台帳\n\n| id | title |\n|---|---|\n| 1 | 一 |\n|2||\n\n| 3 | 三 |\n| 4 |四|\n\n"
    "| k |\n|---|\n| v |\n"
)


def changed(text: str, *changes: CellChange) -> str:
    """Apply, parse and verify as a write does."""
    before = parse(text)
    check_rows(before, changes)
    after = apply_edits(text, plan_edits(text, changes))
    verify(before, parse(after), changes)
    return after


def table(text: str) -> tuple[Document, list[str]]:
    found = parse(text).tables[0]
    return parse(text), [row.values[0] for row in found.rows]


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), TEXT.replace("\n", "\r")])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_row_that_was_taken_away_can_be_put_back(text: str, place: int) -> None:
    row = parse(text).tables[0].rows[place]
    without = changed(text, RemoveRow(row))
    eol = "\r\n" if "\r\n" in text else "\n"
    assert len(without) == len(text) - len(row.raw) - len(eol)
    first = parse(without).tables[0]
    near = first.delimiter if place == 0 else first.rows[place - 1]
    before = place == 2  # it stood behind a blank line
    near = first.rows[2] if before else near
    assert changed(without, PutRow(first, row.raw, near, behind=not before)) == text


@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
def test_a_last_row_without_a_line_end_goes_with_the_one_before_it(eol: str) -> None:
    text = eol.join(["| id |", "|---|", "| 1 |", "| 2 |"])
    document = parse(text)
    without = changed(text, RemoveRow(document.tables[0].rows[1]))
    assert without == eol.join(["| id |", "|---|", "| 1 |"])
    assert changed(without, AddRow(parse(without).tables[0], ["2"])) == text


def test_the_only_row_leaves_an_empty_table() -> None:
    text = "| id |\n|---|\n| 1 |"
    without = changed(text, RemoveRow(parse(text).tables[0].rows[0]))
    assert without == "| id |\n|---|"
    empty = parse(without).tables[0]
    assert changed(without, PutRow(empty, "| 1 |", empty.delimiter)) == text


def test_a_row_is_set_to_its_old_bytes() -> None:
    row = parse(TEXT).tables[0].rows[1]
    raw = "|  2 |\t- |  "
    assert changed(TEXT, SetRow(row, raw)) == TEXT.replace("|2||", raw)


@pytest.mark.parametrize("raw", ["| 2 | a |\n| 9 | b |", "| 2 | a\r |", "| 2 | \x07 |"])
def test_a_line_is_one_line(raw: str) -> None:
    first = parse(TEXT).tables[0]
    for change in (SetRow(first.rows[1], raw), PutRow(first, raw, first.rows[1])):
        with pytest.raises(InputError, match="a row cannot hold the character U"):
            changed(TEXT, change)


@pytest.mark.parametrize("raw", ["文章", "| 2 |", "", "|---|---|", "<<<<<<< HEAD"])
def test_a_line_that_is_no_row_is_refused(raw: str) -> None:
    first = parse(TEXT).tables[0]
    for change in (SetRow(first.rows[1], raw), PutRow(first, raw, first.rows[0])):
        with pytest.raises(RowError):
            changed(TEXT, change)


def test_a_row_with_a_problem_or_of_another_text_is_left_alone() -> None:
    text = "| id | t |\n|---|---|\n| 1 |\n| 2 | b |\n"
    short, other = parse(text).tables[0].rows
    for change in (SetRow(short, "| 1 | a |"), RemoveRow(short)):
        with pytest.raises(RowError, match="line 3"):
            changed(text, change)
    with pytest.raises(RowError, match="line 4 is not the row that was read"):
        plan_edits(text.replace("b", "c"), [RemoveRow(other)])


def test_problems_move_with_their_lines() -> None:
    text = "| id | t |\n|---|---|\n| 1 | a |\n| 2 |\n\n| 3 | c |\n| 4 |\n"
    without = changed(text, RemoveRow(parse(text).tables[0].rows[0]))
    assert [problem.line for problem in parse(without).problems] == [3, 5, 6]


@pytest.mark.parametrize(("old", "new"), [("| 1 | 一 |\n", ""), ("| 4 |四|", "| 4 | 四 |")])
def test_any_other_difference_is_refused(old: str, new: str) -> None:
    document = parse(TEXT)
    changes = [RemoveRow(document.tables[0].rows[1])]
    after = apply_edits(TEXT, plan_edits(TEXT, changes)).replace(old, new)
    with pytest.raises(RowError):
        verify(document, parse(after), changes)


def test_a_file_takes_whole_rows(tmp_path: Path) -> None:
    path = tmp_path / "TASKS.md"
    path.write_bytes(TEXT.encode())
    file = PlainLedger(path)
    file.write(lambda document: [RemoveRow(document.tables[0].rows[0])])
    assert path.read_bytes() == TEXT.replace("| 1 | 一 |\n", "").encode()
