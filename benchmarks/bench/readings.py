"""Readings of the host under load against bare Flask with the same bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.bench.bare import bare_server, fetch
from benchmarks.bench.effort import Effort
from benchmarks.bench.ledgers import serving
from benchmarks.bench.load import ask
from benchmarks.bench.table import Found, quantile

PATH = "/status"


def measure(effort: Effort) -> Iterator[Found]:
    """Ask both servers in turns, 8 connections each."""
    ours, bare = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(serving(Path(folder), 100))
        port = stack.enter_context(bare_server("flask", fetch(server.port, [PATH])))
        for turn in range(effort.rounds(6) + 1):
            times = [ask(one, PATH, effort.seconds(1.5)).times for one in (server.port, port)]
            if turn:  # the first one warms up
                ours += times[0]
                bare += times[1]
    yield Found("status-p99", quantile(ours, 0.99), quantile(bare, 0.99))
