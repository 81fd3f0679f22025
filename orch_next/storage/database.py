"""The database that all rooms share: any that SQLAlchemy knows; SQLite in WAL mode by default."""

from __future__ import annotations

import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.schema import CreateIndex, CreateTable

from orch_next.errors import BusyError, ConfigError, DatabaseError, SchemaError
from orch_next.storage import foreign
from orch_next.storage.atomic import make_folders
from orch_next.storage.disk import Disk
from orch_next.storage.engine import make_engine, sqlite_file
from orch_next.storage.migrations import (
    MIGRATIONS,
    Migration,
    Place,
    check_number,
    foreign_tables,
    migrate,
    numbers,
    present_number,
    shown,
)
from orch_next.storage.notices import wait_for_notices
from orch_next.storage.ours import is_foreign, is_our_name
from orch_next.storage.patience import Absence
from orch_next.storage.private import OWN_NAME, may_write
from orch_next.storage.process_locks import locked

log = logging.getLogger(__name__)

# What the legacy has, and what our earlier versions shared with it.
FORMER_NAME = "orch.db"
_SQLITE_NAME = re.compile(r".*(\.(db|db3|sqlite|sqlite3)|-wal|-shm|-journal)", re.IGNORECASE)
_MIGRATING_SECONDS = 60.0
_DEAF_SECONDS = 1.0

metadata = sa.MetaData()


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

    def __init__(
        self,
        url: str,
        disk: Disk | None = None,
        *,
        migrations: Sequence[Migration] = MIGRATIONS,
        former: Path | None = None,
    ) -> None:
        try:
            self.url = sa.make_url(url)
        except ArgumentError as error:
            raise ConfigError(f"the database URL cannot be used: {error}") from error
        self._disk = disk or Disk()
        self._engine = make_engine(self.url, self._disk)
        self._migrations = migrations
        self._file = sqlite_file(self.url)
        self.former = former or _former(self._file)
        self._place = Place(self.url, self.former)
        self._absence = Absence()
        self._ready = False
        self._lock = threading.Lock()

    @property
    def is_away(self) -> bool:
        """Tell whether the database did not answer a moment ago."""
        return self._absence.is_noted

    def open(self) -> None:
        """Make the folder and the tables, or bring older ones further.

        Raise BusyError when the database is not there, SchemaError when it never will do.
        """
        with self._lock:
            if not self._ready:
                with self._asking():
                    self._prepare()
                self._ready = True

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def examine(self) -> str:
        """Return what the next start will make of the database; change nothing.

        Raise SchemaError, BusyError as `open` does.
        """
        with self._asking():
            if self._file is not None:
                number = self._examine_file(self._file)
            else:
                with self._engine.connect() as connection:
                    number = self._check(connection)
        if number is None:
            return f"{self._file} will be made by the server{self._carried()}"
        if number < len(self._migrations):
            return f"{shown(self.url)} is brought to schema {len(self._migrations)} by the server"
        return f"{shown(self.url)} is sound, schema {number}"

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Give a connection whose statements all count or none; raise BusyError."""
        self.open()
        with self._asking(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection that only reads and waits for no writer; raise BusyError."""
        self.open()
        with self._asking(), self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def has_notices(self) -> bool:
        """Tell whether the database can wake those who wait for another process."""
        return self._engine.dialect.name == "postgresql" and self._engine.driver == "psycopg"

    def listen(self, channel: str, heard: Callable[[], object], stopping: threading.Event) -> None:
        """Call `heard` for what is said on a channel, until the end; for a thread of its own.

        While the database is away nothing is heard: whoever listens looks now and then, too.
        """
        while not stopping.is_set():
            try:
                with self.reading() as connection:
                    connection.exec_driver_sql(f"LISTEN {channel}")
                    wait_for_notices(connection, heard, stopping)
            except BusyError:
                stopping.wait(_DEAF_SECONDS)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn what goes wrong into BusyError; ask one that is away only now and then."""
        if self._absence.is_known():
            raise DatabaseError("it did not answer a moment ago")
        is_away = False
        try:
            yield
        except (SQLAlchemyError, OSError, sqlite3.Error) as error:
            is_away = _is_absence(error)
            raise _unusable(error) from error
        finally:
            if is_away:
                self._absence.note()
            else:
                self._absence.forget()

    def _prepare(self) -> None:
        if self._file is not None:
            make_folders(self._file.parent, self._disk, private=True)
            self._check_file(self._file)
        if self._is_complete():
            return
        with ExitStack() as turn:
            if self._file is not None:
                # Copying what an earlier version had may take longer than SQLite waits.
                lock = self._file.with_name(f".{self._file.name}.lock")
                turn.enter_context(locked(lock, _MIGRATING_SECONDS, disk=self._disk))
            self._make_tables()

    def _is_complete(self) -> bool:
        """Tell whether everything is there, without writing: the database may be read-only."""
        with self._engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            number = self._check(connection)
            present = set(sa.inspect(connection).get_table_names())
        return number == len(self._migrations) and present.issuperset(metadata.tables)

    def _check(self, connection: sa.Connection) -> int:
        number = present_number(connection)
        check_number(number, self._place, len(self._migrations))
        for name in foreign_tables(connection):
            raise SchemaError(_foreign(self.url, self._file, name))
        return number

    def _examine_file(self, file: Path) -> int | None:
        """Return the schema's number, None for no file; without making anything."""
        if not file.exists():
            self._check_folder(file.parent)
            return None
        if not file.stat().st_size or numbers.name not in self._check_file(file):
            return 0
        with self._engine.connect() as connection:
            self._check_sound(connection)
            return self._check(connection)

    def _carried(self) -> str:
        is_here = self.former is not None and self.former.exists()
        return f"; what is ours in {self.former} is copied" if is_here else ""

    def _check_file(self, file: Path) -> dict[str, tuple[str, ...]]:
        """Refuse another program's file before SQLite turns it to a write-ahead log."""
        if not file.is_file() or not file.stat().st_size:
            return {}
        with foreign.reading(file) as db:
            tables = foreign.columns_by_table(db)
        for name in sorted(tables):
            if is_our_name(name) and is_foreign(name, tables[name]):
                raise SchemaError(_foreign(self.url, self._file, name))
        return tables

    def _check_folder(self, folder: Path) -> None:
        near = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        if not may_write(near):
            raise SchemaError(f"{near} cannot be written; give the server's user the right")

    def _check_sound(self, connection: sa.Connection) -> None:
        if self._file is not None:
            told = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if told != "ok":
                raise SchemaError(f"{self._file} is damaged: {told}; restore it from a backup")

    def _make_tables(self) -> None:
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                _take_time(connection)
                # IF NOT EXISTS is no lock: two first starts would collide.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(7262023)))
            migrate(connection, self._place, self._migrations)
            if connection.dialect.name == "sqlite":
                for statement in _sqlite_statements(tuple(metadata.sorted_tables)):
                    connection.exec_driver_sql(statement)
            else:
                for element in _elements(metadata.sorted_tables):
                    connection.execute(element)


