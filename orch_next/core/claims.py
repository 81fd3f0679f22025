"""Idempotency keys: a request that is repeated has one effect and one answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orch_next.clock import utc_micros
from orch_next.core.database import Database, claims_table
from orch_next.errors import ConflictError, InputError

KEEP_DAYS = 30
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Claim:
    """One key of one scope (such as `task_create`) for one payload."""

    scope: str
    key: str
    payload_sha256: str


@dataclass(frozen=True)
class Claimed:
    """What is known of a claim: the id it was going to use, and the answer if it was given."""

    record_id: str
    answer: dict[str, Any] | None


class Claims:
    """Keys live in the database for `KEEP_DAYS` days and survive restarts."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now

    def claim(self, claim: Claim) -> Claimed:
        """Take the key, or find it taken; raise ConflictError when its payload was another.

        A claim without an answer is either in work or left by a crash: whoever holds the
        ledger's lock may finish it.
        """
        if not _KEY.fullmatch(claim.key):
            raise InputError("an Idempotency-Key has 1 to 255 visible ASCII characters")
        with self._database.transaction() as connection:
            self._insert(connection, claim)
            return self.look_up(connection, claim)

    def look_up(self, connection: sa.Connection, claim: Claim) -> Claimed:
        """Read the claim as it stands; raise ConflictError for another payload."""
        row = connection.execute(sa.select(claims_table).where(_is(claim))).mappings().one()
        if row["payload_sha256"] != claim.payload_sha256:
            raise ConflictError("this Idempotency-Key was used with another payload")
        return Claimed(row["record_id"], row["answer"])

    def plan(self, connection: sa.Connection, claim: Claim, record_id: str) -> None:
        """Note the id before the record is made; call it under the ledger's lock."""
        chosen = sa.update(claims_table).where(_is(claim)).values(record_id=record_id)
        connection.execute(chosen)

    def answer(self, claim: Claim, answer: dict[str, Any]) -> None:
        """Keep the answer for whoever repeats the request."""
        with self._database.transaction() as connection:
            given = sa.update(claims_table).where(_is(claim)).values(answer=answer)
            connection.execute(given)

    def find_record(self, scope: str, key: str) -> str:
        """Return the id that a key was used for, empty for none; raise BusyError."""
        columns = claims_table.c
        same = (columns.scope == scope, columns.key == key)
        with self._database.reading() as connection:
            return connection.scalar(sa.select(columns.record_id).where(*same)) or ""

    def forget_old(self) -> None:
        """Drop the keys that are older than `KEEP_DAYS` days."""
        limit = utc_micros(self._now() - timedelta(days=KEEP_DAYS))
        with self._database.transaction() as connection:
            connection.execute(sa.delete(claims_table).where(claims_table.c.created_at < limit))

    def _insert(self, connection: sa.Connection, claim: Claim) -> None:
        values = {"scope": claim.scope, "key": claim.key, "record_id": ""}
        values |= {"payload_sha256": claim.payload_sha256, "created_at": utc_micros(self._now())}
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(claims_table).values(values))
        except IntegrityError:
            return


def _is(claim: Claim) -> sa.ColumnElement[bool]:
    return sa.and_(claims_table.c.scope == claim.scope, claims_table.c.key == claim.key)
