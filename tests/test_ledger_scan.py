from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_next.ledger import scan

LINES = st.text(alphabet=st.sampled_from("|\\ \t-:aあ\u3000\x0b\u2028"), max_size=20)


def test_lines_end_at_crlf_cr_and_lf_only() -> None:
    lines = scan.split_lines("\ufeff一\u2028行\r\n二\x85\x0b\x0c\r\r\n三\n四")
    assert lines.texts == ["一\u2028行", "二\x85\x0b\x0c", "", "三", "四"]
    assert lines.eols == ["\r\n", "\r", "\r\n", "\n", ""]
    assert lines.starts == [1, 6, 11, 12 + 1, 15]


@pytest.mark.parametrize("text", ["", "\ufeff"])
def test_an_empty_text_has_no_lines(text: str) -> None:
    assert list(scan.split_lines(text).texts) == []


@given(st.text(alphabet=st.sampled_from("ab\r\n\ufeff\u2028"), max_size=30))
def test_lines_join_to_the_text(text: str) -> None:
    lines = scan.split_lines(text)
    pieces = zip(lines.texts, lines.eols, lines.starts, strict=True)
    body = text.removeprefix(scan.BOM)
    assert "".join(line + eol for line, eol, _ in pieces) == body
    assert [
        text[start : start + len(line)]
        for line, start in zip(lines.texts, lines.starts, strict=True)
    ] == (list(lines.texts))


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("| a | b |", ["a", "b"]),
        ("a | b", ["a", "b"]),
        ("| a | b", ["a", "b"]),
        ("||", [""]),
        ("|", []),
        ("", []),
        (r"| a\|b | c |", ["a|b", "c"]),
        (r"| a\\|b |", [r"a\|b"]),
        (r"| C:\dir\ | \\srv\x |", ["C:\\dir\\", r"\\srv\x"]),
        ("|\u3000全角\u3000|\x1cx|", ["全角", "\x1cx"]),
        (r"| `a | b` |", ["`a", "b`"]),
        (r"| a \|", ["a |"]),
    ],
)
def test_cells_are_cut_as_markdown_it_does(line: str, values: list[str]) -> None:
    assert scan.cut_values(line) == values


@given(LINES)
def test_the_three_scanners_agree(line: str) -> None:
    values = scan.cut_values(line)
    rooms = [line[start:end] for start, end in scan.cut_rooms(line)]
    assert scan.count_cells(line) == len(values)
    assert [scan.unescape(scan.trim(room)) for room in rooms] == values


@pytest.mark.parametrize("line", ["|---|", "|:-:|--|", "--- | :--", " | - |", "|----|----"])
def test_delimiter_rows_of_any_width_are_known(line: str) -> None:
    assert scan.is_delimiter(line)


@pytest.mark.parametrize("line", ["| a |", "|-- --|", "|:|", "| | |", "|-|x", "", "||"])
def test_other_rows_are_no_delimiters(line: str) -> None:
    assert not scan.is_delimiter(line)


def test_lines_in_fenced_code_are_left_out() -> None:
    texts = ["一", "```sh", "二", "~~~", "````", "三", "  ~~~", "四", "```", "~~~~", "五"]
    assert list(scan.outside_fences(texts)) == [(1, "一"), (6, "三"), (11, "五")]
