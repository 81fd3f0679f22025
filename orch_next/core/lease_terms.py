"""The words of leasing: rules, holders, endings, and how a lease shows in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, TypeAlias

from orch_next.core.events import Who
from orch_next.core.lease_store import DONE, Lease, as_utc
from orch_next.core.records import Task
from orch_next.core.repeats import hash_parts
from orch_next.core.schema import EMPTY
from orch_next.errors import ConfigError, ConflictError

REDACTED = "[token]"
FREE_LOCKS = frozenset({"", EMPTY, "None"})
FREED = {"lock": EMPTY, "lock_owner": EMPTY, "lock_expires_at": EMPTY}
# Judges who holds the token of this lease; raises ForbiddenError.
Proof: TypeAlias = Callable[[Lease], None]
DISPATCHER = Who("dispatcher", "CMD", "dispatcher", claimed=False)


@dataclass(frozen=True)
class LeaseRules:
    """Times in seconds (contract 3.3: 30 min, 10 min, 5 min) and the failure limit.

    Raise ConfigError for values that cannot work.
    """

    ttl: float = 1800
    extension: float = 600
    grace: float = 300
    start: float = 60
    max_failures: int = 3

    def __post_init__(self) -> None:
        above = (self.ttl, self.extension, self.start, self.max_failures)
        if not (all(0 < one < inf for one in above) and 0 <= self.grace < inf):
            raise ConfigError("the lease times and the failure limit must be positive")


@dataclass(frozen=True)
class Holder:
    """Who claims: a core's id, its role and its mode (`pull` or `command`).

    `claimant` is the id of the identity that speaks as the core, empty where none proved itself.
    """

    id: str
    role: str
    mode: str = "pull"
    claimant: str = ""

    @property
    def who(self) -> Who:
        """Return the author of the core's changes."""
        return Who(self.id, self.role, "dispatcher", claimed=False)


@dataclass(frozen=True)
class Ending:
    """How a lease ends: the task's next status, the attempt's outcome, whether it failed.

    `event` names the change in the journal, `signal` the event that clients hear.
    """

    status: str
    outcome: str
    failed: bool = False
    artifact: str = ""
    message: str = ""
    exit_status: int | None = None
    tail: tuple[str, ...] = ()
    event: str = "task_reported"
    signal: str = "job_finished"

    def as_json(self) -> dict[str, Any]:
        """Return what the journal and clients are told."""
        return {
            "outcome": self.outcome,
            "artifact": self.artifact,
            "message": self.message,
            "exit_status": self.exit_status,
            "tail": list(self.tail),
        }


@dataclass(frozen=True)
class Ended:
    """The task after its lease ended, the lease as it was, and the ending as applied."""

    task: Task
    lease: Lease
    ending: Ending


def reported(status: str, **more: Any) -> Ending:
    """Make the ending that a core reports: REVIEW, FIX (failed) or READY (given back)."""
    outcomes = {"REVIEW": DONE, "FIX": "failed", "READY": "returned"}
    return Ending(status, outcomes.get(status, status), failed=status == "FIX", **more)


def taken_back(outcome: str, message: str, *, failed: bool = False) -> Ending:
    """Make the ending of a lease that its core did not end: the task is READY again."""
    return Ending(
        "READY",
        outcome,
        failed,
        message=message,
        event="task_lease_expired",
        signal="lease_expired",
    )


def claimed_cells(lease: Lease) -> dict[str, str]:
    """Return the cells that a claim writes into the task's row."""
    return {
        "status": "DOING",
        "lock": lease.lock,
        "lock_owner": lease.core,
        "lock_expires_at": str(as_utc(lease.expires_at)),
    }


def facts(lease: Lease) -> dict[str, Any]:
    """Return what events and the journal say about a lease; never its token."""
    return {
        "job_id": lease.task_id,
        "coreId": lease.core,
        "attempt": lease.attempt,
        "generation": lease.generation,
        "lock_expires_at": as_utc(lease.expires_at),
    }


def is_ours(task: Task | None, lease: Lease) -> bool:
    """Tell whether the row still shows this lease; a hand may have changed it."""
    return task is not None and task.status == "DOING" and task.lock == lease.lock


def refuse_unready(task: Task) -> None:
    """Raise ConflictError for a task that nobody can claim now."""
    if task.status != "READY" or task.lock.strip() not in FREE_LOCKS:
        message = f"{task.id} is {task.status or EMPTY} with the lock {task.lock or EMPTY}"
        raise ConflictError(message, {**task.as_json(), "rev": task.rev})


def late(task_id: str, present: Task | None) -> ConflictError:
    """Make the error for a holder whose lease is over."""
    shown = {**present.as_json(), "rev": present.rev} if present else None
    return ConflictError(f"the lease on {task_id} is not yours any more", shown)


def trust_token(_lease: Lease) -> None:
    """Ask for nothing beside the token: in open mode, and for what a signature proves."""


def redact(text: str, token: str) -> str:
    """Return text without a lease's token: many may read logs and events, one may report."""
    return text.replace(token, REDACTED) if token else text


def hash_token(token: str) -> str:
    """Return what the database keeps of a token: its sha256."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def hash_report(ending: Ending) -> str:
    """Return what tells one report from another."""
    return hash_parts(ending.status, ending.artifact, ending.message)
