"""What the work reports say: the audit's tail, the tests' summary (contract 1.2, Work)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from orch_next.regular import read_regular
from orch_next.regular import read_tail as read_last_bytes
from orch_next.storage.json_files import parse_marked_json

TAIL_LINES = 50
REPORTS = "REPORTS"
AUDIT = Path(REPORTS) / "NonStop_Audit.md"
TEST_SUMMARY = Path(REPORTS) / "test_summary.json"
# Enough for a thousand long lines; older ones are not read.
TAIL_BYTES = 1_048_576
MOST_SUMMARY = 4_194_304
_COVERAGE_KEYS = ("coverage", "test_coverage", "line_coverage", "percent_covered")


def read_tail(path: Path, most: int) -> list[str] | None:
    """Return the last lines with their ends, None without the file; OSError passes."""
    try:
        data = read_last_bytes(path, TAIL_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    lines = data.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, *([lines[-1]] if lines[-1] else [])][-most:]


def read_summary(root: Path) -> Any:
    """Return the tests' summary of any form, None where there is none that is JSON."""
    try:
        data = read_regular(root / TEST_SUMMARY, MOST_SUMMARY)
        return parse_marked_json(data)
    except (OSError, ValueError):
        return None


def read_coverage(root: Path) -> float | None:
    """Return the summary's coverage as a share 0..1, None where it says none."""
    summary = read_summary(root)
    for name in _COVERAGE_KEYS if isinstance(summary, dict) else ():
        value = summary.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return float(value) / 100 if value > 1 else float(value)
    return None
