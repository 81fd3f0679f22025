"""Test tool: a private copy of the repository's sample ORCH folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
# What clients of the legacy rely on: docs/contract.md, for programs.
CONTRACT = REPOSITORY / "tests" / "data" / "contract.json"
# A STATE folder with the quirks of real ones (the README beside it lists them).
LEDGERS = REPOSITORY / "tests" / "data" / "ledgers" / "STATE"


def copy_sample(moc_root: Path) -> Path:
    """Copy the sample ledgers below `moc_root` and return the ORCH folder."""
    root = moc_root / "ORCH"
    shutil.copytree(REPOSITORY / "ORCH" / "STATE", root / "STATE")
    return root


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    """Return the lines that differ, old and new, of two texts with as many lines."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return [(old, new) for old, new in pairs if old != new]


def clean_environ(**more: str) -> dict[str, str]:
    """Return an environment for a child: ours without `ORCH_*`, with the repository to import."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCH_")}
    return {**kept, "PYTHONPATH": str(REPOSITORY), **more}