def _elements(tables: Sequence[sa.Table]) -> Iterator[CreateTable | CreateIndex]:
    for table in tables:
        yield CreateTable(table, if_not_exists=True)
        for index in table.indexes:
            yield CreateIndex(index, if_not_exists=True)


@cache
def _sqlite_statements(tables: tuple[sa.Table, ...]) -> tuple[str, ...]:
    """Return the SQL of all tables; composing it takes longer than running it."""
    dialect = sqlite.dialect()
    return tuple(str(element.compile(dialect=dialect)) for element in _elements(tables))


def _former(file: Path | None) -> Path | None:
    """Return the file beside ours that the legacy has and earlier versions shared."""
    is_own = file is not None and file.name == OWN_NAME
    return file.with_name(FORMER_NAME) if file and is_own else None


def take_over(former: Path, file: Path) -> None:
    """Make a database of what is ours in the file of an earlier version; raise BusyError."""
    database = Database(f"sqlite:///{file}", former=former)
    try:
        database.open()
    finally:
        database.close()


def _take_time(connection: sa.Connection) -> None:
    for name in ("statement", "lock"):
        milliseconds = round(_MIGRATING_SECONDS * 1000)
        connection.execute(sa.text(f"SET LOCAL {name}_timeout = {milliseconds}"))
    driver: Any = connection.connection.driver_connection
    if hasattr(driver, "seconds"):
        driver.seconds = _MIGRATING_SECONDS
        # What follows in this pool is to be patient as before.
        connection.connection.invalidate(soft=True)


def _foreign(url: sa.URL, file: Path | None, name: str) -> str:
    found = f"{shown(url)} belongs to another program: its table {name!r} has other columns"
    if file is None:
        return f"{found}; give ORCH-Next a database or a schema of its own (database_url)"
    own = file.absolute().with_name(OWN_NAME)
    return (
        f"{found}; ORCH-Next keeps a file of its own, which takes over what is ours: remove "
        f"database_url, or run: ORCH_DATABASE_URL=sqlite:///{own} orch-next serve"
    )


def _is_absence(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        is_file = isinstance(error.orig, sqlite3.Error)
        return not is_file and (error.connection_invalidated or _never_connected(error))
    return isinstance(error, PoolTimeoutError)


def _never_connected(error: DBAPIError) -> bool:
    return isinstance(error, sa.exc.OperationalError) and error.statement is None


def _unusable(error: Exception) -> BusyError:
    if isinstance(error, BusyError):
        return error
    # SQLAlchemy adds the statement and a link, which say nothing to anybody.
    cause = getattr(error, "orig", None) or error
    reason = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    log.error("the database cannot be used: %s", reason)
    return DatabaseError(reason, lasting=_is_lasting(cause))


def _is_lasting(cause: BaseException) -> bool:
    """Tell whether a file is no usable database, and will be none in a minute."""
    is_held = "locked" in str(cause) or "busy" in str(cause)
    return isinstance(cause, (sqlite3.Error, OSError)) and not is_held
