"""What `data/orch.db` becomes: the old house's, or the new one's with the old audit events."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from orch_next.config import load_settings
from orch_next.errors import ConfigError
from orch_next.migrate.changes import Change, Put, Remove
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.intake.audit_merge import ASIDE, AUDIT, Merge, plan_merge
from orch_next.migrate.intake.databases import (
    COMPANIONS,
    TableFacts,
    UnsoundError,
    describe,
    opened,
)
from orch_next.migrate.intake.finding import finding
from orch_next.migrate.intake.sources import Source

OURS = "data/orch.db"


@dataclass(frozen=True)
class Ours:
    """The changes that make `data/orch.db`, and the audit events each file adds to it."""

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
    others = [one for one in sources.values() if one.sound and one.audit and one.path != base]
    merge = plan_merge(base, [one.path for one in others])
    if base is None and not others:
        return Ours()
    is_new = base != present
    changes = tuple(replace_database(house, base, merge)) if merge.is_needed or is_new else ()
    return Ours(changes, tuple(_told(house, merge)), merge.added)


def replace_database(house: House, base: Path | None, merge: Merge) -> Iterator[Change]:
    """Yield what puts a new `data/orch.db` in place: a WAL of the former one must not stay."""
    mode = stat.S_IMODE(base.stat().st_mode) if base else None
    yield Put(PurePosixPath(OURS), build=merge.build, mode=mode)
    yield from remove_companions(house)


def remove_companions(house: House) -> Iterator[Change]:
    """Yield the removal of what SQLite keeps beside the present `data/orch.db`."""
    for suffix in COMPANIONS:
        if (house.target / (OURS + suffix)).exists():
            yield Remove(PurePosixPath(OURS + suffix))


def _told(house: House, merge: Merge) -> Iterator[Finding]:
    for name in merge.foreign:
        yield finding("table-renamed", OURS, name)
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
    """Tell whether every table of a database is in another one, be it under the name it got."""
    with opened(present) as db:
        there = {table.name: table for table in describe(db)}
    return all(
        (table.name == AUDIT and source.audit) or _is_there(table, there) for table in source.tables
    )


def _is_there(table: TableFacts, there: dict[str, TableFacts]) -> bool:
    names = (table.name, ASIDE.format(table.name))
    return any(replace(table, name=name) == there.get(name) for name in names)
