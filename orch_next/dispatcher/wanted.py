"""The sessions that people want: rows that whoever dispatches obeys, and any process may write."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orch_next.core.database import Database, metadata
from orch_next.dispatcher.sessions import DispatchRequest, Session
from orch_next.errors import BusyError

wanted_table = sa.Table(
    "wanted_sessions",
    metadata,
    sa.Column("core", sa.String(64), primary_key=True),
    sa.Column("uid", sa.String(32), nullable=False),
    sa.Column("stay", sa.Boolean, nullable=False),
    sa.Column("integration", sa.Boolean, nullable=False),
    sa.Column("interval", sa.Integer, nullable=False),
    sa.Column("draining", sa.Boolean, nullable=False),
    sa.Column("nudges", sa.Integer, nullable=False),
    # One that a foreground command opened ends with it.
    sa.Column("bound", sa.Boolean, nullable=False),
    sa.Column("asked_at", sa.Float, nullable=False),
    # What the dispatching process says of it.
    sa.Column("pid", sa.Integer),
    sa.Column("problem", sa.Text, nullable=False),
)


@dataclass(frozen=True)
class Wanted:
    """One session as people want it; `uid` tells it from a later one of the same core."""

    core: str
    uid: str
    stay: bool
    integration: bool
    interval: int
    draining: bool
    nudges: int
    bound: bool
    asked_at: float
    pid: int | None
    problem: str

    @property
    def request(self) -> DispatchRequest:
        """Return what was asked for."""
        return DispatchRequest(self.core, self.stay, self.integration, self.interval)


class WantedSessions:
    """Reads and changes the rows.

    What this process ended while the database did not answer is remembered, and its row removed
    when it does: an emergency stop waits for nobody.
    """

    def __init__(self, database: Database, *, now: Callable[[], float]) -> None:
        self._database, self._now = database, now
        self._ended: set[str] = set()
        # Held from a look at the rows until what they say is done.
        self.turn = threading.RLock()

    def want(self, request: DispatchRequest, *, bound: bool) -> Wanted:
        """Return the core's session, which is a new one unless there is one already."""
        row: dict[str, Any] = {
            "core": request.core_id,
            "uid": uuid.uuid4().hex,
            "stay": request.stay,
            "integration": request.integration,
            "interval": request.interval,
            "draining": False,
            "nudges": 0,
            "bound": bound,
            "asked_at": self._now(),
            "pid": None,
            "problem": "",
        }
        self._remove_ended()
        with self._database.transaction() as connection:
            if _of(connection, request.core_id) is None:
                _insert(connection, row)
            return _of(connection, request.core_id) or Wanted(**row)

    def all(self) -> list[Wanted]:
        """List the sessions that are wanted, the oldest first; raise BusyError."""
        self._remove_ended()
        with self._database.reading() as connection:
            return _listed(connection, None)

    def cores(self) -> set[str]:
        """Return whose sessions are wanted; raise BusyError."""
        self._remove_ended()
        with self._database.reading() as connection:
            return set(connection.scalars(sa.select(wanted_table.c.core)))

    def end(self, core_id: str | None) -> list[Wanted]:
        """Want one core's session, or none at all, no more; return what was wanted."""
        with self._database.transaction() as connection:
            found = _listed(connection, core_id)
            connection.execute(_narrowed(sa.delete(wanted_table), core_id))
        return found

    def drain(self, core_id: str | None) -> list[Wanted]:
        """Want that sessions finish what they have and take no more."""
        return self._update(core_id, {"draining": True})

    def nudge(self, core_id: str | None) -> list[Wanted]:
        """Want that sessions look for a task now."""
        return self._update(core_id, {"nudges": wanted_table.c.nudges + 1})

    def note(self, uid: str, pid: int | None, problem: str) -> None:
        """Say which process runs a session, if one does, and what hinders it."""
        said = {"pid": pid, "problem": problem}
        with self._database.transaction() as connection:
            connection.execute(_row(sa.update(wanted_table), uid).values(said))

    def forget(self, session: Session) -> None:
        """Remove the row of a session that is over, now or as soon as the database answers."""
        with self.turn:
            self._ended.add(session.uid)
            with suppress(BusyError):
                self._remove_ended()

    def release_bound(self, own: Iterable[str]) -> None:
        """Remove what foreground commands left that were killed; only who dispatches may."""
        left = sa.delete(wanted_table).where(wanted_table.c.bound)
        with self._database.transaction() as connection:
            connection.execute(left.where(wanted_table.c.uid.not_in(sorted(own))))

    def _remove_ended(self) -> None:
        with self.turn:
            if self._ended:
                gone = wanted_table.c.uid.in_(sorted(self._ended))
                with self._database.transaction() as connection:
                    connection.execute(sa.delete(wanted_table).where(gone))
                self._ended.clear()

    def _update(self, core_id: str | None, values: dict[str, Any]) -> list[Wanted]:
        with self._database.transaction() as connection:
            connection.execute(_narrowed(sa.update(wanted_table).values(values), core_id))
            return _listed(connection, core_id)


def _insert(connection: sa.Connection, row: dict[str, Any]) -> None:
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(wanted_table).values(row))
    except IntegrityError:
        return  # another process was asked at the same moment


def _of(connection: sa.Connection, core_id: str) -> Wanted | None:
    return next(iter(_listed(connection, core_id)), None)


def _listed(connection: sa.Connection, core_id: str | None) -> list[Wanted]:
    columns = (wanted_table.c[one.name] for one in fields(Wanted))
    query = sa.select(*columns).order_by(wanted_table.c.asked_at, wanted_table.c.core)
    return [Wanted(*row) for row in connection.execute(_narrowed(query, core_id))]


def _narrowed(statement: Any, core_id: str | None) -> Any:
    return statement if core_id is None else statement.where(wanted_table.c.core == core_id)


def _row(statement: Any, uid: str) -> Any:
    return statement.where(wanted_table.c.uid == uid)
