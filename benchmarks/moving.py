"""Move house at length: kills, random trees there and back, and a big installation by the clock.

    python benchmarks/moving.py [--kills 300] [--trees 1000] [--rows 10000] [--sqlite-mb 100]
                                [--logs-mb 1024] [--fresh] [--folder DIR] [--seed 1]

0 leaves a part out (rows 0 the drill). `--fresh` gives the drill's files today's date, so that no
backup may be a hard link. Exit status 1 when a tree was not as it had to be, or a rollback took
longer than 60 s.
"""
# ruff: noqa: E402

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from orch_next.migrate.apply import apply
from orch_next.migrate.facts import tree_facts
from orch_next.migrate.frame import Frame
from orch_next.migrate.house import House
from orch_next.migrate.order import all_steps
from orch_next.migrate.report import RunReport
from orch_next.migrate.rollback import rollback
from orch_next.migrate.verify import verify
from tests.moc_tree import MTIME_NS, build_moc
from tests.moving import make_sample, quick_folder
from tests.moving_kills import kill_once

LONGEST_ROLLBACK = 60.0  # seconds, as docs/operations.md says
LINE = "2025-10-08 01:00:00 [INFO] ディスパッチ開始 core=WORK_AI_01 警告なし\r\n"
ENCODINGS = ("utf-8", "cp932", "utf-16-le")
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Run some work and return its result and how many seconds it took."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def kills(count: int, seed: int) -> int:
    """Kill moves and rollbacks; print where, return how many trees were wrong."""
    trials, seconds = timed(lambda: [kill_once(seed * 10**6 + n) for n in range(count)])
    wrong = [trial for trial in trials if trial.wrong]
    verbs = Counter(trial.verb for trial in trials if trial.died)
    states = Counter(trial.state or "between" for trial in trials if trial.died)
    print(
        f"kills: {count}, died in apply {verbs['apply']}, in rollback {verbs['rollback']}, "
        f"found {dict(states)}; neither old nor new: {len(wrong)} ({seconds:.0f} s)"
    )
    for trial in wrong[:3]:
        print(f"  {trial}")
    return len(wrong)


def trees(count: int, seed: int) -> int:
    """Move random trees there and back; return how many differ afterwards."""
    differ, paths = 0, 0
    start = time.perf_counter()
    for number in range(count):
        with quick_folder("orch-next-tree-") as name:
            sample = make_sample(Path(name), seed * 10**6 + number)
            before = tree_facts(sample.house.target)
            report = apply(sample.frame(), sample.steps)
            paths += sum(one.verified for one in report.steps)
            rollback(sample.frame())
            differ += tree_facts(sample.house.target) != before
    seconds = time.perf_counter() - start
    print(f"trees: {count} there and back, {paths} paths moved; differ: {differ} ({seconds:.0f} s)")
    return differ


def drill(args: argparse.Namespace, folder: Path, same: bool) -> int:
    """Move a big installation and take it back by the clock; return how much was wrong."""
    moc = grown(build_moc(folder), args)
    target = moc if same else folder / "next"
    target.mkdir(exist_ok=True)
    house = House(moc.resolve(), target.resolve(), datetime.now(timezone.utc))
    frame = Frame(house, all_steps())
    before, looked = timed(lambda: (tree_facts(house.source), tree_facts(house.target)))
    there, moving = timed(lambda: apply(frame, frame.steps))
    checked, verifying = timed(lambda: verify(frame, frame.steps))
    again, repeating = timed(lambda: apply(frame, frame.steps))
    back, returning = timed(lambda: rollback(frame))
    same_tree = (tree_facts(house.source), tree_facts(house.target)) == before
    print(
        f"drill in {'one folder' if same else 'two folders'}: {args.rows} rows, "
        f"{args.sqlite_mb} MB SQLite, {args.logs_mb} MB logs (hashing it takes {looked:.1f} s): "
        f"there {moving:.1f} s ({slowest(there)}), verify {verifying:.1f} s, "
        f"second apply {repeating:.1f} s, back {returning:.1f} s; tree identical: {same_tree}"
    )
    reports = (there, checked, again, back)
    for report in reports:
        if not report.is_fine:
            print(f"  {report.kind}: {report.error or told(report)}")
    fine = same_tree and all(one.is_fine for one in reports) and returning <= LONGEST_ROLLBACK
    return 0 if fine else 1


def told(report: RunReport) -> str:
    """Return what went wrong in a report's steps."""
    wrong = [one for one in report.steps if one.outcome in ("blocked", "failed")]
    return "; ".join(f.message for one in wrong for f in one.findings if f.severity != "info")


def slowest(report: RunReport) -> str:
    """Return the three steps that took longest."""
    steps = sorted(report.steps, key=lambda one: -one.seconds)[:3]
    return ", ".join(f"{one.name} {one.seconds:.1f} s" for one in steps)


def grown(moc: Path, args: argparse.Namespace) -> Path:
    """Add rows, a database and logs to an installation."""
    grow_ledger(moc / "ORCH" / "STATE" / "TASKS.md", args.rows)
    grow_database(moc / "data" / "site.db", args.sqlite_mb)
    grow_logs(moc / "ORCH" / "LOGS" / "2025-08", args.logs_mb)
    if not args.fresh:
        for path in moc.rglob("*"):
            if path.is_file() and not path.is_symlink():
                os.utime(path, ns=(MTIME_NS, MTIME_NS))
    return moc


def grow_ledger(path: Path, count: int) -> None:
    """Add rows to the table of tasks."""
    row = "| {0:05} | 作業 {0} | READY | WORK | - | - | - | 2025-12-01 | - | 一括登録 |\r\n"
    rows = "".join(row.format(number) for number in range(10_000, 10_000 + count))
    text = path.read_bytes().decode("utf-8")
    path.write_bytes(text.replace("\r\n\r\n## 状態定義", f"\r\n{rows}\r\n## 状態定義").encode())


def grow_database(path: Path, megabytes: int) -> None:
    """Write a database of a table that nobody knows."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE readings (id INTEGER PRIMARY KEY, name TEXT, body BLOB)")
        rows = ((f"測定 {n}", os.urandom(1000)) for n in range(megabytes * 1000))
        db.executemany("INSERT INTO readings (name, body) VALUES (?, ?)", rows)


def grow_logs(folder: Path, megabytes: int) -> None:
    """Write logs of up to 64 MB in three encodings."""
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, megabytes, 64):
        encoding = ENCODINGS[start // 64 % 3]
        line = LINE.encode(encoding)
        with (folder / f"service-{start:05}.log").open("wb") as file:
            file.write(b"\xff\xfe" if encoding == "utf-16-le" else b"")
            for number in range(start, min(start + 64, megabytes)):
                file.write(f"{number:08}\r\n".encode(encoding) + line * ((1 << 20) // len(line)))


def main() -> int:
    """Run the parts and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--trees", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--sqlite-mb", type=int, default=100)
    parser.add_argument("--logs-mb", type=int, default=1024)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    bad = kills(args.kills, args.seed) if args.kills else 0
    bad += trees(args.trees, args.seed) if args.trees else 0
    for same in (False, True) if args.rows else ():
        with tempfile.TemporaryDirectory(prefix="orch-next-drill-", dir=args.folder) as name:
            bad += drill(args, Path(name), same)
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
