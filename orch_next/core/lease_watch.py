"""Look after leases: those that ran out, never started, lost their row; and others' locks."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from orch_next.clock import find_utc
from orch_next.core.changes import ChangeRequest, Edit
from orch_next.core.events import Who
from orch_next.core.lease_store import Lease, as_utc
from orch_next.core.lease_terms import FREE_LOCKS, FREED, Ended, is_ours, taken_back
from orch_next.core.leases import Leases
from orch_next.core.records import Task
from orch_next.core.schema import TASK
from orch_next.core.view import LedgerView
from orch_next.errors import ConflictError


@dataclass(frozen=True)
class ForeignLock:
    """A lock in the ledger that is no lease of ours; shown, and swept only by a person."""

    task_id: str
    status: str
    lock: str
    lock_owner: str
    lock_expires_at: str
    expired: bool

    def as_json(self) -> dict[str, Any]:
        """Return what clients see."""
        return dict(vars(self))


class LeaseWatch:
    """Finds leases and locks that need somebody; acts only when told.

    Whoever has read the held leases already hands them over.
    """

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def overdue(self, held: Sequence[Lease] | None = None) -> list[Lease]:
        """List held leases past their end and grace whose cores are silent."""
        held = self._held(held)
        self._leases.deadlines.keep_only({key for lease in held for key in _keys(lease)})
        return [lease for lease in held if self._leases.is_lost(lease)]

    def unstarted(self, held: Sequence[Lease] | None = None) -> list[Lease]:
        """List held leases whose core did not start within the rules' seconds."""
        return [lease for lease in self._held(held) if self._never_began(lease)]

    def strays(self, held: Sequence[Lease] | None = None) -> list[Lease]:
        """List held leases whose row somebody has changed; stale rows prove nothing."""
        tasks = self._leases.state.tasks
        if tasks.stale or tasks.missing:
            return []
        of_all = self._held(held)
        return [lease for lease in of_all if not is_ours(tasks.find(lease.task_id), lease)]

    def expire(self, lease: Lease) -> Ended:
        """Take back an overdue lease whose holder is confirmed dead: one failed attempt."""
        message = f"the lease of {lease.core} ended at {as_utc(lease.expires_at)}"
        return self._leases.end(lease, taken_back("expired", message, failed=True))

    def expire_unstarted(self, lease: Lease) -> Ended:
        """Take back a lease whose core never started; that is no failure of the task."""
        message = f"{lease.core} did not start within {self._leases.rules.start:.0f} s"
        return self._leases.end(lease, taken_back("not started", message))

    def foreign_locks(self) -> list[ForeignLock]:
        """List locks that hands or other programs wrote, expired or not."""
        ours = {lease.task_id: lease for lease in self._leases.store.held()}
        return [
            self._as_foreign(task)
            for task in self._leases.state.tasks.records
            if task.lock.strip() not in FREE_LOCKS
            and not (task.id in ours and task.lock == ours[task.id].lock)
        ]

    def sweep(self, task_id: str, lock: str, who: Who) -> Task:
        """Clear one expired foreign lock, as a person asked; DOING becomes READY.

        Raise ConflictError when the lock is another one by now or has not expired.
        """

        def plan(view: LedgerView[Task]) -> Edit:
            entry = view.get_writable(task_id)
            foreign = {(one.task_id, one.lock) for one in self.foreign_locks() if one.expired}
            if entry.record.lock != lock or (task_id, lock) not in foreign:
                present = {**entry.record.as_json(), "rev": entry.record.rev}
                raise ConflictError(f"{task_id} has no expired foreign lock {lock}", present)
            ready = {"status": "READY"} if entry.record.status == "DOING" else {}
            return Edit(task_id, view.set_cells(entry, {**FREED, **ready}))

        intent = ChangeRequest("task_lock_swept", who, {"lock": lock})
        return self._leases.state.change(TASK, plan, intent).after

    def sweep_all(self, who: Who) -> list[Task]:
        """Clear every expired foreign lock; what changed meanwhile is left alone."""
        expired = [one for one in self.foreign_locks() if one.expired]
        return [self.sweep(one.task_id, one.lock, who) for one in expired]

    def _held(self, held: Sequence[Lease] | None) -> Sequence[Lease]:
        return self._leases.store.held() if held is None else held

    def _never_began(self, lease: Lease) -> bool:
        limit = self._leases.rules.start
        return lease.started_at is None and self._leases.deadlines.passed(
            ("start", lease.task_id, lease.generation), lease.acquired_at + limit, longest=limit
        )

    def _as_foreign(self, task: Task) -> ForeignLock:
        end = _instant(task.lock_expires_at)
        limit = self._leases.now() - self._leases.rules.grace
        return ForeignLock(
            task.id,
            task.status,
            task.lock,
            task.lock_owner,
            task.lock_expires_at,
            expired=end is not None and end < limit,
        )


def _keys(lease: Lease) -> tuple[Hashable, ...]:
    key = (lease.task_id, lease.generation)
    return key, ("beat", *key), ("start", *key)


def _instant(cell: str) -> float | None:
    moment = find_utc(cell.strip())
    return moment.timestamp() if moment else None
