"""A document after an edit of cells is what parsing the new text says, to the last offset."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from orch_next.errors import InputError, RowError
from orch_next.ledger.cell_edit import CellEdit, Place
from orch_next.ledger.cell_edit import edit_cells as edit_bytes
from orch_next.ledger.document import AddRow, CellChange, SetCell, apply_edits, plan_edits
from orch_next.ledger.parser import Document, parse, read_row
from orch_next.ledger.verify import check_rows, verify
from tests.ledger_samples import random_document, random_value

TEXT = (
    "# 台帳\n\n| id | 題名 | 場所 |\n|---|---|---|\n| 1 | 一 | C:\\moc\\証跡.md |\n| 2 | 二 | - |\n"
    "| 2 | 短い |\n\n| 3 | 三 | - |\n\n| k |\n|---|\n| v |\n| w |\n"
)


def edit_cells(document: Document, changes: Sequence[CellChange]) -> CellEdit | None:
    """Edit and check that the bytes are those of the document."""
    found = edit_bytes(document.text.encode(), document, changes)
    assert found is None or found.data == found.document.text.encode()
    return found


def by_parsing(before: Document, changes: list[CellChange]) -> Document:
    """Edit as a write without the short way does."""
    after = parse(apply_edits(before.text, plan_edits(before.text, changes)))
    verify(before, after, changes)
    return after


def test_cells_of_several_rows_and_tables_are_changed_at_once() -> None:
    document = parse(TEXT)
    first, second = document.tables
    changes: list[CellChange] = [
        SetCell(first.rows[0], 1, "壱 | 弐"),
        SetCell(first.rows[0], 2, "-"),
        SetCell(second.rows[0], 0, "値"),
        SetCell(second.rows[1], 0, "w"),
    ]
    found = edit_cells(document, changes)
    assert found is not None
    assert found.document == by_parsing(document, changes)
    assert found.places == (Place(0, 0), Place(1, 0))


def test_many_edits_of_one_document_keep_every_offset() -> None:
    document = parse(TEXT)
    for number in range(200):
        table = document.tables[number % 2]
        row = table.rows[number % 3 % 2]
        found = edit_cells(document, [SetCell(row, len(table.names) - 1, "値" * (number % 7 + 1))])
        assert found is not None
        document = found.document
        assert document == parse(document.text)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: SetCell(table.rows[2], 1, "長い"),  # a row with a problem
        lambda table: SetCell(table.rows[3], 1, "離れた行"),  # a row apart
        lambda table: SetCell(table.rows[0]._replace(line=99), 1, "無い行"),
        lambda table: SetCell(table.rows[0]._replace(raw="| 9 | 九 | - |"), 1, "別の行"),
        lambda table: AddRow(table, ["4", "四", "-"]),
    ],
)
def test_what_is_not_certain_is_left_to_the_parser(change: object) -> None:
    document = parse(TEXT)
    assert edit_cells(document, [change(document.tables[0])]) is None  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        "[a]: /x 'y\n" + TEXT,  # a definition's title may end in a cell, and swallow the table
        "\ufeff[a]: /x\n\n" + TEXT,
        TEXT + "<<<<<<< HEAD\n",
        TEXT.replace("| id |", "||"),
    ],
)
def test_a_document_that_a_cell_may_change_is_left_to_the_parser(text: str) -> None:
    document = parse(text)
    row = document.tables[0].rows[0]
    assert edit_cells(document, [SetCell(row, 1, "'")]) is None


def test_a_row_that_becomes_a_delimiter_row_is_left_to_the_parser() -> None:
    document = parse("| a |\n|---|\n| x |\n")
    assert edit_cells(document, [SetCell(document.tables[0].rows[0], 0, "---")]) is None


def test_rows_are_a_sequence_that_counts_from_either_end() -> None:
    rows = parse(TEXT).tables[0].rows
    assert [row.line for row in rows[1:3]] == [6, 7]
    assert (rows[-1].values, rows.find_line(9), rows.find_line(8)) == (("3", "三", "-"), 3, None)


def test_a_header_that_markdown_reads_otherwise_is_left_to_the_parser() -> None:
    assert read_row("| a |", "|--|--|", "| b |") is None
    assert read_row("| a |", "|---|", "| b \\| c |") == ["b | c"]


def test_a_line_that_stands_twice_is_found_by_its_place() -> None:
    document = parse("| a |\n|---|\n| 一 |\n| 一 |\n| 一 |\n")
    found = edit_cells(document, [SetCell(document.tables[0].rows[1], 0, "二")])
    assert found is not None
    assert found.document == parse("| a |\n|---|\n| 一 |\n| 二 |\n| 一 |\n")


def test_an_empty_change_and_a_bad_one_are_as_ever() -> None:
    document = parse(TEXT)
    row = document.tables[0].rows[0]
    same = edit_cells(document, [SetCell(row, 1, " 一 ")])
    assert same is not None and same.document == document and same.places == ()
    with pytest.raises(InputError):
        edit_cells(document, [SetCell(row, 1, "a\x07b")])
    with pytest.raises(RowError, match="line 5 has no cell 4, only 3"):
        edit_cells(document, [SetCell(row, 3, "無い列")])


def random_changes(document: Document, rnd: Random) -> list[CellChange]:
    """Return changes of up to three cells, each of a row of its own."""
    rows = [row for table in document.tables for row in table.rows if row.values]
    chosen = rnd.sample(rows, min(len(rows), rnd.choice([1, 1, 1, 2, 3])))
    return [SetCell(row, rnd.randrange(len(row.values)), random_value(rnd)) for row in chosen]


def edit_again_and_again(seed: int) -> int:
    """Compare both ways on one document's edits; return how often the short one was taken."""
    rnd, taken = Random(seed), 0
    document = parse(random_document(rnd))
    for _ in range(6):
        changes = random_changes(document, rnd)
        try:
            check_rows(document, changes)
            found = edit_cells(document, changes)
            after = by_parsing(document, changes)
        except (InputError, RowError):
            assert_refused_alike(document, changes)
            continue
        assert found is None or found.document == after, (seed, document.text, changes)
        taken += found is not None
        document = found.document if found else after
    return taken


def assert_refused_alike(document: Document, changes: list[CellChange]) -> None:
    """The short way never takes what the long one refuses."""
    with pytest.raises((InputError, RowError)):
        check_rows(document, changes)
        if edit_cells(document, changes) is None:
            by_parsing(document, changes)


def test_random_documents_are_edited_as_the_parser_reads_them() -> None:
    taken = sum(edit_again_and_again(seed) for seed in range(3_000))
    assert taken > 3_000
