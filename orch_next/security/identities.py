"""Who may come in with `ORCH_AUTH=token`: identities, their roles, their hashed tokens.

A token is `orch_<id>_<secret>` and is shown once; the table holds the sha256 of all of it.
The secret has 256 random bits, so that a fast hash is enough.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import Engine, Row, make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.elements import ColumnElement

from orch_next.bounded import Bounded
from orch_next.errors import BusyError, ConfigError, InputError, NotFoundError
from orch_next.security.passwords import NOBODY, fits, hash_password
from orch_next.security.session_tokens import SessionTokens

ROLES = ("CMD", "WORK", "AUDIT", "viewer")
NAME_LENGTH = 64
# How long a looked-up row is believed; another process's `identity remove` acts after it.
MOST_SEEN = 10_000
FRESH_SECONDS = 1.0

_TOKEN = re.compile(r"orch_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")

_TABLE = Table(
    "identities",
    MetaData(),
    Column("id", String(12), primary_key=True),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("name_key", String(NAME_LENGTH * 4), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("token_sha256", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
)

# Beside the identities, because tables that exist are never altered.
_PASSWORDS = Table(
    "identity_passwords",
    _TABLE.metadata,
    Column("identity_id", String(12), primary_key=True),
    Column("password", String(200), nullable=False),
)


@dataclass(frozen=True)
class Identity:
    """A person or program with a role (CMD, WORK, AUDIT, viewer); `created_at` is UTC."""

    id: str
    name: str
    role: str
    created_at: str


def utc_now() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(timezone.utc)


class Identities:
    """The table `identities` of the settings' database; `ConfigError` when it has none.

    Every method raises `BusyError` while the database cannot be reached.
    """

    def __init__(
        self,
        database_url: str,
        *,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
        sessions: SessionTokens | None = None,
    ) -> None:
        self._engine = _open(database_url)
        self._now = now
        self._clock = clock
        self.sessions = sessions
        self._seen: Bounded[str, tuple[float, Row[tuple[str, ...]]]] = Bounded(MOST_SEEN)

    def add(self, name: str, role: str) -> tuple[Identity, str]:
        """Store a new identity and return it with its token; raise `InputError`."""
        name = _checked_name(name)
        if role not in ROLES:
            raise InputError(f"role must be one of {', '.join(ROLES)}, not {role!r}")
        identity = Identity(
            id=secrets.token_hex(6),
            name=name,
            role=role,
            created_at=self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        token = f"orch_{identity.id}_{secrets.token_urlsafe(32)}"
        self._insert(identity, token)
        return identity, token

    def _insert(self, identity: Identity, token: str) -> None:
        row = {**vars(identity), "name_key": _key(identity.name), "token_sha256": _digest(token)}
        try:
            with self._transaction() as connection:
                connection.execute(insert(_TABLE).values(row))
        except IntegrityError as error:
            raise InputError(f"there is already an identity named {identity.name!r}") from error

    def list_all(self) -> list[Identity]:
        """Return every identity, oldest first."""
        query = select(_TABLE).order_by(_TABLE.c.created_at, _TABLE.c.name)
        with self._transaction() as connection:
            return [_identity(row) for row in connection.execute(query)]

    def remove(self, name: str) -> Identity:
        """Delete the identity of that name and return it; raise `NotFoundError`."""
        row = self._first(_TABLE.c.name_key == _key(name))
        if row is None:
            raise NotFoundError(f"there is no identity named {name!r}")
        with self._transaction() as connection:
            connection.execute(delete(_TABLE).where(_TABLE.c.id == row.id))
            connection.execute(delete(_PASSWORDS).where(_PASSWORDS.c.identity_id == row.id))
        self._seen.pop(row.id)
        return _identity(row)

    def find(self, identity_id: str) -> Identity | None:
        """Return the identity of that id, None when it was removed."""
        row = self._row(identity_id)
        return None if row is None else _identity(row)

    def add_with_password(self, name: str, role: str, password: str) -> tuple[Identity, str]:
        """Store a new identity with a password; return it with its token; raise `InputError`."""
        stored = hash_password(password)
        identity, token = self.add(name, role)
        with self._transaction() as connection:
            row = {"identity_id": identity.id, "password": stored}
            connection.execute(insert(_PASSWORDS).values(row))
        return identity, token

    def find_by_password(self, name: str, password: str) -> Identity | None:
        """Return who logs in so, or None; the token serves as a password too."""
        row = self._first(_TABLE.c.name_key == _key(name))
        own = self.find_by_token(password) if _TOKEN.fullmatch(password) else None
        if own is not None:
            return own if row is not None and own.id == row.id else None
        stored = self._password(row.id) if row is not None else None
        if not fits(password, stored or NOBODY) or row is None or stored is None:
            return None
        return _identity(row)

    def count_active(self, seconds: float) -> int:
        """Return how many identities this process has met in the last seconds."""
        now = self._clock()
        return sum(now - at < seconds for at, _ in self._seen.values())

    def find_by_token(self, token: str) -> Identity | None:
        """Return whose token it is, or None; compares in constant time."""
        if self.sessions is not None and token.count(".") == 2:
            identity_id = self.sessions.read(token)
            return None if identity_id is None else self.find(identity_id)
        match = _TOKEN.fullmatch(token)
        row = self._row(match[1]) if match else None
        if row is None or not hmac.compare_digest(
            row.token_sha256.encode(), _digest(token).encode()
        ):
            return None
        return _identity(row)

    def _password(self, identity_id: str) -> str | None:
        query = select(_PASSWORDS.c.password).where(_PASSWORDS.c.identity_id == identity_id)
        with self._transaction() as connection:
            found: str | None = connection.scalar(query)
        return found

    def _row(self, identity_id: str) -> Row[tuple[str, ...]] | None:
        seen = self._seen.get(identity_id)
        if seen is not None and self._clock() - seen[0] < FRESH_SECONDS:
            return seen[1]
        fresh = self._first(_TABLE.c.id == identity_id)
        if fresh is None:
            self._seen.pop(identity_id)
            return None
        self._seen.put(identity_id, (self._clock(), fresh))
        return fresh

    def _first(self, condition: ColumnElement[bool]) -> Row[tuple[str, ...]] | None:
        with self._transaction() as connection:
            return connection.execute(select(_TABLE).where(condition)).first()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise BusyError(f"the table of identities cannot be reached: {error}") from error


def _open(database_url: str) -> Engine:
    try:
        url = make_url(database_url)
        if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url)
        _make_tables(engine)
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise ConfigError(f"the table of identities cannot be made: {error}") from error
    return engine


def _make_tables(engine: Engine) -> None:
    for table in (_TABLE, _PASSWORDS):
        try:
            with engine.begin() as connection:
                connection.execute(CreateTable(table, if_not_exists=True))
        except SQLAlchemyError:
            # PostgreSQL: IF NOT EXISTS is no lock, a process that starts beside us may have won.
            if not inspect(engine).has_table(table.name):
                raise


def _identity(row: Row[tuple[str, ...]]) -> Identity:
    return Identity(id=row.id, name=row.name, role=row.role, created_at=row.created_at)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _key(name: str) -> str:
    # Names that look alike are one name: nobody approves as a second `CMD` in full width.
    return unicodedata.normalize("NFKC", name).casefold()


def _checked_name(name: str) -> str:
    name = unicodedata.normalize("NFC", name.strip())
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
        raise InputError(f"a name has 1 to {NAME_LENGTH} printable characters, not {name!r}")
    return name
