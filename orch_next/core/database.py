"""The journal's database: any that SQLAlchemy knows; SQLite in WAL mode by default."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from orch_next.errors import BusyError, ConfigError
from orch_next.ledger.disk import Disk
from orch_next.ledger.whole import make_folders, make_for_owner

# How long SQLite waits for another process's transaction, in milliseconds.
BUSY_MS = 5000
_SQLITE_NAME = re.compile(r".*(\.(db|db3|sqlite|sqlite3)|-wal|-shm|-journal)", re.IGNORECASE)

metadata = sa.MetaData()
_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_JSON = sa.JSON(none_as_null=True)

# Surrogate id, because (ts, event) collided (D24); `uid` makes a repeated insert harmless.
journal_table = sa.Table(
    "journal",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("uid", sa.String(32), nullable=False, unique=True),
    sa.Column("ts", sa.String(32), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("event", sa.String(64), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("task_id", sa.Text, nullable=False),
    sa.Column("appr_id", sa.Text, nullable=False),
    sa.Column("before", _JSON),
    sa.Column("after", _JSON),
    sa.Column("rev_before", sa.String(64)),
    sa.Column("rev_after", sa.String(64), index=True),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("claimed", sa.Boolean, nullable=False),
    sa.Column("details", _JSON, nullable=False),
    sa.Column("payload_sha256", sa.String(64), nullable=False),
)
# An id may be longer than an index entry can be; its beginning is enough to find it.
INDEXED = 100


def record_prefix(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Return the part of a record's id that the journal is indexed by."""
    # Literals: a planner does not match an index on an expression with parameters.
    first: sa.ColumnElement[Any] = sa.literal_column("1")
    size: sa.ColumnElement[Any] = sa.literal_column(str(INDEXED))
    return sa.func.substr(column, first, size, type_=sa.Text)


sa.Index(
    "ix_journal_record",
    journal_table.c.kind,
    record_prefix(journal_table.c.record_id),
    journal_table.c.id,
)
# One row whose lock makes "is it known? then insert" one step among processes.
turn_table = sa.Table("journal_turn", metadata, sa.Column("id", sa.Integer, primary_key=True))
marks_table = sa.Table(
    "high_water",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("prefix", sa.String(200), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)
claims_table = sa.Table(
    "idempotency",
    metadata,
    sa.Column("scope", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("payload_sha256", sa.String(64), nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("answer", _JSON),
    sa.Column("created_at", sa.String(32), nullable=False, index=True),
)


def storable_text(text: str) -> str:
    """Return text as every database can store it: without NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def is_sqlite_file(name: str) -> bool:
    """Tell whether a file, by its name, may belong to a SQLite database.

    Nobody but SQLite may open one: POSIX drops all of a process's locks on a file when the
    process closes any descriptor of it, another process then truncates the shared memory
    that ours has mapped, and ours dies of SIGBUS.
    """
    return _SQLITE_NAME.fullmatch(name) is not None


class Database:
    """An engine whose tables are made on first use; opening nothing touches no disk."""

    def __init__(self, url: str, disk: Disk | None = None) -> None:
        self._disk = disk or Disk()
        try:
            self.url = sa.make_url(url)
            self._engine = sa.create_engine(self.url, **_options(self.url))
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise ConfigError(f"the database URL cannot be used: {error}") from error
        self._ready = False
        self._lock = threading.Lock()
        if self.url.get_backend_name() == "sqlite":
            _prepare_sqlite(self._engine)

    def open(self) -> None:
        """Make the folder and the tables; raise BusyError when the database is not there."""
        with self._lock:
            if self._ready:
                return
            try:
                self._make_folder()
                self._make_tables()
            except (SQLAlchemyError, OSError) as error:
                raise _unusable(error) from error
            self._ready = True

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Give a connection whose statements all count or none; raise BusyError."""
        self.open()
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _unusable(error) from error

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection that only reads and waits for no writer; raise BusyError."""
        self.open()
        try:
            with self._engine.connect() as connection:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
        except SQLAlchemyError as error:
            raise _unusable(error) from error

    def _make_folder(self) -> None:
        name = self.url.database
        if self.url.get_backend_name() == "sqlite" and name and name != ":memory:":
            make_folders(Path(name).parent, self._disk)
            # SQLite gives its other files to the owner of this one.
            make_for_owner(Path(name), self._disk)

    def _make_tables(self) -> None:
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                # IF NOT EXISTS is no lock: two first starts would collide.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(7262023)))
            for table in metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(CreateIndex(index, if_not_exists=True))


def _unusable(error: Exception) -> BusyError:
    # SQLAlchemy adds the statement and a link, which say nothing to a client.
    cause = getattr(error, "orig", None) or error
    reason = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return BusyError(f"the journal's database cannot be used: {reason}")


def _options(url: sa.URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_MS / 1000}}
    return {"pool_pre_ping": True}


def _use_wal(connection: Any) -> None:
    """Switch to the write-ahead log, which SQLite's own busy timeout does not cover."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.01)


def _prepare_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        _use_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A transaction that reads first and writes later would fail instead of waiting.
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
