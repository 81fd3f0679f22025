"""Loading a ledger with every value against markdown-it-py on the same text."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it import MarkdownIt

from benchmarks.bench.effort import Effort
from benchmarks.bench.table import Found, Point, medians
from benchmarks.write import ledger_text, timed
from orch_next.ledger.parser import parse

ROUNDS = {23: 60, 1_000: 24, 10_000: 4, 100_000: 1}


def values_of(text: str) -> list[list[str]]:
    """Parse a ledger and decode every cell."""
    return [list(row.values) for row in parse(text).tables[0].rows]


def measure(effort: Effort) -> Iterator[Found | Point]:
    """Time both parsers in turns."""
    markdown = MarkdownIt("commonmark").enable("table")
    markdown.core.ruler.enableOnly(["normalize", "block"])
    for rows in effort.sizes():
        text, ours, theirs = ledger_text(rows), list[float](), list[float]()
        for _ in range(min(ROUNDS[rows], effort.rounds(60))):
            ours += [timed(lambda: values_of(text)), timed(lambda: values_of(text))]  # noqa: B023
            theirs.append(timed(lambda: markdown.parse(text)))  # noqa: B023
        found = medians(f"load-{rows}", ours, theirs)
        if rows > 23:
            yield found
        yield Point("load", rows, found.value, found.yardstick)
