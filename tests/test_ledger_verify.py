from __future__ import annotations

from collections.abc import Sequence

import pytest

from orch_next.errors import RowError
from orch_next.ledger.document import AddRow, CellChange, SetCell, SetRow, apply_edits, plan_edits
from orch_next.ledger.parser import Document, parse
from orch_next.ledger.verify import check_rows, verify

TEXT = (
    "# 台帳\n\n| id | title |\n|---|---|\n| 1 | 一 |\n| 2 | 二 |\n\n| 3 | 三 |\n\n"
    "| k |\n|---|\n| v |\n"
)


def changed(document: Document, changes: Sequence[CellChange]) -> Document:
    return parse(apply_edits(document.text, plan_edits(document.text, changes)))


def some_changes(document: Document) -> list[CellChange]:
    first, second = document.tables
    return [
        SetCell(first.rows[1], 1, "弐|参"),
        SetCell(first.rows[2], 0, "4"),
        AddRow(first, ["5", "五"]),
        AddRow(first, ["6", ""]),
        AddRow(second, ["w"]),
    ]


def test_what_was_asked_passes() -> None:
    document = parse(TEXT)
    changes = some_changes(document)
    verify(document, changed(document, changes), changes)
    for one in range(len(changes)):
        less = changes[:one] + changes[one + 1 :]
        with pytest.raises(RowError):
            verify(document, changed(document, less), changes)
        with pytest.raises(RowError):
            verify(document, changed(document, changes), less)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| 1 | 一 |", "| 1 | 壱 |"),
        ("| 1 | 一 |\n", ""),
        ("| 1 | 一 |", "| 1 | 一 |\n| 1 | 一 |"),
        ("弐", "に"),
        ("| 5 | 五 |", "| 5 | 六 |"),
        ("| id |", "| ID |"),
        ("|---|---|", "|--|--|"),
        ("| v |", "| V |"),
        ("| k |\n|---|", "| k |\n\n|---|"),
        ("| 2 | 弐", "| 2 | 弐 |\n直下の文章\n|"),
        ("# 台帳", "<<<<<<< HEAD"),
    ],
)
def test_any_other_difference_is_refused(old: str, new: str) -> None:
    document = parse(TEXT)
    changes = some_changes(document)
    after = changed(document, changes).text
    assert old in after
    with pytest.raises(RowError):
        verify(document, parse(after.replace(old, new, 1)), changes)


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ("id | t\n---|---\n1 | x\n", 0, "- 1"),
        ("id | t\n---|---\n1 | x\n", 0, "# 1"),
        ("| id | t |\n|-|-|\n| - | x |\n", 1, "-"),
        ("| id | t |\n|-|-|\n\n| id | x |\n", 1, "t"),
    ],
)
def test_a_value_that_would_unmake_the_row_is_refused(text: str, column: int, value: str) -> None:
    document = parse(text)
    changes = [SetCell(document.tables[0].rows[0], column, value)]
    with pytest.raises(RowError):
        verify(document, changed(document, changes), changes)


def test_a_new_row_that_reads_as_a_delimiter_is_refused() -> None:
    document = parse(TEXT)
    changes = [AddRow(document.tables[0], ["-", "-"])]
    with pytest.raises(RowError):
        verify(document, changed(document, changes), changes)


def test_a_row_with_a_problem_is_not_changed_and_others_are() -> None:
    document = parse("| id | t |\n|-|-|\n| 1 |\n| 2 | x |\n")
    short, whole = document.tables[0].rows
    check_rows(document, [SetCell(whole, 1, "y")])
    with pytest.raises(RowError, match="line 3: 1 cells where the table has 2"):
        check_rows(document, [SetCell(short, 0, "9")])


def test_a_row_that_was_set_whole_is_what_its_line_must_be() -> None:
    document = parse(TEXT)
    row = document.tables[0].rows[0]
    raw = row.raw.replace("一", "壱")
    whole: list[CellChange] = [SetRow(row, raw)]
    verify(document, changed(document, whole), [*whole, SetCell(row, 1, "弐")])
    assert changed(document, whole).tables[0].rows[0].raw == raw
