from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orch_next.errors import DamagedError
from orch_next.ledger.document import SetCell
from orch_next.ledger.parser import Document, decode, parse
from tests.ledger_samples import (
    edit,
    naive_edit,
    oracle_tables,
    our_tables,
    random_document,
    round_trip_faults,
)
from tests.sample import LEDGERS

SAMPLES = Path(__file__).parent / "data" / "ledger"
DOCUMENTS = 20_000


def read(name: str) -> Document:
    return parse(decode((SAMPLES / name).read_bytes()))


def rows(document: Document, table: int = 0) -> list[tuple[int, tuple[str, ...], bool]]:
    return [(row.line, row.values, row.apart) for row in document.tables[table].rows]


def problems(document: Document) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.code, problem.severity) for problem in document.problems]


@given(st.text(max_size=200))
@example("\ufeff")
@example("| a |\n| - |\n| \ud800 |")
def test_parsing_keeps_every_text_and_never_raises(text: str) -> None:
    assert parse(text).text == text


@given(st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_tables_are_those_of_markdown_it(seed: int) -> None:
    text = random_document(Random(seed))
    assert our_tables(parse(text)) == oracle_tables(text)


@pytest.mark.parametrize("first", range(0, DOCUMENTS, DOCUMENTS // 4))
def test_random_documents_survive_reading_and_editing(first: int) -> None:
    seeds = range(first, first + DOCUMENTS // 4)
    assert [seed for seed in seeds if faults_of(seed)] == []


def test_the_round_trip_catches_a_naive_splice() -> None:
    assert sum(bool(faults_of(seed, naive_edit)) for seed in range(500)) > 50


def faults_of(seed: int, how: Any = edit) -> list[str]:
    return round_trip_faults(random_document(Random(seed)), Random(seed), how)


def test_the_task_id_header_is_read_with_escapes_and_any_delimiter_row() -> None:
    document = read("tasks_task_id.md")
    assert document.tables[0].names[:3] == ("task_id", "title", "state")
    assert [values[:3] for _, values, _ in rows(document)] == [
        ("001", "画面の結合試験", "REVIEW"),
        ("002", "運用|試験", "DONE"),
        ("deploy-004", "配備の検証", "DOING"),
    ]
    assert problems(document) == []


def test_a_bom_and_crlf_hide_nothing() -> None:
    document = read("tasks_id_bom_crlf.md")
    assert (document.tables[0].line, document.tables[0].names[0]) == (1, "id")
    assert [values[7:] for _, values, _ in rows(document)] == [
        ("", "", ""),
        ("2025-10-07", "C:\\dir\\", "x"),
    ]


def test_a_header_without_rows_and_newline_is_a_table() -> None:
    document = read("tasks_empty_no_newline.md")
    assert (rows(document), document.tables[0].end) == ([], len(document.text))


def test_rows_after_a_blank_line_belong_to_the_table() -> None:
    document = read("approvals_apart.md")
    assert [(line, values[0], apart) for line, values, apart in rows(document)] == [
        (7, "A001", False),
        (8, "A002", False),
        (10, "A017", True),
    ]
    assert [values[9] for _, values, _ in rows(document)] == [
        r"C:\Users\moc\証跡\A001.md",
        r"C:\\Users\\moc\\A002.md",
        r"\\\\server\share\A017.md",
    ]
    assert problems(document) == [(10, "row-apart", "warning")]
    assert rows(document, 1) == [(16, ("承認", "1"), False)]


def test_mixed_line_ends_split_only_where_markdown_it_splits() -> None:
    document = read("mixed_eol.md")
    assert rows(document) == [
        (5, ("1", "一\u2028行"), False),
        (6, ("2", "二\u0085"), False),
        (7, ("3", "三"), False),
    ]


def test_rows_may_lack_pipes_and_cells_or_have_too_many() -> None:
    document = read("no_trailing_pipe.md")
    assert rows(document) == [
        (3, ("1", "末尾の縦棒なし", "PLAN"), False),
        (4, ("2", "短い行"), False),
        (5, ("3", "余分", "DONE", "余り", "もう一つ"), False),
    ]
    assert problems(document) == [(4, "missing-cells", "row"), (5, "surplus-cells", "row")]


def test_tables_in_fences_comments_lists_and_quotes_are_none() -> None:
    assert [rows(read("fenced.md"), n) for n in range(len(read("fenced.md").tables))] == [
        [(23, ("1", "本物"), False)]
    ]


def test_text_and_delimiters_under_a_table_are_no_rows() -> None:
    document = read("swallowed.md")
    assert [line for line, _, _ in rows(document)] == [3, 6]
    assert problems(document) == [(4, "swallowed-text", "row"), (5, "extra-delimiter", "row")]


def test_conflict_markers_are_damage() -> None:
    document = read("conflict.md")
    found = [(problem.line, problem.code, problem.message) for problem in document.problems]
    assert found == [(3, "conflict-marker", "a merge conflict, down to line 9")]
    assert [list(lines) for lines in document.conflicts] == [list(range(3, 10))]


@pytest.mark.parametrize(
    ("text", "conflicts"),
    [
        ("<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n\n>>>>>>> c\n", [(1, 5), (7, 7)]),
        ("<<<<<<< a\n1\n=======\n2\n", [(1, 1), (3, 3)]),
        ("<<<<<<< a\n<<<<<<< b\n=======\n>>>>>>> c\n", [(1, 1), (2, 4)]),
        ("||||||| 元\n", [(1, 1)]),
    ],
)
def test_a_conflict_is_told_once_and_a_lost_marker_by_itself(
    text: str, conflicts: list[tuple[int, int]]
) -> None:
    document = parse(text)
    assert [(lines[0], lines[-1]) for lines in document.conflicts] == conflicts
    assert [problem.line for problem in document.damage] == [first for first, _ in conflicts]


@pytest.mark.parametrize(
    "text",
    [
        "見出し\n=======\n",
        "|||||||\n",
        "| a | b | c | d | e | f |\n|-|-|-|-|-|-|\n|||||||\n||||||| x |\n",
        "<<<<<<<<<\n",
        "a <<<<<<< b\n",
    ],
)
def test_what_only_resembles_a_conflict_is_none(text: str) -> None:
    assert parse(text).damage == ()


@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", ">>>>>>> 機能", "||||||| 元"])
def test_a_single_marker_is_damage(mark: str) -> None:
    assert [problem.line for problem in parse(f"# 見出し\r{mark}\r").damage] == [2]


def test_nul_characters_are_damage() -> None:
    assert problems(parse("一\n\0\0")) == [(2, "nul-character", "damage")]


@pytest.mark.parametrize("text", ["\0", "一\0二", "| a |\n|---|\n| \0 |"])
def test_a_single_nul_is_damage(text: str) -> None:
    damage = [one.code for one in parse(text).problems if one.severity == "damage"]
    assert damage == ["nul-character"]


def test_rows_apart_stop_at_the_next_table_and_at_what_does_not_fit() -> None:
    text = (
        "| id | t |\n|-|-|\n| 1 | a |\n\n## 続き\n\n| id | t |\n| 2 | b |\n---\n\n"
        "| x | y | z |\n\n説明\n| 3 | c |\n\n|-|-|\n\n    | 8 | コード |\n\n"
        "| k |\n|-|\n| v |\n\n| 9 | i |\n"
    )
    document = parse(text)
    assert [line for line, _, _ in rows(document)] == [3, 8]
    assert problems(document) == [
        (7, "repeated-header", "warning"),
        (8, "row-apart", "warning"),
        (11, "row-misfit", "warning"),
        (14, "row-misfit", "warning"),
        (16, "extra-delimiter", "warning"),
        (24, "row-misfit", "warning"),
    ]


def test_bytes_that_are_not_utf8_are_damage() -> None:
    with pytest.raises(DamagedError, match=r"^TASKS.md:2: "):
        decode("一\n".encode() + "二".encode("cp932"), "TASKS.md")


def test_markdown_its_limit_of_invented_cells_is_kept() -> None:
    wide = 1_000
    head = "|" + "h|" * wide + "\n|" + "-|" * wide + "\n"
    text = head + "| x |\n" * 80
    assert our_tables(parse(text)) == oracle_tables(text)


def test_ledgers_as_they_are_are_read_and_edited() -> None:
    for path in sorted(LEDGERS.rglob("*.md")):
        document = parse(decode(path.read_bytes()))
        assert our_tables(document) == oracle_tables(document.text)
        assert document.damage == ()
        for row in (row for table in document.tables for row in table.rows):
            after = edit(document, [SetCell(row, 2, "HOLD")])
            assert after.replace("HOLD", "") != document.text.replace("HOLD", "")
            assert len(after.split("\n")) == len(document.text.split("\n"))


def test_an_escaped_pipe_at_the_end_closes_no_cell() -> None:
    document = parse("| a | b |\n|---|---|\n| 1 | 2 | 3 \\|\n| 4 | 5 \\| |\n")
    assert problems(document) == [(3, "surplus-cells", "row")]
