"""One durable cell edit in the process against the bare write of the same bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.bench.effort import Effort, fewer
from benchmarks.bench.table import Found, Point, medians
from benchmarks.write import bare_write, ledger_text, timed
from tests.ledger_plain import PlainLedger
from tests.ledger_torture import count_up


def measure(effort: Effort) -> Iterator[Found | Point]:
    """Time edits and bare writes in turns."""
    for rows in effort.sizes():
        with tempfile.TemporaryDirectory() as folder:
            ours, bare = compare(Path(folder), rows, fewer(rows, effort.rounds(160)))
        found = medians(f"edit-{rows}", ours, bare)
        if rows in (1_000, 10_000):
            yield found
        yield Point("edit", rows, found.value, found.yardstick)


def compare(folder: Path, rows: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of both."""
    path, ours, bare = folder / "TASKS.md", list[float](), list[float]()
    path.write_text(ledger_text(rows), encoding="utf-8", newline="")
    ledger, plan = PlainLedger(path), count_up(rows // 2)
    ledger.write(plan)
    for _ in range(rounds):
        ours.append(timed(partial(ledger.write, plan)))
        bare.append(timed(partial(bare_write, folder / "bare.md", path.read_bytes())))
    return ours, bare
