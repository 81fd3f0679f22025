"""Read and edit random documents, a quarter hostile; markdown-it-py is the oracle.

    python benchmarks/roundtrip.py [--count 1000000] [--first 0] [--jobs 2]

Checks for each document that reading changes no byte, that the tables are those of
markdown-it-py, that writing the present value writes nothing, and that an edit changes
one cell and no byte outside it. Exit status 1 when anything is wrong.
"""
# ruff: noqa: E402

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.ledger_samples import Editor, edit, naive_edit, random_document, round_trip_faults

CHUNK = 1_000


def faults_of(seed: int, how: Editor = edit) -> list[str]:
    """Return what is wrong with the document of a seed."""
    return round_trip_faults(random_document(Random(seed)), Random(seed), how)


def run_chunk(how: Editor, first: int) -> tuple[Counter[str], list[int]]:
    """Check a thousand documents; return kinds of faults and the seeds that had one."""
    counts: Counter[str] = Counter()
    bad = []
    for seed in range(first, first + CHUNK):
        faults = faults_of(seed, how)
        counts.update(faults)
        if faults:
            bad.append(seed)
    return counts, bad


def run(first: int, count: int, jobs: int, how: Editor) -> tuple[Counter[str], list[int]]:
    """Check `count` documents in several processes."""
    counts: Counter[str] = Counter()
    bad: list[int] = []
    with Pool(jobs) as pool:
        chunks = range(first, first + count, CHUNK)
        for more, seeds in pool.imap_unordered(partial(run_chunk, how), chunks):
            counts += more
            bad += seeds
    return counts, bad


def main() -> int:
    """Run both ways and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    start = time.perf_counter()
    counts, bad = run(args.first, args.count, args.jobs, edit)
    seconds = time.perf_counter() - start
    print(f"{args.count} documents in {seconds:.0f} s: {len(bad)} wrong {dict(counts)}")
    print(f"seeds of wrong ones: {bad[:20]}" if bad else "failure rate below 3 in that count")
    _, caught = run(args.first, min(args.count, 10_000), args.jobs, naive_edit)
    print(f"mutant (naive splice): wrong in {len(caught)} of {min(args.count, 10_000)}")
    return 1 if bad or not caught else 0


if __name__ == "__main__":
    sys.exit(main())
