"""Claims a second and dispatch latency, beside the bare durable writes they are made of.

Run: python benchmarks/dispatch.py [--tasks 1000] [--claims 100] [--processes 8 --share 500]
Everything is measured in one run, interleaved, on a temporary ledger in --folder.
--claims 0 leaves the first part out.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orch_next.core.board import open_board
from orch_next.core.deadlines import Clock
from orch_next.dispatcher.build import Outside, make_control
from orch_next.dispatcher.control import Control
from orch_next.dispatcher.cores import Core

HEAD = (
    "| id | title | status | owner | lock | lock_owner | lock_expires_at | due | artifact "
    "| notes |\n|---|---|---|---|---|---|---|---|---|---|\n"
)
APPROVALS = (
    "| appr_id | task_id | op | status | requested_by | approver | approver_role | ts_req "
    "| ts_dec | evidence |\n|---|---|---|---|---|---|---|---|---|---|\n"
)


def make_root(folder: Path, tasks: int) -> Path:
    """Write a ledger of READY tasks of the usual row length."""
    state = folder / "ORCH" / "STATE"
    state.mkdir(parents=True)
    rest = "READY | WORK | - | - | - | 2025-10-15 | - | priority=HIGH・承認済み |"
    rows = (f"| {number:04d} | 作業 {number} の実装と検証 | {rest}\n" for number in range(tasks))
    text = HEAD + "".join(rows)
    (state / "TASKS.md").write_text(text, encoding="utf-8")
    (state / "APPROVALS.md").write_text(APPROVALS, encoding="utf-8")
    (state / "MILESTONES.md").write_text("# 計画\n", encoding="utf-8")
    return folder


def open_control(root: Path) -> Control:
    """Open a dispatcher as one process has it."""
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)  # noqa: E731
    board = open_board(
        root / "ORCH" / "STATE", f"sqlite:///{root / 'data' / 'orch.db'}", now=now, lock_timeout=60
    )
    outside = Outside(
        Clock(now, time.monotonic), lambda: secrets.token_urlsafe(18), lambda *_: None, os.environ
    )
    return make_control(board, outside)


def bare_replace(path: Path, data: bytes) -> None:
    """Write as a ledger must be written: temporary file, fsync, rename, fsync of the folder."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def bare_commit(connection: sqlite3.Connection) -> None:
    """Commit one small row durably."""
    connection.execute("insert into t values (?)", (secrets.token_hex(40),))
    connection.commit()


def timed(work: Callable[[], Any]) -> float:
    """Return the milliseconds that the work took."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def percentiles(values: list[float]) -> dict[str, float]:
    """Return median, p95 and p99 in milliseconds."""
    ordered = sorted(values)

    def at(part: float) -> float:
        return round(ordered[min(int(len(ordered) * part), len(ordered) - 1)], 2)

    return {"p50": round(statistics.median(ordered), 2), "p95": at(0.95), "p99": at(0.99)}


def measure_claims(root: Path, count: int) -> dict[str, Any]:
    """Interleave claims of the next task with the bare writes that a claim consists of."""
    control, core = open_control(root), Core("WORK_AI_01", "WORK", limit=10**6)
    tasks = root / "ORCH" / "STATE" / "TASKS.md"
    data, copy = tasks.read_bytes(), root / "bare.md"
    connection = sqlite3.connect(root / "bare.db")
    connection.executescript("pragma journal_mode=wal; pragma synchronous=full; create table t(a)")
    claims, bare = [], []
    for _ in range(count):
        claims.append(timed(lambda: control.pull.claim(core)))

        def writes() -> None:
            bare_commit(connection)
            bare_replace(copy, data)
            bare_commit(connection)

        bare.append(timed(writes))
    ratio = statistics.median(claims) / statistics.median(bare)
    return {
        "rows": data.count(b"\n") - 2,
        "claims_per_s": round(1000 * len(claims) / sum(claims), 1),
        "claim_ms": percentiles(claims),
        "bare_three_writes_ms": percentiles(bare),
        "ratio_of_medians": round(ratio, 2),
    }


def claim_all(root: Path, core_id: str) -> None:
    """Claim until nothing is left; print the ids and the milliseconds as JSON."""
    control, core = open_control(root), Core(core_id, "WORK", limit=10**6)
    found, times, first = [], [], time.time()
    while True:
        began = time.perf_counter()
        claimed = control.pull.claim(core)
        if claimed is None:
            break
        times.append((time.perf_counter() - began) * 1000)
        found.append(claimed["task"]["id"])
    moments = {"first": first, "last": time.time()}
    sys.stdout.write(json.dumps({"ids": found, "times": times, **moments}))


def measure_processes(root: Path, processes: int) -> dict[str, Any]:
    """Let processes claim everything at once; count what was taken twice or never."""
    began = time.perf_counter()
    line = [sys.executable, __file__, "--claim-all", str(root)]
    runs = [
        subprocess.Popen([*line, f"WORK_{n}"], stdout=subprocess.PIPE) for n in range(processes)
    ]
    answers = [json.loads(run.communicate()[0]) for run in runs]
    seconds = time.perf_counter() - began
    claiming = max(one["last"] for one in answers) - min(one["first"] for one in answers)
    ids = [one for answer in answers for one in answer["ids"]]
    rows = (root / "ORCH" / "STATE" / "TASKS.md").read_text(encoding="utf-8").count("\n") - 2
    return {
        "processes": processes,
        "tasks": rows,
        "taken_twice": len(ids) - len(set(ids)),
        "never_taken": rows - len(set(ids)),
        "claims_per_s": round(len(ids) / seconds, 1),
        "claims_per_s_claiming": round(len(ids) / claiming, 1),  # without the processes' starts
        "claim_ms": percentiles([one for answer in answers for one in answer["times"]]),
    }


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--claims", type=int, default=100)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--share", type=int, default=500)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--claim-all", nargs=2, metavar=("ROOT", "CORE"))
    options = parser.parse_args()
    if options.claim_all:
        claim_all(Path(options.claim_all[0]), options.claim_all[1])
        return
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.claims:
            alone = make_root(Path(folder) / "alone", options.tasks)
            found["alone"] = measure_claims(alone, options.claims)
        together = make_root(Path(folder) / "together", options.share)
        found["together"] = measure_processes(together, options.processes)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
