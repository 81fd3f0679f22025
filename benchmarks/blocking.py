"""Time a call that leaves eventlet's loop for a real thread, beside eventlet's own `tpool`.

Run `python benchmarks/blocking.py [--rounds 20]`; both take turns in one process. Exit status 1
when ours is slower by more than a fifth (mean) with one greenlet or with 200. On a busy machine p50
with 200 is a matter of whose turn it is, and wants many rounds.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import eventlet
import eventlet.tpool

from orch_next.offload import REAL_THREADS, make_loop
from orch_next.serving.patching import patch_for

GREENLETS = (1, 200)
CALLS = 2000  # a round, of all greenlets together
ALLOWED = 1.2

Run = Callable[[Callable[[], object]], Any]


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    patch_for("eventlet")
    eventlet.tpool.set_num_threads(REAL_THREADS)
    runs: dict[str, Run] = {
        "ours": make_loop("eventlet").run_blocking,
        "tpool": eventlet.tpool.execute,
    }
    ratios = [compare(runs, greenlets, rounds) for greenlets in GREENLETS]
    return 1 if max(ratios) > ALLOWED else 0


def compare(runs: dict[str, Run], greenlets: int, rounds: int) -> float:
    """Print p50, p99 and mean of both; return the ratio of the means."""
    seen: dict[str, list[float]] = {name: [] for name in runs}
    for round_ in range(rounds):
        for name in sorted(runs, reverse=round_ % 2 == 1):
            gc.collect()
            seen[name] += measure(runs[name], greenlets)
    ours, theirs = (figures(seen[name]) for name in ("ours", "tpool"))
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    for name, values in (("ours, ms", ours), ("tpool, ms", theirs), ("ratio", ratios)):
        p50, p99, mean = values
        print(f"{greenlets} greenlets, {name}: p50 {p50:.3f}, p99 {p99:.3f}, mean {mean:.3f}")
    return ratios[-1]


def measure(run: Run, greenlets: int) -> list[float]:
    """Return the milliseconds of each of `CALLS` calls."""
    found: list[float] = []

    def call_all() -> None:
        for _ in range(CALLS // greenlets):
            started = time.perf_counter()
            run(nothing)
            found.append((time.perf_counter() - started) * 1000)

    for greenlet in [eventlet.spawn(call_all) for _ in range(greenlets)]:
        greenlet.wait()
    return found


def nothing() -> None:
    """Return at once."""


def figures(values: list[float]) -> tuple[float, float, float]:
    """Return p50, p99 and mean."""
    ordered = sorted(values)
    count = len(ordered)
    return ordered[count // 2], ordered[count * 99 // 100], sum(ordered) / count


if __name__ == "__main__":
    raise SystemExit(main())
