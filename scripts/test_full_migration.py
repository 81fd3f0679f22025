"""Move a fabricated MOC installation through all three phases and back, and say what was checked.

    python scripts/test_full_migration.py [--comprehensive] [--source MOC] [--json]

Everything happens in a temporary folder. With --source a copy of that installation is used.
--comprehensive also moves it within its own folder. Exit status 1 when any check failed.
"""
# ruff: noqa: E402

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from orch_next.cli.guard import FAILED, FINE, guarded
from orch_next.cli.migrate_script import show_checks
from orch_next.cli.output import make_consoles_safe
from orch_next.migrate.frame import Frame
from orch_next.migrate.house import House
from orch_next.migrate.order import all_steps
from orch_next.migrate.rehearse import Check, there_and_back
from tests.moc_tree import build_moc


def rehearse(folder: Path, source: Path | None, comprehensive: bool) -> Iterator[Check]:
    """Move from one folder to another and, on demand, within one; both below `folder`."""
    yield from _there_and_back(
        _installation(folder / "moc", source), _new_project(folder / "next"), "two"
    )
    if comprehensive:
        same = _installation(folder / "same", source)
        yield from _there_and_back(same, same, "one")


def _new_project(folder: Path) -> Path:
    """Make a project's folder with the sample ledgers and settings that a new one has."""
    for name in ("ORCH/STATE", "config"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def _installation(folder: Path, source: Path | None) -> Path:
    if source is None:
        return build_moc(folder)
    return Path(shutil.copytree(source, folder, symlinks=True))


def _there_and_back(source: Path, target: Path, folders: str) -> Iterator[Check]:
    house = House(source.resolve(), target.resolve(), datetime.now(timezone.utc))
    for check in there_and_back(Frame(house, all_steps())):
        yield replace(check, name=f"{folders} folder{'s' * (folders == 'two')}, {check.name}")


def main() -> int:
    """Run the checks and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--comprehensive", action="store_true", help="also within one folder")
    parser.add_argument("--source", type=Path, metavar="MOC", help="an installation to copy")
    parser.add_argument("--json", action="store_true", help="print JSON (UTF-8)")
    args = parser.parse_args()
    make_consoles_safe()
    with tempfile.TemporaryDirectory(prefix="orch-next-move-") as name:
        checks = rehearse(Path(name), args.source, args.comprehensive)
        return guarded(lambda: FINE if show_checks(checks, args.json) else FAILED)


if __name__ == "__main__":
    raise SystemExit(main())
