"""Which process of several does the background work: a lease, always taken."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from orch_next.errors import BusyError
from orch_next.events import EventBus
from orch_next.storage.atomic import make_lock
from orch_next.storage.disk import Disk
from orch_next.storage.engine import make_engine

log = logging.getLogger(__name__)

LOCK_NAME = ".orch-next-owner.lock"
RENEW_SECONDS = 1.0
LEASE_SECONDS = 3.0
# The first key of our advisory lock; the second one is the search path's.
LEADER_KEY = 7262024
# PostgreSQL ends silent sessions from this version on.
_ENDS_SILENT = (14,)


@dataclass(frozen=True)
class LeadershipGained:
    """This process has become the leader."""


class Leadership(Protocol):
    """What tells whether this process does the background work."""

    def is_leader(self) -> bool:
        """Tell whether it does at this moment, without waiting."""


@dataclass(frozen=True)
class FixedLeadership:
    """Leadership that nobody contests: of a command, or of a process that only watches."""

    leads: bool = True

    def is_leader(self) -> bool:
        """Tell what was said at the beginning."""
        return self.leads


@dataclass(frozen=True)
class AskedLeadership:
    """Leadership as a function answers."""

    ask: Callable[[], bool]

    def is_leader(self) -> bool:
        """Ask."""
        return self.ask()


class Lease(Protocol):
    """A right that one process at a time holds."""

    def claim(self) -> bool:
        """Take or renew it; return whether we hold it now."""

    def is_held(self) -> bool:
        """Tell whether we hold it at this moment, without waiting."""

    def release(self) -> None:
        """Give it back."""


class FileLease:
    """The lease as a lock on a file in the STATE folder: free as soon as its leader is dead."""

    def __init__(self, state_folder: Path, disk: Disk | None = None) -> None:
        self._folder = state_folder
        self._disk = disk or Disk()
        self._lock = FileLock(state_folder / LOCK_NAME, thread_local=False)
        self._process = os.getpid()

    def claim(self) -> bool:
        """Take the lock if nobody has it; a folder that is missing is not made."""
        if not self._lock.is_locked:
            if not self._folder.is_dir():
                return False
            try:
                make_lock(self._folder / LOCK_NAME, self._disk)
                self._lock.acquire(blocking=False)
            except (Timeout, OSError):
                return False
        return True

    def is_held(self) -> bool:
        """Tell whether this process holds the lock; a fork of it does not."""
        return self._lock.is_locked and os.getpid() == self._process

    def release(self) -> None:
        """Unlock."""
        self._lock.release()


class AdvisoryLease:
    """The lease as PostgreSQL's advisory lock, held by a connection that speaks every second.

    The lock ends with the connection, and the server ends one that is silent for 3 s: so
    whoever is paused or cut off loses the lease, and knows it by the clock before the server
    does. `generation` rises with every new holder.
    """

    def __init__(self, database_url: str, *, clock: Callable[[], float]) -> None:
        self._engine = make_engine(sa.make_url(database_url), Disk())
        self._connection: sa.Connection | None = None
        self._clock = clock
        self._until: float | None = None
        self.generation = 0

    def claim(self) -> bool:
        """Take the lock when it is free, say that we live when it is ours; raise BusyError."""
        # The clock is read before the call: our idea of the lease ends before the server's.
        until = self._clock() + LEASE_SECONDS
        try:
            is_ours = self._ask()
        except SQLAlchemyError as error:
            self._hang_up()
            raise BusyError(f"the leader's lock cannot be asked for: {error}") from error
        self._until = until if is_ours else None
        return is_ours

    def is_held(self) -> bool:
        """Tell whether the lease has not run out since the last renewal."""
        return self._until is not None and self._clock() < self._until

    def release(self) -> None:
        """Unlock, and end the connection."""
        with suppress(SQLAlchemyError):  # the lock ends with the connection as well
            if self._connection is not None:
                self._connection.execute(sa.select(sa.func.pg_advisory_unlock_all()))
        self._hang_up()
        self._engine.dispose()

    def _ask(self) -> bool:
        if self._connection is None:
            self._connection = self._connect()
        if self._until is not None:  # as long as the connection lives the lock is ours
            self._connection.execute(sa.select(1))
            return True
        # Not `current_schema()`: it is null until the journal has made the schema.
        path = sa.func.hashtext(sa.func.current_setting("search_path"))
        taken = self._connection.scalar(sa.select(sa.func.pg_try_advisory_lock(LEADER_KEY, path)))
        if taken:
            self.generation = int(self._connection.scalar(sa.select(sa.func.txid_current())) or 0)
        return bool(taken)

    def _connect(self) -> sa.Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if (self._engine.dialect.server_version_info or ()) >= _ENDS_SILENT:
            silence = round(LEASE_SECONDS * 1000)
            connection.exec_driver_sql(f"SET idle_session_timeout = {silence}")
        return connection

    def _hang_up(self) -> None:
        connection, self._connection, self._until = self._connection, None, None
        if connection is not None:
            connection.invalidate()
            connection.close()


class Leader:
    """Keeps claiming a lease in a real thread; `is_leader` answers from memory."""

    def __init__(self, lease: Lease, bus: EventBus) -> None:
        self._lease, self._bus = lease, bus
        self._was_claimed = False

    def is_leader(self) -> bool:
        """Tell whether this process is the one for background work now."""
        return self._lease.is_held()

    def leads_or_is_alone(self) -> bool:
        """Tell the same, but that a process that never claimed has nobody else to leave it to."""
        return self.is_leader() or not self._was_claimed

    def run(self, stopping: threading.Event) -> None:
        """Claim and renew every second until `stopping` is set, then give the lease back."""
        while not stopping.is_set():
            self.claim()
            stopping.wait(RENEW_SECONDS)
        self._lease.release()

    def claim(self) -> None:
        """Claim once; a database that is away leaves the lease to run out."""
        before, self._was_claimed = self.is_leader(), True
        try:
            self._lease.claim()
        except BusyError as error:
            log.debug("%s", error)
            return
        if self.is_leader() and not before:
            self._bus.publish(LeadershipGained())


def make_lease(state_folder: Path, database_url: str, *, clock: Callable[[], float]) -> Lease:
    """Return PostgreSQL's lock where that is the database, else one on a file of this host."""
    if sa.make_url(database_url).get_backend_name() == "postgresql":
        return AdvisoryLease(database_url, clock=clock)
    return FileLease(state_folder)
