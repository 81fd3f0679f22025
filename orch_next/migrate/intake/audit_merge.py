"""Our database: what we had, and the old house's audit events, each once."""

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
    row_digest,
    snapshot,
    table_names,
)
from orch_next.storage.database import take_over
from orch_next.storage.foreign import quoted
from orch_next.storage.ours import is_ours

AUDIT = "audit_events"
# Whatever the reader of `/audit/events` can show (contract 6, D20).
_TIMES, _EVENTS = ("ts", "timestamp"), ("event", "event_type")
# They name a row or a delivery, not what happened: the same event may have another.
_NOT_CONTENT = ("id", "idem_key")
_COLUMNS = ("ts", "actor", "role", "event", "task_id", "appr_id", "payload_sha256")


@dataclass(frozen=True)
class Merge:
    """What the new `data/orch-next.db` is made of; `base` is None for an empty beginning.

    `former` is a file that an earlier version shared with the legacy: ours in it is taken.
    """

    base: Path | None
    former: Path | None
    audits: tuple[Path, ...]
    added: Mapping[str, int]

    @property
    def is_needed(self) -> bool:
        """Tell whether the base, as it stands, is not yet what it should be."""
        return self.former is not None or any(self.added.values())

    def build(self, path: Path) -> None:
        """Make the database at a path where nothing is; raise UnsoundError, BusyError."""
        if self.base is not None:
            snapshot(self.base, path)
        elif self.former is not None:
            take_over(self.former, path)
        with closing(sqlite3.connect(path)) as db:
            db.text_factory = as_text
            for source in self.audits:
                _add_missing(db, source)
            db.execute("PRAGMA journal_mode=DELETE")


def plan_merge(base: Path | None, audits: list[Path], former: Path | None = None) -> Merge:
    """Look at what is to be merged; a database without audit events adds nothing."""
    known: Counter[bytes] = Counter()
    if base is not None:
        with opened(base) as db:
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
    return Merge(base, None if base else former, tuple(useful), added)


def holds_ours(path: Path) -> bool:
    """Tell whether an earlier version of ours has its tables in a database."""
    with opened(path) as db:
        return any(is_ours(name, columns_of(db, name)) for name in table_names(db))


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
