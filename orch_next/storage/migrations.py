"""Numbered migrations: each brings the tables one schema further, once, whole or not at all.

Append here what alters tables that exist; tables and indexes that are only new are made by
`Database` beside them. A number that was released is never changed again.
"""

from __future__ import annotations

import getpass
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from orch_next.clock import utc_micros, utc_now
from orch_next.errors import SchemaError
from orch_next.storage import foreign
from orch_next.storage.engine import PUBLIC, SCHEMA
from orch_next.storage.ours import is_foreign, is_ours

log = logging.getLogger(__name__)

numbers = sa.Table(
    "orch_next_schema", sa.MetaData(), sa.Column("number", sa.Integer, primary_key=True)
)


@dataclass(frozen=True)
class Place:
    """Where the tables are; `former` is the SQLite file that an earlier version shared."""

    url: sa.URL
    former: Path | None = None


Migration: TypeAlias = Callable[[sa.Connection, Place], None]


def present_number(connection: sa.Connection) -> int:
    """Return the number of the schema that the database has, 0 before the first migration."""
    if not sa.inspect(connection).has_table(numbers.name):
        return 0
    return connection.scalar(sa.select(sa.func.max(numbers.c.number))) or 0


def check_number(number: int, place: Place, newest: int) -> None:
    """Raise SchemaError for a database that a newer version has made its own."""
    if number > newest:
        raise SchemaError(
            f"{shown(place.url)} belongs to a newer ORCH-Next (schema {number}, this one knows "
            f"{newest}); run: pip install --upgrade orch-next"
        )


def migrate(connection: sa.Connection, place: Place, migrations: Sequence[Migration]) -> None:
    """Run what is missing within the caller's transaction; raise SchemaError."""
    _make_schema(connection, place)
    connection.execute(sa.schema.CreateTable(numbers, if_not_exists=True))
    done = present_number(connection)
    check_number(done, place, len(migrations))
    for number, migration in enumerate(migrations, start=1):
        if number > done:
            migration(connection, place)
            connection.execute(sa.insert(numbers).values(number=number))
            log.info("%s: schema %s", shown(place.url), number)


def shown(url: sa.URL) -> str:
    """Return a URL for people: a file's path, else without its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or "the database in memory"
    return url.render_as_string(hide_password=True)


def take_own_place(connection: sa.Connection, place: Place) -> None:
    """Bring the tables of an earlier version, which shared the legacy's place, into our own."""
    if connection.dialect.name == "postgresql":
        _move_from_public(connection)
    elif place.former is not None and place.former.exists():
        _copy_from_file(connection, place.former)


def _make_schema(connection: sa.Connection, place: Place) -> None:
    if connection.dialect.name != "postgresql":
        return
    if connection.scalar(sa.text("SELECT current_schema()")) is not None:
        return
    try:
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    except ProgrammingError as error:
        user = place.url.username or getpass.getuser()
        raise SchemaError(
            f"the database user {user!r} may not make the schema {SCHEMA}; run as the "
            f"database's owner: psql {place.url.database} "
            f"-c 'CREATE SCHEMA {SCHEMA} AUTHORIZATION \"{user}\"'"
        ) from error


def _move_from_public(connection: sa.Connection) -> None:
    if connection.scalar(sa.text("SELECT current_schema()")) != SCHEMA:
        return  # the owner gave us a schema long ago
    found = sa.inspect(connection).get_multi_columns(schema=PUBLIC)
    for (_schema, name), columns in sorted(found.items(), key=str):
        if is_ours(name, (column["name"] for column in columns)):
            quoted = connection.dialect.identifier_preparer.quote(name)
            connection.execute(sa.text(f"ALTER TABLE {PUBLIC}.{quoted} SET SCHEMA {SCHEMA}"))


def _copy_from_file(connection: sa.Connection, former: Path) -> None:
    with foreign.reading(former) as db:
        db.execute("BEGIN")
        columns = foreign.columns_by_table(db)
        ours = [name for name, names in sorted(columns.items()) if is_ours(name, names)]
        if _has_tables(connection):
            return  # somebody began here already: nothing is mixed
        for kind, name, statement in _statements(db, ours):
            connection.exec_driver_sql(statement)
            if kind == "table":
                _copy_rows(connection, db, name, columns[name])


def _has_tables(connection: sa.Connection) -> bool:
    return any(name != numbers.name for name in sa.inspect(connection).get_table_names())


