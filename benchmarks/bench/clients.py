"""Writes of 8 clients on one ledger against bare writes with a journal commit each."""

from __future__ import annotations

import http.client
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.bench.effort import Effort
from benchmarks.bench.ledgers import serving, tasks_of, write_and_commit
from benchmarks.bench.requests import update
from benchmarks.bench.table import Found, medians

CLIENTS = 8


def measure(effort: Effort) -> Iterator[Found]:
    """Let the clients write for a while, then the bare writer, and again."""
    ours, bare = list[float](), list[float]()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), 300) as server,
        ThreadPoolExecutor(CLIENTS) as threads,
    ):
        act = write_and_commit(Path(folder), tasks_of(server))
        for turn in range(effort.rounds(8) + 1):
            end = time.perf_counter() + effort.seconds(2)
            began = time.perf_counter()
            jobs = [threads.submit(write, server.port, n, end) for n in range(CLIENTS)]
            done = sum(job.result() for job in jobs)
            rate = done / (time.perf_counter() - began)
            alone = rate_of(act, effort.seconds(1))
            if turn:  # the first one warms up
                ours.append(rate)
                bare.append(alone)
    yield medians("clients-8", ours, bare)


def write(port: int, number: int, end: float) -> int:
    """Edit a row of its own until the end; return how often."""
    connection, count = http.client.HTTPConnection("127.0.0.1", port, timeout=60), 0
    while time.perf_counter() < end:
        update(connection, f"{number * 30:04d}", f"変更 {number} {time.time()}")
        count += 1
    connection.close()
    return count


def rate_of(act: Callable[[], object], seconds: float) -> float:
    """Return how often a second something can be done, one after another."""
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        act()
        count += 1
    return count / (time.perf_counter() - began)
