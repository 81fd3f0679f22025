"""Work outcomes of the old house, wherever they lie: rows and JSON records, read strictly."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from orch_next.errors import InputError
from orch_next.knowledge.intake import take_in
from orch_next.knowledge.outcomes import REQUIRED, WorkOutcome, parse_outcome
from orch_next.migrate.intake.audit_merge import plan_merge
from orch_next.migrate.intake.databases import (
    LockedError,
    UnsoundError,
    columns_of,
    is_sqlite,
    opened,
    table_names,
)
from orch_next.migrate.intake.listing import list_files
from orch_next.migrate.settings.text import read_whole
from orch_next.storage.foreign import quoted
from orch_next.storage.ours import is_foreign, is_our_name

_JSON_MEMBERS = ("files_modified", "ps1_parameters_used", "performance_metrics")
_JSON_NAMES = ("outcome",)
_SUFFIXES = (".json", ".jsonl", ".ndjson")
# Where the old house may have kept them; `data/logs` and our own run files are no place.
_FOLDERS = ("data", "ORCH", "src")
_SKIPPED = ("data/logs", "data/migration", "ORCH/STATE", "ORCH/LOGS")


@dataclass(frozen=True)
class Record:
    """One outcome at a place such as `data/knowledge.db:work_outcomes:3`, or why it is none."""

    where: str
    outcome: WorkOutcome | None
    why: str = ""
    locked: bool = False


def read_outcomes(source: Path, now: datetime) -> Iterator[Record]:
    """Yield every outcome of the old house; naive times are this machine's local time."""
    for found in list_files(source, _FOLDERS, _SKIPPED.__contains__).files:
        try:
            if is_sqlite(found.path):
                yield from _of_database(found.name, found.path, now)
            elif _has_outcomes(found.path):
                yield from _of_json(found.name, found.path, now)
        except (UnsoundError, OSError) as error:
            yield Record(found.name, None, str(error), isinstance(error, LockedError))


def _of_database(name: str, path: Path, now: datetime) -> Iterator[Record]:
    with opened(path) as db:
        for table in outcome_tables(db):
            names = columns_of(db, table)
            rows = db.execute(f"SELECT * FROM {quoted(table)}")  # noqa: S608
            for number, row in enumerate(rows, start=1):
                members = _members(dict(zip(names, row, strict=True)))
                yield _record(f"{name}:{table}:{number}", members, now)


def outcome_tables(db: sqlite3.Connection) -> list[str]:
    """List the tables that have an outcome's required columns and are not our own."""
    return [
        name
        for name in table_names(db)
        if set(REQUIRED) <= set(columns_of(db, name))
        and (not is_our_name(name) or is_foreign(name, columns_of(db, name)))
    ]


def _members(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the body that the route takes: JSON read, 0 and 1 as truth values."""
    members = {
        name: _json(value) if name in _JSON_MEMBERS else value for name, value in row.items()
    }
    if members["success"] in (0, 1):
        members["success"] = bool(members["success"])
    return members


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else None
    except (ValueError, RecursionError):
        return value  # the check tells that it is none


def _has_outcomes(path: Path) -> bool:
    is_json = path.suffix.lower() in _SUFFIXES
    return is_json and any(part in path.name.lower() for part in _JSON_NAMES)


def _of_json(name: str, path: Path, now: datetime) -> Iterator[Record]:
    try:
        data = read_whole(path).removeprefix(b"\xef\xbb\xbf")
        for number, value in enumerate(_values(data), start=1):
            if isinstance(value, dict) and set(REQUIRED) <= set(value):
                yield _record(f"{name}:{number}", _members(value), now)
    except (OSError, ValueError, RecursionError) as error:
        yield Record(name, None, str(error))


def _values(data: bytes) -> Iterable[Any]:
    try:
        whole = json.loads(data)
    except ValueError:
        return (json.loads(line) for line in data.split(b"\n") if line.strip())
    if isinstance(whole, dict):
        lists = [value for value in whole.values() if isinstance(value, list)]
        return lists[0] if len(lists) == 1 else [whole]
    return whole if isinstance(whole, list) else []


def _record(where: str, members: Mapping[str, Any], now: datetime) -> Record:
    try:
        return Record(where, parse_outcome(members, now))
    except InputError as error:
        return Record(where, None, str(error))


def known_hashes(path: Path) -> frozenset[str]:
    """Return the hashes that a database has already; raise UnsoundError."""
    if not path.exists():
        return frozenset()
    with opened(path) as db:
        if "outcome_hash" not in columns_of(db, "work_outcomes"):
            return frozenset()
        return frozenset(row[0] for row in db.execute("SELECT outcome_hash FROM work_outcomes"))


def build_with(
    base: Path | None, source: Path, now: datetime, former: Path | None, path: Path
) -> None:
    """Make a database of `base` and the old house's outcomes at a path where nothing is.

    Without `base` of what is ours in `former`. Raise UnsoundError, BusyError.
    """
    plan_merge(base, [], former).build(path)
    outcomes = (one.outcome for one in read_outcomes(source, now) if one.outcome is not None)
    take_in(path, outcomes)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=DELETE")


def builder(
    base: Path | None, source: Path, now: datetime, former: Path | None = None
) -> partial[None]:
    """Return `build_with` as a `Put` wants it."""
    return partial(build_with, base, source, now, former)
