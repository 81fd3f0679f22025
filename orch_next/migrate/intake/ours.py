"""Our own database in the new house: what we had there or here, with the old audit events."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from orch_next.config import load_settings
from orch_next.errors import ConfigError
from orch_next.migrate.changes import Change, Put, Remove
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.intake.audit_merge import AUDIT, Merge, holds_ours, plan_merge
from orch_next.migrate.intake.databases import (
    UnsoundError,
    describe,
    opened,
)
from orch_next.migrate.intake.finding import finding
from orch_next.migrate.intake.sources import Source
from orch_next.storage.foreign import COMPANIONS

OURS = "data/orch-next.db"
# The legacy's; our earlier versions had their tables in it.
FORMER = "data/orch.db"


@dataclass(frozen=True)
class Ours:
    """The changes that make `data/orch-next.db`, and the audit events each file adds to it."""

    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    added: Mapping[str, int] = field(default_factory=dict)


def plan_ours(house: House, sources: Mapping[str, Source]) -> Ours:
    """Plan our database from the old house's sound ones and the one that is there."""
    present, old = house.target / OURS, sources.get(OURS)
    if present.exists() and not is_sound(present):
        return Ours(findings=(finding("database-damaged", OURS, "in the new house"),))
    base = old.path if old and old.sound else None
    if present.exists():
        base = present
    former = find_former(house)
    others = [one.path for one in sources.values() if one.sound and one.audit and one.path != base]
    ours_before = house.target / FORMER
    if former == ours_before and former not in others:
        others.append(former)
    merge = plan_merge(base, others, former)
    is_new = base is not None and base != present
    changes = tuple(replace_database(house, base, merge)) if merge.is_needed or is_new else ()
    return Ours(changes, tuple(_told(house)), merge.added)


def find_former(house: House) -> Path | None:
    """Return the file in which an earlier version of ours has its tables, if there is one."""
    for root in (house.target, house.source):
        path = root / FORMER
        if path.exists() and is_sound(path) and holds_ours(path):
            return path
    return None


def replace_database(house: House, base: Path | None, merge: Merge) -> Iterator[Change]:
    """Yield what puts a new `data/orch-next.db` in place: a WAL of the former one must not stay."""
    mode = stat.S_IMODE(base.stat().st_mode) if base else 0o600
    yield Put(PurePosixPath(OURS), build=merge.build, mode=mode)
    yield from remove_companions(house)


def remove_companions(house: House) -> Iterator[Change]:
    """Yield the removal of what SQLite keeps beside the present `data/orch-next.db`."""
    for suffix in COMPANIONS:
        if (house.target / (OURS + suffix)).exists():
            yield Remove(PurePosixPath(OURS + suffix))


def _told(house: House) -> Iterator[Finding]:
    with suppress(ConfigError):  # the step for the configuration tells it
        if load_settings({}, {"root": house.target / "ORCH"}).database_url:
            yield finding("database-elsewhere", "config/orch_next.toml")


def is_sound(path: Path) -> bool:
    """Tell whether a file is a SQLite database without damage."""
    try:
        with opened(path):
            return True
    except UnsoundError:
        return False


def is_contained(source: Source, present: Path) -> bool:
    """Tell whether every table of a database is in another one."""
    with opened(present) as db:
        there = {table.name: table for table in describe(db)}
    wanted = (table for table in source.tables if table.name != AUDIT or not source.audit)
    return all(there.get(table.name) == table for table in wanted)
