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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeGuard

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from orch_next.bounded import Bounded
from orch_next.clock import utc_now, utc_seconds
from orch_next.errors import (
    BusyError,
    ConfigError,
    DatabaseError,
    InputError,
    NotFoundError,
)
from orch_next.security.identity_tables import (
    IDENTITIES,
    NAME_LENGTH,
    PASSWORDS,
    STANDING,
    select_rows,
    stand,
)
from orch_next.security.passwords import NOBODY, fits, hash_password
from orch_next.security.session_tokens import SessionTokens
from orch_next.storage.database import Database
from orch_next.storage.disk import Disk

ROLES = ("CMD", "WORK", "AUDIT", "viewer")
MOST_SEEN = 10_000
# How long a looked-up row is believed; another process's `identity remove` acts after it.
FRESH_SECONDS = 1.0
# How long a known row is believed for reads while the database is away.
AWAY_SECONDS = 300.0

_SEPARATOR = ","
_CORE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TOKEN = re.compile(r"orch_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Identity:
    """A person or program with a role (CMD, WORK, AUDIT, viewer); `created_at` is UTC.

    `cores` are those that it may speak as besides those of its role. Sessions of an earlier
    `generation` have ended.
    """

    id: str
    name: str
    role: str
    created_at: str
    cores: tuple[str, ...] = ()
    generation: int = 0


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
        disk: Disk | None = None,
    ) -> None:
        self._database = Database(database_url, disk)
        try:
            self._database.open()
        except DatabaseError as error:
            raise ConfigError(f"the identities cannot be read: {error.reason}") from error
        self._now = now
        self._clock = clock
        self.sessions = sessions
        self._seen: Bounded[str, tuple[float, Row[tuple[str, ...]]]] = Bounded(MOST_SEEN)

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def add(self, name: str, role: str, cores: Sequence[str] = ()) -> tuple[Identity, str]:
        """Store a new identity and return it with its token; raise `InputError`."""
        name = _checked_name(name)
        if role not in ROLES:
            raise InputError(f"role must be one of {', '.join(ROLES)}, not {role!r}")
        identity = Identity(
            id=secrets.token_hex(6),
            name=name,
            role=role,
            created_at=utc_seconds(self._now()),
            cores=_checked_cores(cores),
        )
        token = f"orch_{identity.id}_{secrets.token_urlsafe(32)}"
        self._insert(identity, token)
        return identity, token

    def _insert(self, identity: Identity, token: str) -> None:
        row = {name: getattr(identity, name) for name in ("id", "name", "role", "created_at")}
        row |= {"name_key": name_key(identity.name), "token_sha256": _digest(token)}
        with self._database.transaction() as connection:
            try:
                connection.execute(insert(IDENTITIES).values(row))
            except IntegrityError as error:
                raise InputError(f"there is already an identity named {identity.name!r}") from error
            if identity.cores:
                stand(connection, identity.id, cores=_SEPARATOR.join(identity.cores))

    def list_all(self) -> list[Identity]:
        """Return every identity, oldest first."""
        query = select_rows().order_by(IDENTITIES.c.created_at, IDENTITIES.c.name)
        with self._database.reading() as connection:
            return [_identity(row) for row in connection.execute(query)]

    def remove(self, name: str) -> Identity:
        """Delete the identity of that name and return it; raise `NotFoundError`."""
        identity = self.get(name)
        with self._database.transaction() as connection:
            connection.execute(delete(IDENTITIES).where(IDENTITIES.c.id == identity.id))
            for table in (PASSWORDS, STANDING):
                connection.execute(delete(table).where(table.c.identity_id == identity.id))
        self._seen.pop(identity.id)
        return identity

    def get(self, name: str) -> Identity:
        """Return the identity of that name; raise `NotFoundError`."""
        row = self._first(IDENTITIES.c.name_key == name_key(name))
        if row is None:
            raise NotFoundError(f"there is no identity named {name!r}")
        return _identity(row)

    def end_sessions(self, identity: Identity) -> None:
        """End every session of the identity: cookies, login tokens, sockets, streams."""
        with self._database.transaction() as connection:
            stand(connection, identity.id, raises=True)
        self._seen.pop(identity.id)

    def set_password(self, identity: Identity, password: str) -> None:
        """Give the identity another password and end its sessions; raise `InputError`."""
        stored = hash_password(password)
        with self._database.transaction() as connection:
            row = update(PASSWORDS).where(PASSWORDS.c.identity_id == identity.id)
            if not connection.execute(row.values(password=stored)).rowcount:
                values = {"identity_id": identity.id, "password": stored}
                connection.execute(insert(PASSWORDS).values(values))
            stand(connection, identity.id, raises=True)
        self._seen.pop(identity.id)

    def set_cores(self, identity: Identity, cores: Sequence[str]) -> Identity:
        """Say as which cores the identity may speak; raise `InputError`."""
        names = _checked_cores(cores)
        with self._database.transaction() as connection:
            stand(connection, identity.id, cores=_SEPARATOR.join(names))
        self._seen.pop(identity.id)
        return replace(identity, cores=names)

    def is_standing(self, identity: Identity) -> bool:
        """Tell whether nothing has happened that ends what the identity has open.

        That is its removal, the end of its sessions, or another role.
        """
        present = self.find(identity.id, reads=True)
        return present is not None and (present.generation, present.role) == (
            identity.generation,
            identity.role,
        )

    def find_session(self, session: object, *, reads: bool = False) -> Identity | None:
        """Return whose session `[id, generation]` is, None for none or one that has ended."""
        # The cookies of an earlier version hold the id alone.
        found = (session, 0) if isinstance(session, str) else session
        if not _is_session(found):
            return None
        identity = self.find(found[0], reads=reads)
        return identity if identity and identity.generation == found[1] else None

    def find(self, identity_id: str, *, reads: bool = False) -> Identity | None:
        """Return the identity of that id, None when it was removed.

        Who only `reads` is believed for some minutes while the database is away.
        """
        row = self._row(identity_id, reads)
        return None if row is None else _identity(row)

    def add_with_password(self, name: str, role: str, password: str) -> tuple[Identity, str]:
        """Store a new identity with a password; return it with its token; raise `InputError`."""
        stored = hash_password(password)
        identity, token = self.add(name, role)
        with self._database.transaction() as connection:
            row = {"identity_id": identity.id, "password": stored}
            connection.execute(insert(PASSWORDS).values(row))
        return identity, token

    def find_by_password(self, name: str, password: str) -> Identity | None:
        """Return who logs in so, or None; the token serves as a password too."""
        row = self._first(IDENTITIES.c.name_key == name_key(name))
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

    def find_by_token(self, token: str, *, reads: bool = False) -> Identity | None:
        """Return whose token it is, or None; compares in constant time. `reads` as in `find`."""
        if self.sessions is not None and token.count(".") == 2:
            return self.find_session(self.sessions.read(token), reads=reads)
        match = _TOKEN.fullmatch(token)
        row = self._row(match[1], reads) if match else None
        if row is None or not hmac.compare_digest(
            row.token_sha256.encode(), _digest(token).encode()
        ):
            return None
        return _identity(row)

    def _password(self, identity_id: str) -> str | None:
        query = select(PASSWORDS.c.password).where(PASSWORDS.c.identity_id == identity_id)
        with self._database.reading() as connection:
            found: str | None = connection.scalar(query)
        return found

    def _row(self, identity_id: str, reads: bool) -> Row[tuple[str, ...]] | None:
        at, row = self._seen.get(identity_id) or (0.0, None)
        age = self._clock() - at
        if row is not None and age < FRESH_SECONDS:
            return row
        try:
            fresh = self._first(IDENTITIES.c.id == identity_id)
        except BusyError:
            if row is not None and reads and age < AWAY_SECONDS:
                return row
            raise
        if fresh is None:
            self._seen.pop(identity_id)
            return None
        self._seen.put(identity_id, (self._clock(), fresh))
        return fresh

    def _first(self, condition: ColumnElement[bool]) -> Row[tuple[str, ...]] | None:
        with self._database.reading() as connection:
            return connection.execute(select_rows().where(condition)).first()


def _is_session(session: object) -> TypeGuard[Sequence[Any]]:
    if not isinstance(session, (list, tuple)) or len(session) != 2:
        return False
    return isinstance(session[0], str) and type(session[1]) is int


def _identity(row: Row[tuple[str, ...]]) -> Identity:
    return Identity(
        id=row.id,
        name=row.name,
        role=row.role,
        created_at=row.created_at,
        cores=tuple((row.cores or "").split(_SEPARATOR)) if row.cores else (),
        generation=row.generation or 0,
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def name_key(name: str) -> str:
    """Return what names that look alike have in common."""
    # Names that look alike are one name: nobody approves as a second `CMD` in full width.
    return unicodedata.normalize("NFKC", name).casefold()


def _checked_cores(cores: Sequence[str]) -> tuple[str, ...]:
    for core in cores:
        if not _CORE.fullmatch(core):
            raise InputError(f"a core has 1 to 64 of A-Z a-z 0-9 _ . -, not {core!r}")
    return tuple(dict.fromkeys(cores))


def _checked_name(name: str) -> str:
    name = unicodedata.normalize("NFC", name.strip())
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
        raise InputError(f"a name has 1 to {NAME_LENGTH} printable characters, not {name!r}")
    return name
