"""Commands that only look, against a Python that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.bench.effort import Effort, fewer
from benchmarks.bench.ledgers import make_orch
from benchmarks.bench.table import Found, Point, medians
from benchmarks.write import timed
from tests.servers import PROJECT

COMMANDS = {"tasks-list": ["tasks", "list"], "leases-list": ["leases", "list"]}


def measure(effort: Effort) -> Iterator[Found | Point]:
    """Run the commands and bare Python in turns."""
    for rows in effort.sizes():
        names = list(COMMANDS) if rows == 23 else ["tasks-list"]
        with tempfile.TemporaryDirectory() as folder:
            root = make_orch(Path(folder), rows)
            times = compare(root, names, fewer(rows, effort.rounds(24)))
        for name in names if rows == 23 else ():
            yield medians(name, times[name], times["bare"])
        found = medians("tasks-list", times["tasks-list"], times["bare"])
        yield Point("command", rows, found.value, found.yardstick)


def compare(root: Path, names: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each; the first run of each warms up."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ORCH_")}
    environ["ORCH_ROOT"] = str(root)
    lines = {"bare": ["-c", "pass"]}
    lines |= {name: ["-m", "orch_next", *COMMANDS[name]] for name in names}
    times: dict[str, list[float]] = {name: [] for name in lines}
    for turn in range(rounds + 1):
        for name, words in lines.items():
            taken = timed(partial(run, [sys.executable, *words], environ))
            if turn:
                times[name].append(taken)
    return times


def run(words: Sequence[str], environ: dict[str, str]) -> None:
    """Run a program to its end, which must be a good one."""
    subprocess.run(words, cwd=PROJECT, env=environ, stdout=subprocess.DEVNULL, check=True)
