"""Time one durable cell edit against the bare system calls, and loading against markdown-it-py.

    python benchmarks/write.py [--rounds 40] [--folder DIR]

Edits and bare writes (create, write, fsync, rename, fsync of the folder; same bytes) are
interleaved in one run; read the ratio of the medians, not the times alone.
"""
# ruff: noqa: E402

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from orch_next.ledger.parser import parse
from tests.ledger_plain import PlainLedger
from tests.ledger_torture import count_up

HEAD = (
    "# タスク台帳\n\n| task_id | title | 値 | owner | lock | lock_owner | lock_expires_at | due "
    "| artifact | notes |\n|---|---|---|---|---|---|---|---|---|---|\n"
)


def ledger_text(rows: int) -> str:
    """Return a ledger of ten columns and about 100 bytes a row."""
    row = "| {:05} | 画面の結合試験 | 0 | WORK | - | - | - | 2025-10-07 | C:\\moc\\{}.md | メモ |\n"
    return HEAD + "".join(row.format(n, n) for n in range(rows)) + "\n## 終わり\n"


def bare_write(path: Path, data: bytes) -> None:
    """Do what a durable replacement costs at least."""
    temp = path.with_name("bare.tmp")
    fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(fd, data)
    os.fsync(fd)
    os.close(fd)
    temp.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def timed(action: Callable[[], object]) -> float:
    """Return the milliseconds that the action took."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def compare_writes(folder: Path, rows: int, rounds: int) -> None:
    """Time edits and bare writes in turns."""
    path, other = folder / "TASKS.md", folder / "bare.md"
    path.write_text(ledger_text(rows), encoding="utf-8", newline="")
    ledger, ours, bare = PlainLedger(path), [], []
    ledger.write(count_up(rows // 2))
    for _ in range(rounds):
        ours.append(timed(lambda: ledger.write(count_up(rows // 2))))
        data = path.read_bytes()
        bare.append(timed(partial(bare_write, other, data)))
    median, base = statistics.median(ours), statistics.median(bare)
    print(
        f"{rows:7} rows, {len(data):9} bytes: edit p50 {median:6.1f} ms, "
        f"p99 {sorted(ours)[int(rounds * 0.99)]:6.1f} ms; bare p50 {base:6.1f} ms; "
        f"ratio {median / base:.2f}"
    )


def compare_loads(rows: int, rounds: int) -> None:
    """Time our parser and markdown-it-py on the same text."""
    text = ledger_text(rows)
    markdown = MarkdownIt("commonmark").enable("table")
    markdown.core.ruler.enableOnly(["normalize", "block"])
    ours = min(timed(lambda: parse(text)) for _ in range(rounds))
    read = min(timed(lambda: [row.values for row in parse(text).tables[0].rows]) for _ in range(2))
    theirs = timed(lambda: markdown.parse(text))
    tracemalloc.start()
    document = parse(text)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    print(
        f"{len(document.tables[0].rows):7} rows: parse {ours:7.1f} ms, with every value "
        f"{read:7.1f} ms, peak {peak:5.0f} MB; markdown-it-py alone {theirs:8.1f} ms"
    )


def main() -> int:
    """Run both comparisons and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for rows in (20, 1_000, 10_000):
            compare_writes(Path(folder), rows, args.rounds)
    for rows, rounds in ((1_000, 20), (10_000, 5), (100_000, 2)):
        compare_loads(rows, rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
