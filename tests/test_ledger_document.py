from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.common.utils import mdTrim

from orch_next.errors import InputError, RowError
from orch_next.ledger.document import (
    AddRow,
    CellChange,
    Row,
    SetCell,
    Span,
    Splice,
    apply_edits,
    escape_cell,
    plan_edits,
)
from orch_next.ledger.parser import parse
from orch_next.ledger.scan import cut_values

HEAD = "| id | title |\n|---|---|\n"


def edited(text: str, column: int, value: str) -> str:
    change = SetCell(parse(text).tables[0].rows[0], column, value)
    return apply_edits(text, plan_edits(text, [change]))


def added(text: str, *values: str) -> str:
    change = AddRow(parse(text).tables[0], values)
    return apply_edits(text, plan_edits(text, [change]))


def test_a_row_knows_its_cells_and_their_places() -> None:
    row = Row(3, 10, r"|　設計 \| 書|  |x")
    assert row.values == ("設計 | 書", "", "x")
    assert [(cell.room, cell.span) for cell in row.cells] == [
        (Span(11, 19), Span(12, 19)),
        (Span(20, 22), Span(22, 22)),
        (Span(23, 24), Span(23, 24)),
    ]


def test_a_revision_is_the_hash_of_the_lines_bytes() -> None:
    raw = "| 1 | 日本 \ud800 |"
    expected = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    assert Row(1, 0, raw).rev == expected


@pytest.mark.parametrize(
    ("row", "column", "value", "after"),
    [
        ("|  1 |\t一  |", 1, "二", "|  1 |\t二  |"),
        ("| 1 || 余り |", 1, "二", "| 1 | 二 | 余り |"),
        ("| 1 |     |", 1, "二", "| 1 | 二 |"),
        ("| 1 | 一 |", 1, "", "| 1 |  |"),
        ("|1|x|", 1, "C:\\dir\\", "|1|C:\\dir\\ |"),
        ("|1| x |", 1, "C:\\dir\\", "|1| C:\\dir\\ |"),
        ("| 1 | x", 1, "C:\\dir\\", "| 1 | C:\\dir\\"),
        ("| 1 | x", 1, "", "| 1 | |"),
        ("1 | x", 0, "", "|  | x"),
        ("| 1 | x |", 1, "a|b\r\nc\u3000", "| 1 | a\\|b c |"),
        ("| 1 | x |", 1, r"\\srv\|", "| 1 | \\\\srv\\\\| |"),
    ],
)
def test_one_cell_changes_and_nothing_else(row: str, column: int, value: str, after: str) -> None:
    assert edited(f"{HEAD}{row}\n末尾", column, value) == f"{HEAD}{after}\n末尾"


@pytest.mark.parametrize("value", ["a|b", " a|b ", "a|b\n"])
def test_the_present_value_needs_no_edit(value: str) -> None:
    text = HEAD + r"| 1 |  a\|b|"
    assert edited(text, 1, value) == text


def test_a_missing_cell_is_not_written() -> None:
    with pytest.raises(RowError, match="line 3 has no cell 2, only 1"):
        edited(f"{HEAD}| 1 |\n", 1, "x")


def test_a_row_of_another_text_is_not_written() -> None:
    row = parse(f"{HEAD}| 1 | x |\n").tables[0].rows[0]
    with pytest.raises(RowError, match="line 3 is not the row"):
        plan_edits(f"{HEAD}| 2 | x |\n", [SetCell(row, 1, "y")])


@pytest.mark.parametrize("value", ["\0", "a\x07", "\x1b[0m", "\x85", "\ud800", "\x0b", "\x7f"])
def test_what_cannot_live_in_a_cell_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="U\\+"):
        escape_cell(value)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30))
def test_an_escaped_value_reads_back(value: str) -> None:
    assert cut_values(f"| {escape_cell(value)} |") == [mdTrim(value)]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (HEAD + "| 1 | x |\n\n終", HEAD + "| 1 | x |\n| 2 | 二 |\n\n終"),
        (HEAD + "| 1 | x |", HEAD + "| 1 | x |\n| 2 | 二 |"),
        (HEAD.strip(), HEAD + "| 2 | 二 |"),
        ("| id | t |\r\n|-|-|\r\n\r\n# 次", "| id | t |\r\n|-|-|\r\n| 2 | 二 |\r\n\r\n# 次"),
        ("| id | t |\r|-|-|", "| id | t |\r|-|-|\r| 2 | 二 |"),
        (HEAD + "\n| 1 | x |\n\n# 次", HEAD + "\n| 1 | x |\n| 2 | 二 |\n\n# 次"),
        (HEAD + "| 0 | y |\n# 次\n| 1 | x |\n", HEAD + "| 0 | y |\n| 2 | 二 |\n# 次\n| 1 | x |\n"),
        (HEAD + "| 0 | y |\n文章\n", HEAD + "| 0 | y |\n| 2 | 二 |\n文章\n"),
    ],
)  # fmt: skip
def test_a_new_row_goes_behind_the_last_one(text: str, after: str) -> None:
    assert added(text, "2", "二") == after


def test_a_new_row_has_a_value_for_every_column() -> None:
    with pytest.raises(InputError, match="2 columns, not 1"):
        added(HEAD, "1")


def test_changes_of_several_rows_go_together() -> None:
    text = f"{HEAD}| 1 | 一 |\n| 2 | 二 |\n"
    table = parse(text).tables[0]
    changes: list[CellChange] = [
        AddRow(table, ["3", "三"]),
        SetCell(table.rows[1], 1, "弐"),
        SetCell(table.rows[0], 1, "壱"),
        AddRow(table, ["4", "四"]),
    ]
    after = apply_edits(text, plan_edits(text, changes))
    assert after == f"{HEAD}| 1 | 壱 |\n| 2 | 弐 |\n| 3 | 三 |\n| 4 | 四 |\n"


def test_two_changes_of_one_cell_are_refused() -> None:
    with pytest.raises(InputError, match="same cell"):
        apply_edits("abc", [Splice(Span(0, 2), "x"), Splice(Span(1, 3), "y")])


def test_a_backslash_never_stands_right_before_the_closing_pipe() -> None:
    text = "|id|t|\n|-|-|\n|1|a|\n"
    row = parse(text).tables[0].rows[0]
    after = apply_edits(text, plan_edits(text, [SetCell(row, 1, "C:\\証跡\\")]))
    assert after.endswith("|1|C:\\証跡\\ |\n")
    assert parse(after).tables[0].rows[0].values == ("1", "C:\\証跡\\")
