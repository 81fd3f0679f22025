from __future__ import annotations

from random import Random

import pytest

from orch_next.ledger.parser import read_tables
from orch_next.ledger.scan import split_lines
from orch_next.ledger.skeleton import thin_out
from tests.ledger_samples import LINES

PIPED = [
    "| a | b |", "|---|---|", "|-|", "| x > y | b |", "| --> | |", "|a|b|c|", "| ]: | x |",
    "| ' | \" |", "|", "||", "| \\| |",
]  # fmt: skip


def random_text(seed: int) -> str:
    rnd = Random(seed)
    lines: list[str] = []
    for _ in range(rnd.randint(1, 12)):
        run = [rnd.choice(PIPED) for _ in range(rnd.randint(1, 9))]
        lines += rnd.choice([run, [rnd.choice(LINES)]])
    return "\n".join(lines)


def tables_of(text: str, thin: bool) -> list[object]:
    read = read_tables(split_lines(text), thin=thin)
    return [(table.build(), table.problems) for table in read]


@pytest.mark.parametrize("first", range(0, 4_000, 1_000))
def test_thinning_changes_no_table(first: int) -> None:
    texts = map(random_text, range(first, first + 1_000))
    assert [text for text in texts if tables_of(text, True) != tables_of(text, False)] == []


def test_random_texts_have_tables_to_thin() -> None:
    assert sum(bool(tables_of(random_text(seed), True)) for seed in range(200)) > 50


def test_a_long_run_is_thinned_to_its_ends() -> None:
    texts = ["# 見出し", "", "| a |", "|---|", *["| > |"] * 100, "", "終"]
    assert thin_out(texts) == [0, 1, 2, 3, 4, 103, 104, 105]


def test_a_run_in_raw_html_keeps_what_may_end_it() -> None:
    texts = ["<!--", *["| x |"] * 5, "| --> |", *["| y |"] * 5]
    assert thin_out(texts) == [0, 1, 2, 3, 6, 7, 11]
