"""The steps `logs` and `data`: logs to `data/logs/`, databases and JSON stores to `data/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from orch_next.migrate.facts import hash_file
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.intake.audit_merge import AUDIT
from orch_next.migrate.intake.catalogue import read_catalogue
from orch_next.migrate.intake.data import DataPlan
from orch_next.migrate.intake.databases import UnsoundError, describe, opened
from orch_next.migrate.intake.finding import finding
from orch_next.migrate.intake.logs import CATALOGUE, OTHER_CATALOGUE, LogPlan
from orch_next.migrate.intake.ours import OURS
from orch_next.migrate.step import Phase, Step, Work


@dataclass(frozen=True)
class LogsStep:
    """Moves `ORCH/LOGS` and `LOGS` to `data/logs`, byte for byte, with a catalogue."""

    name: ClassVar[str] = "logs"
    phase: ClassVar[Phase] = 1
    title: ClassVar[str] = "Logs to data/logs"
    title_ja: ClassVar[str] = "ログを data/logs へ"

    def check(self, house: House) -> Sequence[Finding]:
        """Return nothing: what cannot be moved is found by the plan and stays."""
        return ()

    def plan(self, house: House) -> Work:
        """Return the copies, the removals in the same house, and the catalogue."""
        return LogPlan(house).make() if house.options.wants("logs") else Work()

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Compare every file of the catalogue with its sha256."""
        return tuple(_missing_logs(house.target)) if work.changes else ()


def _missing_logs(target: Path) -> Iterator[Finding]:
    for catalogue in (CATALOGUE, OTHER_CATALOGUE):
        for path, row in sorted((read_catalogue(target / catalogue) or {}).items()):
            place = target / path
            if not place.is_file() or hash_file(place) != row.sha256:
                yield finding("log-missing", path)


@dataclass(frozen=True)
class DataStep:
    """Brings databases, JSON stores, reports and evidence; imports audit events."""

    name: ClassVar[str] = "data"
    phase: ClassVar[Phase] = 1
    title: ClassVar[str] = "Databases and JSON stores"
    title_ja: ClassVar[str] = "データベースと JSON ストア"

    def check(self, house: House) -> Sequence[Finding]:
        """Return nothing: damaged files are found by the plan and brought as files."""
        return ()

    def plan(self, house: House) -> Work:
        """Return the copies and the new `data/orch-next.db`."""
        return DataPlan(house).make() if house.options.wants("metrics") else Work()

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Compare every table's rows and checksum with the plan's."""
        databases: Mapping[str, Any] = work.notes.get("databases", {})
        found = (
            _wrong_tables(house.target, name, noted["path"], noted["tables"])
            for name, noted in databases.items()
        )
        return [one for findings in found for one in findings]


def _wrong_tables(
    target: Path, name: str, path: str, tables: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    try:
        with opened(target / path) as db:
            present = {table.name: table for table in describe(db)}
    except (UnsoundError, OSError) as error:
        yield finding("database-wrong", path, error)
        return
    for table in tables:
        there = [present[one] for one in (table["name"],) if one in present]
        if path == OURS and table["name"] == AUDIT:
            is_right = any(one.rows >= table["rows"] for one in there)
        else:
            wanted = (table["rows"], table["checksum"])
            is_right = any((one.rows, one.checksum) == wanted for one in there)
        if not is_right:
            yield finding("database-wrong", path, f"{name}: {table['name']}")


def make_steps() -> tuple[Step, ...]:
    """Return both steps in their order."""
    return LogsStep(), DataStep()
