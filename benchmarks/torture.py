"""Hurt ledger files at length: kills, races, editors that ignore locks; each with its mutant.

    python benchmarks/torture.py [--kills 3000] [--saves 2500] [--updates 250] [--folder DIR]

`--folder` should lie on a real disk; by default it is the temporary folder. Exit status 1
when anything was lost, torn or left over.
"""
# ruff: noqa: E402

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from orch_next.ledger.swap import compare_and_replace
from tests.ledger_torture import (
    PORTABLE_LOCK,
    EditorReport,
    KillReport,
    RaceReport,
    compare_then_replace,
    edit_against_writer,
    kill_trials,
    lock_data_file,
    race,
    replace_blindly,
    write_in_place,
)

PORTABLE = (compare_and_replace, PORTABLE_LOCK)


def kills(report: KillReport) -> tuple[str, int]:
    """Return the figures as text, and how many faults there were."""
    text = (
        f"{report.trials} kills, {report.acknowledged} acknowledged writes: {report.torn} torn, "
        f"{report.lost} lost, {report.left_over} temporary files left"
    )
    return text, sum(report.faults)


def races(report: RaceReport) -> tuple[str, int]:
    """Return the figures as text, and how many updates were lost."""
    waits = ", ".join(f"p{n} {report.wait(n / 100) * 1000:.0f}" for n in (50, 95, 99))
    text = f"{len(report.waits)} updates: {report.lost} lost; a write took {waits} ms"
    return text, report.lost


def editors(report: EditorReport) -> tuple[str, int]:
    """Return the figures as text, and how many saves were destroyed."""
    text = (
        f"{report.saves} saves against {report.writes} writes: {report.destroyed} destroyed, "
        f"{report.conflict_copies} conflict copies"
    )
    return text, report.destroyed


def trials(args: argparse.Namespace) -> list[tuple[str, bool, Callable[..., Any], tuple[Any, ...]]]:
    """Return title, whether it must be clean, the trial, and its arguments."""
    rnd = Random(args.seed)
    small, large = args.kills * 4 // 5, args.kills // 5
    return [
        ("kill -9, 10 KB", True, kill_trials, (10_000, small, rnd)),
        ("kill -9, 1 MB", True, kill_trials, (1_000_000, large, rnd)),
        ("kill -9, portable, 10 KB", True, kill_trials, (10_000, small // 10, rnd, *PORTABLE)),
        ("  mutant: in place", False, kill_trials, (10_000, 100, rnd, write_in_place)),
        ("8 processes", True, race, (8, args.updates)),
        ("8 processes, portable", True, race, (8, args.updates, *PORTABLE)),
        ("  mutant: data file locked", False, race, (8, 100, replace_blindly, lock_data_file)),
        ("editors", True, edit_against_writer, (args.saves, rnd)),
        (
            "  mutant: compare, replace",
            False,
            edit_against_writer,
            (500, rnd, compare_then_replace),
        ),
    ]


def main() -> int:
    """Run every trial and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=3000)
    parser.add_argument("--saves", type=int, default=2500)
    parser.add_argument("--updates", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    bad = 0
    for title, clean, trial, arguments in trials(args):
        start = time.perf_counter()
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            report = trial(Path(folder), *arguments)
        tell: dict[type, Callable[[Any], tuple[str, Any]]]
        tell = {KillReport: kills, RaceReport: races, EditorReport: editors}
        text, faults = tell[type(report)](report)
        print(f"{title:28} {text} ({time.perf_counter() - start:.0f} s)", flush=True)
        bad += bool(faults) == clean
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
