"""The leases' tables in the journal's database: who holds what, and every attempt."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from orch_next.clock import utc_seconds
from orch_next.core.database import Database, metadata
from orch_next.core.places import COLUMNS, Place, place_table
from orch_next.core.repeats import Repeats, note_claim, note_use

HELD = "held"
FREE = "free"
# The outcomes of an attempt that other rooms ask about.
RUNNING = "running"
DONE = "done"

# One row per task that was ever claimed. The generation only rises: ownership is the
# generation (and the token made for it), never a time that a hand may edit.
lease_table = sa.Table(
    "leases",
    metadata,
    sa.Column("task_id", sa.String(255), primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("token_hash", sa.String(64), nullable=False),
    sa.Column("core", sa.String(64), nullable=False),
    sa.Column("mode", sa.String(16), nullable=False),
    sa.Column("state", sa.String(8), nullable=False, index=True),
    sa.Column("lock", sa.Text, nullable=False),
    sa.Column("acquired_at", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
    sa.Column("heartbeat_at", sa.Float, nullable=False),
    sa.Column("started_at", sa.Float),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
)
attempt_table = sa.Table(
    "attempts",
    metadata,
    sa.Column("task_id", sa.String(255), primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("core", sa.String(64), nullable=False),
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("ended_at", sa.Float),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("exit_status", sa.Integer),
    sa.Column("log", sa.Text, nullable=False),
    sa.Column("mark", sa.String(64), nullable=False),
    sa.Column("pid", sa.Integer),
    sa.Column("pid_started", sa.Float),
)
# Whose token claimed a generation; none for what the dispatcher itself or open mode claimed.
claim_table = sa.Table(
    "lease_claims",
    metadata,
    sa.Column("task_id", sa.String(255), primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True),
    sa.Column("identity_id", sa.String(12), nullable=False),
)


@dataclass(frozen=True)
class Lease:
    """One task's lease; times in seconds of the Unix epoch, `lock` is the ledger's cell.

    `token` is known only to who just claimed it; the database keeps its sha256. `claimant`
    is the id of the identity that claimed, empty for the dispatcher's own and in open mode.
    `claim_sha256` names the request that claimed it, if that may be repeated.
    """

    task_id: str
    generation: int
    token_hash: str
    core: str
    mode: str
    state: str
    lock: str
    acquired_at: float
    expires_at: float
    heartbeat_at: float
    started_at: float | None
    attempt: int
    failures: int
    token: str = ""
    claimant: str = ""
    claim_sha256: str | None = None


@dataclass(frozen=True)
class Attempt:
    """The record of one attempt; `outcome` is `running` until it has ended."""

    task_id: str
    generation: int
    attempt: int
    core: str
    started_at: float
    ended_at: float | None
    outcome: str
    exit_status: int | None
    log: str
    mark: str
    pid: int | None
    pid_started: float | None
    place: Place | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what clients see: instants as UTC text, no process identity but the pid."""
        return {
            "task_id": self.task_id,
            "attempt": self.attempt,
            "generation": self.generation,
            "core": self.core,
            "started_at": as_utc(self.started_at),
            "ended_at": as_utc(self.ended_at),
            "outcome": self.outcome,
            "exit_status": self.exit_status,
            "log": self.log,
            "pid": self.pid,
            "host": self.place.host if self.place else "",
        }


@dataclass(frozen=True)
class LeaseSnapshot:
    """The leases at one moment: those that are held, the oldest first, and failures by task."""

    held: tuple[Lease, ...]
    failures: Mapping[str, int]


def as_utc(instant: float | None) -> str | None:
    """Format epoch seconds as the ledgers do, `2025-10-09T08:22:18Z`."""
    if instant is None:
        return None
    return utc_seconds(datetime.fromtimestamp(instant, timezone.utc))


