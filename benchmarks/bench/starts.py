"""From starting a server to its first answer, against bare Flask on eventlet."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench.bare import bare_server
from benchmarks.bench.effort import Effort, fewer
from benchmarks.bench.ledgers import make_orch
from benchmarks.bench.table import Found, Point, medians
from tests.servers import copy_orch, start_server, wait_until_ready


def measure(effort: Effort) -> Iterator[Found | Point]:
    """Start both in turns."""
    for rows in effort.sizes():
        ours, bare = list[float](), list[float]()
        for _ in range(fewer(rows, effort.rounds(8))):
            ours.append(start_ours(rows))
            began = time.perf_counter()
            with bare_server("flask", {"/health": (b"ok", "text/plain")}):
                bare.append((time.perf_counter() - began) * 1000)
        found = medians("start", ours, bare)
        if rows == 23:
            yield found
        yield Point("start", rows, found.value, found.yardstick)


def start_ours(rows: int) -> float:
    """Return the milliseconds until `/health` answers, as users start it."""
    with tempfile.TemporaryDirectory() as name:
        copy_orch(Path(name), make_orch(Path(name) / "source", rows))
        began = time.perf_counter()
        server = start_server(Path(name), plain=True)
        try:
            wait_until_ready(server)
            return (time.perf_counter() - began) * 1000
        finally:
            server.stop()
