"""The tables that hold identities, their passwords, and which sessions have ended."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    Select,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from orch_next.storage.database import metadata

NAME_LENGTH = 64

IDENTITIES = Table(
    "identities",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("name_key", String(NAME_LENGTH * 4), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("token_sha256", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
)

# Beside the identities, because tables that exist are never altered.
PASSWORDS = Table(
    "identity_passwords",
    metadata,
    Column("identity_id", String(12), primary_key=True),
    Column("password", String(200), nullable=False),
)

# Sessions name the generation that they began in; a row is there once it was raised.
STANDING = Table(
    "identity_standing",
    metadata,
    Column("identity_id", String(12), primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("cores", Text, nullable=False),
)


def select_rows() -> Select[Any]:
    """Select the identities with what their rows of `STANDING` say."""
    joined = IDENTITIES.outerjoin(STANDING, IDENTITIES.c.id == STANDING.c.identity_id)
    return select(IDENTITIES, STANDING.c.generation, STANDING.c.cores).select_from(joined)


def stand(
    connection: Connection, identity_id: str, *, raises: bool = False, cores: str | None = None
) -> None:
    """Write the identity's row of `STANDING`, raise its generation or set its cores."""
    values: dict[str, Any] = {} if cores is None else {"cores": cores}
    if raises:
        values["generation"] = STANDING.c.generation + 1
    row = update(STANDING).where(STANDING.c.identity_id == identity_id)
    if not connection.execute(row.values(values)).rowcount:
        first = {"identity_id": identity_id, "generation": int(raises), "cores": cores or ""}
        connection.execute(insert(STANDING).values(first))