class LeaseStore:
    """Reads and changes the tables; each method is one transaction.

    `place` is where this process runs: attempts that it begins are known by it.
    """

    def __init__(self, database: Database, place: Place | None = None) -> None:
        self._database, self._place = database, place
        self.repeats = Repeats(database)

    def read_time(self) -> float | None:
        """Return the epoch seconds of the database's clock; None where that is our own."""
        with self._database.reading() as connection:
            if connection.dialect.name != "postgresql":
                return None
            asked = sa.select(sa.extract("epoch", sa.func.clock_timestamp()))
            return float(connection.scalar(asked) or 0.0)

    def find(self, task_id: str) -> Lease | None:
        """Return the task's lease, held or free, or None when it was never claimed."""
        found = self._read(_leases().where(lease_table.c.task_id == task_id))
        return Lease(**found[0]) if found else None

    def snapshot(self) -> LeaseSnapshot:
        """Return all that a look at the leases shows, by one connection."""
        with self._database.reading() as connection:
            held = connection.execute(_held()).mappings().all()
            failed = connection.execute(_failed()).mappings().all()
        failures = {row["task_id"]: row["failures"] for row in failed}
        return LeaseSnapshot(tuple(Lease(**row) for row in held), failures)

    def held(self) -> list[Lease]:
        """List the leases that somebody holds, the oldest first."""
        return [Lease(**row) for row in self._read(_held())]

    def failures(self) -> dict[str, int]:
        """Map task ids to failed attempts since the last success or hold, without zeros."""
        return {row["task_id"]: row["failures"] for row in self._read(_failed())}

    def take(self, lease: Lease) -> None:
        """Store a claimed lease, its attempt and its request in one transaction."""
        values = {column.name: getattr(lease, column.name) for column in lease_table.c}
        attempt = {
            "task_id": lease.task_id,
            "generation": lease.generation,
            "attempt": lease.attempt,
            "core": lease.core,
            "started_at": lease.acquired_at,
            "outcome": RUNNING,
            "log": "",
            "mark": "",
        }
        with self._transaction() as connection:
            # Rows are never deleted, so an update that finds none means the first claim.
            if not connection.execute(_lease_row(lease.task_id).values(values)).rowcount:
                connection.execute(lease_table.insert(), values)
            connection.execute(attempt_table.insert(), attempt)
            _note_claimant(connection, lease, lease.claimant)
            self._note_place(connection, lease)
            if lease.started_at is not None:
                note_claim(connection, lease.task_id, lease.generation, lease.claim_sha256)

    def change(self, lease: Lease, values: Mapping[str, Any]) -> bool:
        """Renew the lease if this generation still holds it; tell whether it did."""
        with self._transaction() as connection:
            held = bool(connection.execute(_held_row(lease).values(**values)).rowcount)
            if held:
                note_use(connection, lease.task_id, lease.generation, values["heartbeat_at"])
        return held

    def start(self, lease: Lease, values: Mapping[str, Any]) -> bool:
        """Update a lease that nobody has started; tell whether it was still so."""
        unstarted = _held_row(lease).where(lease_table.c.started_at.is_(None))
        with self._transaction() as connection:
            return bool(connection.execute(unstarted.values(**values)).rowcount)

    def hand_over(self, lease: Lease, claimed: Lease) -> bool:
        """Do as `start` for a core that fetches what it was offered.

        Note who `claimed` it, and with which request.
        """
        names = ("token_hash", "started_at", "heartbeat_at")
        values = {name: getattr(claimed, name) for name in names}
        unstarted = _held_row(lease).where(lease_table.c.started_at.is_(None))
        with self._transaction() as connection:
            done = bool(connection.execute(unstarted.values(**values)).rowcount)
            if done:
                _note_claimant(connection, lease, claimed.claimant)
                note_claim(connection, lease.task_id, lease.generation, claimed.claim_sha256)
        return done

    def exchange_token(self, lease: Lease, token_hash: str, *, since: float | None) -> bool:
        """Give the generation another token; tell whether that was done.

        With `since` only while the token is the one that we know, and the claim counts from then.
        """
        held, values = _held_row(lease), {"token_hash": token_hash}
        if since is not None:
            held = held.where(lease_table.c.token_hash == lease.token_hash)
            held = held.values(started_at=since)
        with self._transaction() as connection:
            return bool(connection.execute(held.values(values)).rowcount)

    def beat(self, core: str, at: float, claimant: str = "") -> None:
        """Note a heartbeat on the leases that the core holds, but for another claimant's."""
        row = sa.update(lease_table).where(lease_table.c.core == core, lease_table.c.state == HELD)
        if claimant:
            others = sa.exists().where(*_same_claim(), claim_table.c.identity_id != claimant)
            row = row.where(~others)
        with self._transaction() as connection:
            connection.execute(row.values(heartbeat_at=at))

    def end(
        self, lease: Lease, *, at: float, outcome: str, failures: int, exit_status: int | None
    ) -> bool:
        """Free the lease and close its attempt; do nothing when it is no longer held."""
        ending = {"ended_at": at, "outcome": outcome, "exit_status": exit_status}
        with self._transaction() as connection:
            freed = _held_row(lease).values(state=FREE, failures=failures)
            if not connection.execute(freed).rowcount:
                return False
            connection.execute(_attempt_row(lease.task_id, lease.generation).values(**ending))
        return True

    def note_attempt(self, lease: Lease, values: Mapping[str, Any]) -> None:
        """Add what became known about a running attempt (its log, mark, process)."""
        with self._transaction() as connection:
            row = _attempt_row(lease.task_id, lease.generation)
            connection.execute(row.values(**values))

    def attempts(self, task_id: str) -> list[Attempt]:
        """List a task's attempts in order."""
        query = _attempts().where(attempt_table.c.task_id == task_id)
        return [_as_attempt(row) for row in self._read(query.order_by(attempt_table.c.generation))]

    def running(self) -> list[Attempt]:
        """List attempts that have not ended."""
        query = _attempts().where(attempt_table.c.ended_at.is_(None))
        return [_as_attempt(row) for row in self._read(query)]

    def _note_place(self, connection: sa.Connection, lease: Lease) -> None:
        if self._place is not None:
            row = {"task_id": lease.task_id, "generation": lease.generation, **vars(self._place)}
            connection.execute(place_table.insert(), row)

    def _read(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _transaction(self) -> AbstractContextManager[sa.Connection]:
        return self._database.transaction()


def _leases() -> sa.Select[Any]:
    joined = lease_table.outerjoin(claim_table, sa.and_(*_same_claim()))
    claimant = sa.func.coalesce(claim_table.c.identity_id, "").label("claimant")
    return sa.select(lease_table, claimant).select_from(joined)


def _held() -> sa.Select[Any]:
    return _leases().where(lease_table.c.state == HELD).order_by(lease_table.c.acquired_at)


def _failed() -> sa.Select[Any]:
    columns = lease_table.c
    return sa.select(columns.task_id, columns.failures).where(columns.failures > 0)


def _same_claim() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        claim_table.c.task_id == lease_table.c.task_id,
        claim_table.c.generation == lease_table.c.generation,
    )


