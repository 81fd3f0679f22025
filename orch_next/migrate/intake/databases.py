"""The old house's SQLite files: read as they stand at one moment, never touched."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_next.errors import MigrationError
from orch_next.storage.foreign import COMPANIONS, ChangingError, copy_settled, quoted

MAGIC = b"SQLite format 3\0"
_WAL_MODE = 2
_PATIENCE = 1.0  # seconds: a dashboard writes for some milliseconds


class UnsoundError(MigrationError):
    """A SQLite file is damaged or changes too fast to be read; it is kept as a file."""


class LockedError(UnsoundError):
    """A program writes the file: what it holds cannot be known until that program stops."""


@dataclass(frozen=True)
class TableFacts:
    """A table's columns, rows, and the sum of its rows' hashes, in whatever order they are."""

    name: str
    columns: tuple[str, ...]
    rows: int
    checksum: str


def is_sqlite(path: Path) -> bool:
    """Tell whether a file begins as SQLite files do; OSError passes."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def is_companion(path: Path) -> bool:
    """Tell whether a file is the WAL, the shared memory or the journal of a SQLite file."""
    for suffix in COMPANIONS:
        if path.name.endswith(suffix):
            owner = path.with_name(path.name.removesuffix(suffix))
            return owner.is_file() and is_sqlite(owner)
    return False


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for reading; nothing is written beside it.

    One in WAL mode, or with an unfinished transaction, is copied with its companions first:
    SQLite would make files next to it. Raise UnsoundError, LockedError where a program writes it.
    """
    with tempfile.TemporaryDirectory(prefix="orch-migrate-") as folder:
        try:
            own = _is_plain(path)
            place = path if own else copy_settled(path, Path(folder))
            with closing(_connect(place, read_only=own)) as db:
                _examine(db)
                yield db
        except sqlite3.DatabaseError as error:
            # Its code stands in the exception from Python 3.11 on only.
            is_locked = isinstance(error, ChangingError) or (
                isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
            )
            raise (LockedError if is_locked else UnsoundError)(str(error)) from error


def _is_plain(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(20)
    has_more = any(path.with_name(path.name + one).exists() for one in COMPANIONS)
    return not has_more and len(head) == 20 and head[18] != _WAL_MODE and head[19] != _WAL_MODE


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rw"
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_PATIENCE)
    db.text_factory = as_text
    return db


def as_text(data: bytes) -> str:
    """Read text as SQLite has it, though it may not be UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def _examine(db: sqlite3.Connection) -> None:
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise UnsoundError(" ".join(str(found).split()))


def snapshot(path: Path, target: Path) -> None:
    """Write what a database holds at one moment into one new file; raise UnsoundError."""
    with opened(path) as db, closing(sqlite3.connect(target)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def table_names(db: sqlite3.Connection) -> list[str]:
    """List the tables, but for SQLite's own and those behind virtual tables."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"
    found = [(name, sql or "") for name, sql in db.execute(query)]
    virtual = [name for name, sql in found if sql.lstrip().upper().startswith("CREATE VIRTUAL")]
    hidden = tuple(f"{name}_" for name in virtual)
    names = [name for name, _sql in found if name not in virtual]
    return [one for one in names if not one.startswith(("sqlite_", *hidden))]


def columns_of(db: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """Return a table's columns in their order."""
    return tuple(row[1] for row in db.execute(f"PRAGMA table_info({quoted(table)})"))


def describe(db: sqlite3.Connection) -> tuple[TableFacts, ...]:
    """Return the facts of every table."""
    return tuple(table_facts(db, name) for name in table_names(db))


def content_digest(tables: Sequence[TableFacts]) -> str:
    """Return one sha256 over what a database holds, however its file is laid out."""
    return hashlib.sha256(repr(tuple(tables)).encode("utf-8", "surrogateescape")).hexdigest()


def digest_of(path: Path) -> str:
    """Return the `content_digest` of a database, empty for a file that is no sound one."""
    try:
        with opened(path) as db:
            return content_digest(describe(db))
    except (UnsoundError, OSError):
        return ""


def table_facts(db: sqlite3.Connection, table: str) -> TableFacts:
    """Return the facts of one table, one row in memory at a time."""
    rows, total = 0, 0
    for row in db.execute(f"SELECT * FROM {quoted(table)}"):  # noqa: S608
        rows += 1
        total += int.from_bytes(row_digest(row), "big")
    return TableFacts(table, columns_of(db, table), rows, f"{total % 2**256:064x}")


def row_digest(row: Sequence[Any]) -> bytes:
    """Return the sha256 of a row's values and their types."""
    found = hashlib.sha256()
    for value in row:
        data = _as_bytes(value)
        found.update(f"{type(value).__name__} {len(data)} ".encode())
        found.update(data)
    return found.digest()


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return repr(value).encode()
