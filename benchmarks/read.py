"""Compare list reads with a route of the same server that returns the same bytes ready-made.

python benchmarks/read.py [--rows 23 1000 10000] [--rounds 400]
"""

from __future__ import annotations

import argparse
import http.client
import logging
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

from flask import Flask, Response
from werkzeug.serving import make_server

from orch_next import create_app

PATHS = ("/api/tasks", "/api/overview", "/jobs")
ROW = "| {n:05d} | 課題 {n} の検証 | READY | WORK | - | - | - | 2025-10-15 | - | priority=HIGH |\n"
HEADER = (
    "| id | title | status | owner | lock | lock_owner | lock_expires_at "
    "| due | artifact | notes |\n"
    "|----|----|----|----|----|----|----|----|----|----|\n"
)
APPROVALS = (
    "| appr_id | task_id | op | status | requested_by | approver | approver_role | ts_req "
    "| ts_dec | evidence |\n|----|----|----|----|----|----|----|----|----|----|\n"
)


def build(root: Path, rows: int) -> Flask:
    """Build an app over a ledger with that many tasks, with a ready-made twin of every list."""
    state = root / "STATE"
    state.mkdir(parents=True)
    text = HEADER + "".join(ROW.format(n=n) for n in range(rows))
    for name, content in (("TASKS.md", text), ("APPROVALS.md", APPROVALS)):
        (state / name).write_text(content, encoding="utf-8")
        # A file touched in the last two seconds is compared by its bytes: not what is asked here.
        os.utime(state / name, (time.time() - 60,) * 2)
    app = create_app({"root": root})
    client = app.test_client()
    for path in PATHS:
        add_twin(app, path, client.get(path).data)
    return app


def add_twin(app: Flask, path: str, body: bytes) -> None:
    """Add `/ready<path>`, which returns these bytes and does nothing else."""
    app.view_functions[f"ready{path}"] = lambda: Response(body, mimetype="application/json")
    app.url_map.add(app.url_rule_class(f"/ready{path}", endpoint=f"ready{path}", methods=["GET"]))


def measure(port: int, paths: tuple[str, str], rounds: int) -> tuple[float, float]:
    """Return the median seconds of both paths, asked in turn over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for path, times in zip(paths, taken, strict=True):
            started = time.perf_counter()
            connection.request("GET", path)
            connection.getresponse().read()
            times.append(time.perf_counter() - started)
    connection.close()
    return statistics.median(taken[0]), statistics.median(taken[1])


def run(rows: int, rounds: int) -> None:
    """Print one line per list for a ledger of that size."""
    with tempfile.TemporaryDirectory() as folder:
        app = build(Path(folder) / "ORCH", rows)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for path in PATHS:
            ours, ready = measure(server.server_port, (path, f"/ready{path}"), rounds)
            print(
                f"{rows:6d} rows  {path:14s} {ours * 1e6:8.0f} us  ready-made {ready * 1e6:8.0f} us"
                f"  ratio {ready / ours:.2f}"
            )
        server.shutdown()


def main() -> None:
    """Read the command line and run every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[23, 1000, 10_000])
    parser.add_argument("--rounds", type=int, default=400)
    options = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    for rows in options.rows:
        run(rows, options.rounds)


if __name__ == "__main__":
    main()
