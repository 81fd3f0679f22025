"""One engine for a database URL: SQLite in WAL mode, PostgreSQL in a schema of our own."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from orch_next.errors import ConfigError
from orch_next.storage import patience
from orch_next.storage.atomic import make_folders, make_private
from orch_next.storage.disk import Disk

# How long SQLite waits for another process's transaction, in milliseconds.
BUSY_MS = 5000
SCHEMA = "orch_next"
# Where PostgreSQL puts tables of those who ask for nothing else.
PUBLIC = "public"
_READ_ONLY = "attempt to write a readonly database"


def make_engine(url: sa.URL, disk: Disk) -> sa.Engine:
    """Return an engine that waits for nothing for long; raise ConfigError, touch no disk."""
    try:
        engine = sa.create_engine(url, **_options(url))
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigError(f"the database URL cannot be used: {error}") from error
    if url.get_backend_name() == "sqlite":
        _prepare_sqlite(engine, disk)
    if url.get_backend_name() == "postgresql":
        _prepare_postgresql(engine, url)
    return engine


def sqlite_file(url: sa.URL) -> Path | None:
    """Return the file of a SQLite URL, None for other databases and those in memory."""
    name = url.database
    is_file = url.get_backend_name() == "sqlite" and name and name != ":memory:"
    return Path(str(name)) if is_file else None


def _options(url: sa.URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {} if "timeout" in url.query else {"connect_args": {"timeout": BUSY_MS / 1000}}
    options: dict[str, Any] = {"pool_pre_ping": True, "pool_timeout": patience.POOL}
    if url.get_backend_name() == "postgresql" and url.get_driver_name().startswith("psycopg"):
        milliseconds = round(patience.SILENCE * 1000)
        wanted = {"connect_timeout": patience.CONNECT, "tcp_user_timeout": milliseconds}
        options["connect_args"] = {k: v for k, v in wanted.items() if k not in url.query}
    return options


def _prepare_postgresql(engine: sa.Engine, url: sa.URL) -> None:
    if url.get_driver_name() == "psycopg":

        @sa.event.listens_for(engine, "do_connect")
        def _connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
            return patience.connect_patiently(arguments, options)

    @sa.event.listens_for(engine, "connect", insert=True)
    def _set_up(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        with connection.cursor() as cursor:
            _choose_schema(cursor, url)
            for name in ("statement", "lock"):
                seconds = getattr(patience, name.upper())
                cursor.execute(f"SET {name}_timeout = {round(seconds * 1000)}")
        connection.autocommit = False


def _choose_schema(cursor: Any, url: sa.URL) -> None:
    """Use a schema of our own, unless the owner chose one for us."""
    if "search_path" in str(url.query.get("options", "")):
        return
    cursor.execute("SELECT current_schema()")
    if cursor.fetchone()[0] in (None, PUBLIC):
        cursor.execute(f"SET search_path TO {SCHEMA}")


def _use_wal(connection: Any) -> None:
    """Switch to the write-ahead log, which SQLite's own busy timeout does not cover."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if time.monotonic() >= deadline or _READ_ONLY in str(error):
                raise
            time.sleep(0.01)


def _prepare_sqlite(engine: sa.Engine, disk: Disk) -> None:
    path = sqlite_file(engine.url)

    @sa.event.listens_for(engine, "do_connect")
    def _make(_dialect: Any, _record: Any, _arguments: Any, _options: Any) -> None:
        if path is not None:
            make_folders(path.parent, disk, private=True)
            # SQLite gives its other files the mode and the owner of this one.
            make_private(path, disk)

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        _use_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A transaction that reads first and writes later would fail instead of waiting.
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
