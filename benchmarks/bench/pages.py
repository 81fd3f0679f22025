"""Pages against a bare Flask route with the same bytes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from benchmarks.bench.effort import Effort
from benchmarks.bench.reads import rates_of
from benchmarks.bench.table import Found, Point, medians

PAGES = {"page-overview": "/", "page-tasks": "/tasks"}


def measure(effort: Effort) -> Iterator[Found | Point]:
    """Measure both pages over small ledgers and large ones."""
    for rows in effort.sizes():
        paths = list(PAGES.values()) if rows == 23 else ["/tasks"]
        rates = rates_of(rows, paths, ["flask"], Effort(short=effort.short or rows > 23))
        if rows == 23:
            for line, path in PAGES.items():
                yield medians(line, rates["ours", path], rates["flask", path])
        ours, bare = (statistics.median(rates[kind, "/tasks"]) for kind in ("ours", "flask"))
        yield Point("page", rows, 1000 / ours, 1000 / bare)
