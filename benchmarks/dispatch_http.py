"""Measure `POST /dispatch` against a real server: milliseconds from request to answer.

Usage: python benchmarks/dispatch_http.py [mode] [requests]; the project must be importable.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.servers import running_server

LIMIT_MS = 400


def post(url: str, body: Mapping[str, object]) -> float:
    """Return the milliseconds of one request; raise for any other status than 200."""
    request = urllib.request.Request(url, json.dumps(body).encode())
    started = perf_counter()
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
    return (perf_counter() - started) * 1000


def main(mode: str = "serve", count: str = "300") -> int:
    """Start and stop sessions of other cores, and print the times of the starts."""
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder), mode) as server:
        times = []
        for number in range(int(count)):
            core = {"coreId": f"WORK_{number}"}
            times.append(post(f"{server.url}/dispatch", {**core, "stay": True}))
            post(f"{server.url}/dispatch/stop", core)
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"{mode}: {len(times)} x POST /dispatch, median {statistics.median(times):.1f} ms,", end=""
    )
    print(f" p95 {p95:.1f} ms, max {max(times):.1f} ms")
    return int(p95 >= LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
