"""Webhook deliveries: each Idempotency-Key has its effect once in 24 hours (D23)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from orch_next.clock import utc_micros
from orch_next.core.database import Database, claims_table
from orch_next.core.entries import as_entry, insert_entry
from orch_next.core.events import Change
from orch_next.errors import LedgerError
from orch_next.storage.atomic import make_folders
from orch_next.storage.process_locks import locked

SCOPE = "terminal_callback"
KEEP = timedelta(hours=24)


@dataclass(frozen=True)
class Accepted:
    """The sha256 of the payload that had the effect, and whether that was an earlier one."""

    payload_sha256: str
    duplicate: bool


class Deliveries:
    """Takes deliveries one after the other, whatever process they come to.

    Key and journal entry are stored in one transaction behind the effect: an effect that
    fails leaves the key free, and a crash in between lets the sender's retry repeat it,
    which changes nothing that is changed already.
    """

    def __init__(
        self,
        database: Database,
        lock: Path,
        *,
        now: Callable[[], datetime],
        lock_timeout: float = 5.0,
    ) -> None:
        self._database, self._lock = database, lock
        self._now, self._timeout = now, lock_timeout

    def accept(self, key: str, payload_sha256: str, effect: Callable[[], Change]) -> Accepted:
        """Have the effect, and journal the change it returns, unless the key had its effect.

        Raise what `effect` raises, and BusyError when others take too long.
        """
        known = self._find(key)
        if known is None:
            with ExitStack() as turn:
                self._take(turn)
                known = self._find(key)
                if known is None:
                    self._store(key, payload_sha256, effect())
                    return Accepted(payload_sha256, duplicate=False)
        return Accepted(known, duplicate=True)

    def _take(self, turn: ExitStack) -> None:
        try:
            make_folders(self._lock.parent, private=True)
            turn.enter_context(locked(self._lock, self._timeout))
        except OSError as error:
            raise LedgerError(f"{self._lock.name}: not locked: {error.strerror}") from error

    def _find(self, key: str) -> str | None:
        columns = claims_table.c
        query = sa.select(columns.payload_sha256).where(
            _is(key), columns.created_at > self._limit()
        )
        with self._database.reading() as connection:
            found: str | None = connection.scalar(query)
            return found

    def _store(self, key: str, payload_sha256: str, change: Change) -> None:
        columns, at = claims_table.c, utc_micros(self._now())
        old = sa.and_(columns.scope == SCOPE, columns.created_at <= self._limit())
        row = {"scope": SCOPE, "key": key, "payload_sha256": payload_sha256}
        row |= {"record_id": change.record_id, "created_at": at}
        with self._database.transaction() as connection:
            connection.execute(sa.delete(claims_table).where(old))
            connection.execute(sa.insert(claims_table).values(row))
            insert_entry(connection, as_entry(change))

    def _limit(self) -> str:
        return utc_micros(self._now() - KEEP)


def _is(key: str) -> sa.ColumnElement[bool]:
    return sa.and_(claims_table.c.scope == SCOPE, claims_table.c.key == key)