def _note_claimant(connection: sa.Connection, lease: Lease, claimant: str) -> None:
    if claimant:
        values = {"task_id": lease.task_id, "generation": lease.generation}
        connection.execute(claim_table.insert(), {**values, "identity_id": claimant})


def _attempts() -> sa.Select[Any]:
    both = sa.and_(
        place_table.c.task_id == attempt_table.c.task_id,
        place_table.c.generation == attempt_table.c.generation,
    )
    joined = attempt_table.outerjoin(place_table, both)
    return sa.select(attempt_table, *(place_table.c[name] for name in COLUMNS)).select_from(joined)


def _as_attempt(row: dict[str, Any]) -> Attempt:
    parts = {name: row.pop(name) for name in COLUMNS}
    return Attempt(**row, place=None if parts["host"] is None else Place(**parts))


def _lease_row(task_id: str) -> sa.Update:
    return sa.update(lease_table).where(lease_table.c.task_id == task_id)


def _held_row(lease: Lease) -> sa.Update:
    return _lease_row(lease.task_id).where(
        lease_table.c.generation == lease.generation, lease_table.c.state == HELD
    )


def _attempt_row(task_id: str, generation: int) -> sa.Update:
    return sa.update(attempt_table).where(
        attempt_table.c.task_id == task_id, attempt_table.c.generation == generation
    )
