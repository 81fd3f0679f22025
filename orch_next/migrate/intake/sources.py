"""One database of the old house: what it holds and what a person should know of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from orch_next.clock import find_utc
from orch_next.core.schema import APPROVAL, TASK, Approval, LedgerKind, Task, load_snapshot
from orch_next.migrate.findings import Finding
from orch_next.migrate.intake.audit_merge import AUDIT, has_audit
from orch_next.migrate.intake.databases import (
    LockedError,
    TableFacts,
    UnsoundError,
    columns_of,
    describe,
    opened,
)
from orch_next.migrate.intake.finding import finding
from orch_next.migrate.settings.text import MOST_READ, read_whole
from orch_next.migrate.settings.tree import is_inner_file
from orch_next.storage.foreign import COMPANIONS, quoted

_R = TypeVar("_R", Task, Approval)
SECRET_TABLES = ("users", "jwt_tokens")
_SHOWN = 20


@dataclass(frozen=True)
class Source:
    """A database; `tables` is empty and `sound` false for a damaged one."""

    name: str
    path: Path
    tables: tuple[TableFacts, ...] = ()
    sound: bool = True
    audit: bool = False
    findings: tuple[Finding, ...] = field(default=())

    @property
    def rows(self) -> int:
        """Return the rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def is_secret(self) -> bool:
        """Tell whether it holds logins or tokens."""
        return any(table.name.lower() in SECRET_TABLES for table in self.tables)

    @property
    def has_companions(self) -> bool:
        """Tell whether a part of it lies in files beside it."""
        return any(self.path.with_name(self.path.name + one).exists() for one in COMPANIONS)


@dataclass(frozen=True)
class Ledgers:
    """The task ids and the approvals' statuses of the old house; None without a ledger."""

    tasks: frozenset[str] | None
    approvals: Mapping[str, str] | None


def read_ledgers(source: Path) -> Ledgers:
    """Read the old house's ledgers as far as they can be; OSError but for missing ones passes."""
    tasks, approvals = _ledger(source, TASK), _ledger(source, APPROVAL)
    return Ledgers(None if tasks is None else frozenset(tasks), approvals)


def _ledger(source: Path, kind: LedgerKind[_R]) -> dict[str, str] | None:
    for folder in ("ORCH/STATE", "STATE"):
        path = source / folder / kind.file_name
        if is_inner_file(source, path) and path.stat().st_size <= MOST_READ:
            records = load_snapshot(kind, read_whole(path.resolve())).records
            return {record.key: record.status for record in records}
    return None


def read_source(name: str, path: Path, ledgers: Ledgers, now: datetime) -> Source:
    """Read a database's facts; what cannot be read of it becomes a finding."""
    try:
        with opened(path) as db:
            tables = describe(db)
            found = (*_about(name, path, db, tables), *_unknown_tasks(name, db, ledgers))
            locks = tuple(_expired_locks(name, db, now))
            return Source(name, path, tables, True, has_audit(db), (*found, *locks))
    except (UnsoundError, OSError) as error:
        code = "database-locked" if isinstance(error, LockedError) else "database-damaged"
        problem = finding(code, name, error)
        return Source(name, path, sound=False, findings=(problem,))


def _about(
    name: str, path: Path, db: sqlite3.Connection, tables: tuple[TableFacts, ...]
) -> Iterator[Finding]:
    if path.with_name(path.name + "-shm").exists():
        yield finding("database-in-use", name)
    if any(table.name.lower() in SECRET_TABLES for table in tables):
        yield finding("secrets-kept", name)
    for table in tables:
        if table.name != AUDIT or not has_audit(db):
            yield finding("table-kept", name, table.name, table.rows)


def _unknown_tasks(name: str, db: sqlite3.Connection, ledgers: Ledgers) -> Iterator[Finding]:
    if ledgers.tasks is None or "id" not in columns_of(db, "tasks"):
        return
    ids = [str(row[0]) for row in db.execute("SELECT id FROM tasks ORDER BY id")]
    unknown = [one for one in ids if one not in ledgers.tasks]
    if unknown:
        more = f", ... ({len(unknown)})" if len(unknown) > _SHOWN else ""
        yield finding("task-unknown", name, ", ".join(unknown[:_SHOWN]) + more)


def _expired_locks(name: str, db: sqlite3.Connection, now: datetime) -> Iterator[Finding]:
    wanted = ("resource", "owner", "expires_at")
    if not set(wanted) <= set(columns_of(db, "locks")):
        return
    query = f"SELECT {', '.join(map(quoted, wanted))} FROM locks ORDER BY resource"  # noqa: S608
    for resource, owner, expires in db.execute(query):
        at = find_utc(str(expires))
        if at is not None and at < now:
            yield finding("lock-expired", name, resource, owner, expires)