def _statements(db: Any, ours: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield kind, table and SQL of the tables, then of their indexes."""
    query = (
        "SELECT type, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL "
        "AND type IN ('table', 'index') ORDER BY type DESC, name"
    )
    for kind, table, statement in db.execute(query).fetchall():
        if table in ours:
            yield kind, table, statement


def _copy_rows(connection: sa.Connection, db: Any, name: str, columns: Sequence[str]) -> None:
    quoted = foreign.quoted(name)
    names = ", ".join(map(foreign.quoted, columns))
    marks = ", ".join("?" for _ in columns)
    # A virtual table's row ids are its keys, and not among its columns.
    if "PRIMARY KEY" not in _sql_of(db, name).upper():
        names, marks = f"rowid, {names}", f"?, {marks}"
    rows = db.execute(f"SELECT {names} FROM {quoted} ORDER BY rowid")  # noqa: S608
    insert = f"INSERT INTO {quoted} ({names}) VALUES ({marks})"  # noqa: S608
    while batch := rows.fetchmany(1000):
        connection.exec_driver_sql(insert, batch)


def _sql_of(db: Any, name: str) -> str:
    found = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return str(found[0])


def join_live_log(connection: sa.Connection, _place: Place) -> None:
    """Make the journal the log of live events: its numbers go on above those of the old one.

    What clients have of the old log cannot be replayed: the first number stands for a reset.
    """
    present = {name for name in _LIVE_TABLES if sa.inspect(connection).has_table(name)}
    if present == set(_LIVE_TABLES) and sa.inspect(connection).has_table(_journal.name):
        number = _number_above(connection)
        _insert_reset(connection, number)
        _keep_told_rows(connection, number)
    for name in sorted(present):
        connection.execute(sa.text(f"DROP TABLE {name}"))


def _number_above(connection: sa.Connection) -> int:
    newest = connection.scalar(sa.select(sa.func.max(_journal.c.id))) or 0
    told = connection.scalar(sa.select(sa.func.max(_counter.c.value))) or 0
    changed = connection.scalar(
        sa.select(sa.func.max(_journal.c.ts)).where(_journal.c.kind.in_(_ROW_KINDS))
    )
    last = connection.scalar(sa.select(sa.func.max(_events.c.ts)))
    # A change that this log never told was told by another one, in Redis, which counted on.
    elsewhere = bool(changed) and (last or "") < str(changed)
    return max(newest, told) + 1 + (_REDIS_AHEAD if elsewhere else 0)


def _insert_reset(connection: sa.Connection, number: int) -> None:
    at = utc_micros(utc_now())
    same = {"actor": "outside", "role": "-", "source": "outside", "claimed": True}
    empty = dict.fromkeys(("record_id", "task_id", "appr_id", "payload_sha256"), "")
    said = {"event": "events_reset", "kind": "ledger", "details": {"reset": True}}
    entry = {"id": number, "uid": uuid.uuid4().hex, "ts": at, **same, **empty, **said}
    connection.execute(sa.insert(_journal).values(entry))
    if connection.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(_journal.name, "id")
        connection.execute(sa.select(sa.func.setval(sequence, number)))


def _keep_told_rows(connection: sa.Connection, number: int) -> None:
    """Keep what was told of each row, so that what changed meanwhile is told at the start."""
    connection.execute(sa.schema.CreateTable(_checkpoints, if_not_exists=True))
    told: dict[str, dict[str, str]] = {}
    for kind, record_id, rev in connection.execute(sa.select(_rows)):
        told.setdefault(kind, {})[record_id] = rev
    if _BASELINE in told:
        values = [
            {"kind": kind, "at": number, "revisions": told.get(kind, {})} for kind in _ROW_KINDS
        ]
        connection.execute(sa.insert(_checkpoints), values)


# The tables as they were at this step; the present ones may look different.
_LIVE_TABLES = ("live_counter", "live_events", "live_rows")
_ROW_KINDS = ("task", "approval", "milestone")
_BASELINE = "baseline"
_REDIS_AHEAD = 1_000_000
_counter = sa.table("live_counter", sa.column("value"))
_events = sa.table("live_events", sa.column("ts"))
_rows = sa.table("live_rows", sa.column("kind"), sa.column("record_id"), sa.column("rev"))
_text = ("uid", "ts", "actor", "role", "event", "kind", "record_id", "task_id", "appr_id")
_journal = sa.table(
    "journal",
    sa.column("id", sa.BigInteger),
    *(sa.column(name, sa.Text) for name in (*_text, "source", "payload_sha256")),
    sa.column("claimed", sa.Boolean),
    sa.column("details", sa.JSON),
)
_checkpoints = sa.Table(
    "ledger_checkpoints",
    sa.MetaData(),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("revisions", sa.JSON(none_as_null=True), nullable=False),
)

MIGRATIONS: tuple[Migration, ...] = (take_own_place, join_live_log)


def foreign_tables(connection: sa.Connection) -> list[str]:
    """List the tables that have a name of ours and are another program's."""
    found = _columns_by_table(connection)
    return sorted(name for name, columns in found.items() if is_foreign(name, columns))


def _columns_by_table(connection: sa.Connection) -> Mapping[str, Sequence[str]]:
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        return foreign.columns_by_table(driver)
    found = sa.inspect(connection).get_multi_columns()
    return {name: [one["name"] for one in columns] for (_, name), columns in found.items()}
