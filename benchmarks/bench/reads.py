"""`GET /api/tasks` against bare Flask and bare WSGI with the same bytes."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.bench.bare import bare_server, fetch
from benchmarks.bench.effort import Effort
from benchmarks.bench.ledgers import serving
from benchmarks.bench.load import ask
from benchmarks.bench.table import Found, Point, medians

LIST = "/api/tasks"
Rates = dict[tuple[str, str], list[float]]


def rates_of(rows: int, paths: Sequence[str], kinds: Sequence[str], effort: Effort) -> Rates:
    """Return answers a second by server and path, of several turns."""
    found: Rates = {(kind, path): [] for kind in ("ours", *kinds) for path in paths}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(serving(Path(folder), rows))
        fetch(server.port, paths)
        bodies = fetch(server.port, paths)
        ports = {"ours": server.port}
        ports |= {kind: stack.enter_context(bare_server(kind, bodies)) for kind in kinds}
        for turn in range(effort.rounds(8) + 1):
            for kind, path in found:
                rate = ask(ports[kind], path, effort.seconds(0.8)).rate
                if turn:  # the first one warms up
                    found[kind, path].append(rate)
    return found


def measure(effort: Effort) -> Iterator[Found | Point]:
    """Measure every size."""
    for rows in effort.sizes():
        rates = rates_of(rows, [LIST], ["flask", "wsgi"], effort)
        ours = rates["ours", LIST]
        if rows < 100_000:
            for kind in ("flask", "wsgi"):
                yield medians(f"list-{rows}-{kind}", ours, rates[kind, LIST])
        flask = rates["flask", LIST]
        yield Point("list", rows, 1000 / statistics.median(ours), 1000 / statistics.median(flask))
