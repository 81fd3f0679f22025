"""Lease claims against the three durable writes that each is made of."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench.effort import Effort
from benchmarks.bench.table import Found
from benchmarks.dispatch import make_root, measure_claims, measure_processes


def measure(effort: Effort) -> Iterator[Found]:
    """Claim alone, in turns with bare writes; then let 8 processes claim everything at once."""
    with tempfile.TemporaryDirectory() as folder:
        alone = measure_claims(make_root(Path(folder) / "alone", 1_000), effort.rounds(200))
        bare = alone["bare_three_writes_ms"]["p50"]
        yield Found("claim", alone["claim_ms"]["p50"], bare)
        root = make_root(Path(folder) / "together", 500)
        together = measure_processes(root, 8)
    if together["taken_twice"] or together["never_taken"]:
        raise RuntimeError(f"claims went wrong: {together}")
    yield Found("claims-8", together["claims_per_s_claiming"], 1000 / bare)
