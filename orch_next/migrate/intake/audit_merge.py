"""Our database made of the old one: foreign tables step aside, audit rows come in once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_next.migrate.intake.databases import (
    as_text,
    columns_of,
    opened,
    quoted,
    row_digest,
    snapshot,
    table_names,
)
from orch_next.storage.ours import is_foreign, is_our_name

AUDIT = "audit_events"
# Whatever the reader of `/audit/events` can show (contract 6, D20).
_TIMES, _EVENTS = ("ts", "timestamp"), ("event", "event_type")
# They name a row or a delivery, not what happened: the same event may have another.
_NOT_CONTENT = ("id", "idem_key")
_COLUMNS = ("ts", "actor", "role", "event", "task_id", "appr_id", "payload_sha256")
ASIDE = "legacy_{}"


@dataclass(frozen=True)
class Merge:
    """What the new `data/orch.db` is made of; `base` is None for an empty beginning."""

    base: Path | None
    foreign: tuple[str, ...]
    audits: tuple[Path, ...]
    added: Mapping[str, int]

    @property
    def is_needed(self) -> bool:
        """Tell whether the base, as it stands, is not yet what it should be."""
        return bool(self.foreign) or any(self.added.values())

    def build(self, path: Path) -> None:
        """Make the database at a path where nothing is; raise UnsoundError."""
        if self.base is not None:
            snapshot(self.base, path)
        with closing(sqlite3.connect(path)) as db:
            db.text_factory = as_text
            for name in self.foreign:
                _rename(db, name)
            for source in self.audits:
                _add_missing(db, source)
            db.execute("PRAGMA journal_mode=DELETE")


def plan_merge(base: Path | None, audits: list[Path]) -> Merge:
    """Look at what is to be merged; a database without audit events adds nothing."""
    foreign: tuple[str, ...] = ()
    known: Counter[bytes] = Counter()
    if base is not None:
        with opened(base) as db:
            foreign = tuple(foreign_tables(db))
            known = Counter(key for key, _row in _audit_rows(db))
    added: dict[str, int] = {}
    useful = []
    for source in audits:
        with opened(source) as db:
            missing = Counter(key for key, _row in _audit_rows(db)) - known
        known += missing
        if missing:
            useful.append(source)
            added[source.name] = sum(missing.values())
    return Merge(base, foreign, tuple(useful), added)


def foreign_tables(db: sqlite3.Connection) -> Iterator[str]:
    """Yield the tables that have a name of ours and other columns."""
    for name in table_names(db):
        if is_our_name(name) and is_foreign(name, columns_of(db, name)):
            yield name


def has_audit(db: sqlite3.Connection) -> bool:
    """Tell whether there are audit events of a known variant."""
    names = set(columns_of(db, AUDIT))
    return bool(names & set(_TIMES)) and bool(names & set(_EVENTS))


def _audit_rows(db: sqlite3.Connection) -> Iterator[tuple[bytes, dict[str, Any]]]:
    if not has_audit(db):
        return
    names = columns_of(db, AUDIT)
    for values in db.execute(f"SELECT * FROM {AUDIT}"):  # noqa: S608
        row = dict(zip(names, values, strict=True))
        yield _content_digest(row), row


def _content_digest(row: Mapping[str, Any]) -> bytes:
    """Return a hash of what happened; a column's type may have made text of a number."""
    content = {k: v for k, v in row.items() if k not in _NOT_CONTENT and v is not None}
    values = {k: str(v) if isinstance(v, (int, float)) else v for k, v in content.items()}
    return row_digest([part for pair in sorted(values.items()) for part in pair])


def _rename(db: sqlite3.Connection, name: str) -> None:
    taken = {one.lower() for one in table_names(db)}
    aside, number = ASIDE.format(name), 2
    while aside.lower() in taken:
        aside, number = ASIDE.format(f"{name}_{number}"), number + 1
    db.execute(f"ALTER TABLE {quoted(name)} RENAME TO {quoted(aside)}")
    db.commit()


def _add_missing(db: sqlite3.Connection, source: Path) -> None:
    _make_room(db)
    with opened(source) as other:
        known = Counter(key for key, _row in _audit_rows(db))
        for key, row in _audit_rows(other):
            if known[key]:
                known[key] -= 1
            else:
                _insert(db, row)
    db.commit()


def _make_room(db: sqlite3.Connection) -> None:
    """Give the table no keys: (ts, event) is not unique, whatever Phase 3 thought (D24)."""
    names = columns_of(db, AUDIT)
    # Without types, so that values stay what they are.
    columns = ", ".join(map(quoted, names or _COLUMNS))
    if not names:
        db.execute(f"CREATE TABLE {AUDIT} ({columns})")
    elif list(db.execute(f"PRAGMA index_list({AUDIT})")):
        db.execute(f"ALTER TABLE {AUDIT} RENAME TO audit_events_keyed")
        db.execute(f"CREATE TABLE {AUDIT} ({columns})")
        db.execute(f"INSERT INTO {AUDIT} SELECT * FROM audit_events_keyed")  # noqa: S608
        db.execute("DROP TABLE audit_events_keyed")


def _insert(db: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    present = {name.lower() for name in columns_of(db, AUDIT)}
    given = {name: value for name, value in row.items() if name.lower() != "id"}
    for name in given:
        if name.lower() not in present:
            db.execute(f"ALTER TABLE {AUDIT} ADD COLUMN {quoted(name)}")
    names = ", ".join(map(quoted, given))
    marks = ", ".join("CAST(? AS TEXT)" if _is_odd(value) else "?" for value in given.values())
    values = [_as_stored(value) for value in given.values()]
    db.execute(f"INSERT INTO {AUDIT} ({names}) VALUES ({marks})", values)  # noqa: S608


def _is_odd(value: Any) -> bool:
    """Tell whether a text is not UTF-8 in the database it comes from."""
    return isinstance(value, str) and not value.isascii() and _as_stored(value) is not value


def _as_stored(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogateescape")
    return value
