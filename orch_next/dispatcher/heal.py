"""Safe repairs: leases that ran out, locks without a holder, approvals nobody needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from orch_next.core.approvals import PENDING, Approvals, Decision
from orch_next.core.events import Who
from orch_next.core.lease_watch import LeaseWatch
from orch_next.core.schema import APPROVER_ROLES
from orch_next.core.state import State
from orch_next.errors import OrchError

# A pending approval of such a task decides nothing any more.
OVER = ("DONE", "DROP")
NOTE = "task is over"


@dataclass(frozen=True)
class Repair:
    """Something that can be repaired; `id` names it from one list to the next."""

    id: str
    kind: str
    target: str
    description: str
    run: Callable[[Who], object] = field(repr=False, compare=False)

    def as_json(self) -> dict[str, str]:
        """Return what clients see."""
        names = ("id", "kind", "target", "description")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Healed:
    """What was found, what was repaired, and what could not be, with the reason."""

    found: tuple[Repair, ...]
    done: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the additive keys of `/api/ai/heal`."""
        return {
            "repairs": [repair.as_json() for repair in self.found],
            "repaired": list(self.done),
            "failed": [{"id": name, "error": error} for name, error in self.failed],
        }


@dataclass(frozen=True)
class Healer:
    """Lists repairs, and does those that a person confirms; each by the rules of its room."""

    state: State
    approvals: Approvals
    watch: LeaseWatch

    def find(self) -> list[Repair]:
        """Return what can be repaired now; raise DamagedError, BusyError."""
        return [*self._stale_leases(), *self._orphaned_locks(), *self._expired_approvals()]

    def heal(self, who: Who, only: Collection[str] | None = None) -> Healed:
        """Do the repairs, or `only` those with these ids; one that fails stops no other."""
        found = self.find()
        done, failed = [], []
        for repair in found:
            if only is not None and repair.id not in only:
                continue
            try:
                repair.run(who)
                done.append(repair.id)
            except OrchError as error:
                failed.append((repair.id, str(error)))
        return Healed(tuple(found), tuple(done), tuple(failed))

    def _stale_leases(self) -> Iterator[Repair]:
        """Yield overdue leases of cores that pull; commands belong to the dispatcher's loop."""
        for lease in self.watch.overdue():
            if lease.mode == "pull":
                yield Repair(
                    f"lease:{lease.task_id}:{lease.generation}",
                    "stale_lease",
                    lease.task_id,
                    f"{lease.core} holds {lease.task_id} past its end and is silent",
                    lambda _who, lease=lease: self.watch.expire(lease),  # type: ignore[misc]
                )

    def _orphaned_locks(self) -> Iterator[Repair]:
        for one in self.watch.foreign_locks():
            if one.expired:
                yield Repair(
                    f"lock:{one.task_id}:{one.lock}",
                    "orphaned_lock",
                    one.task_id,
                    f"the lock {one.lock} ended at {one.lock_expires_at}",
                    lambda who, one=one: self.watch.sweep(  # type: ignore[misc]
                        one.task_id, one.lock, who
                    ),
                )

    def _expired_approvals(self) -> Iterator[Repair]:
        for row in self.state.approvals.records:
            task = self.state.tasks.find(row.task_id)
            if row.status == PENDING and task is not None and task.status in OVER:
                yield Repair(
                    f"approval:{row.appr_id}",
                    "expired_approval",
                    row.appr_id,
                    f"{row.appr_id} is pending although {task.id} is {task.status}",
                    lambda who, row=row: self.approvals.decide(  # type: ignore[misc]
                        row.appr_id, _expiry(who), who, row.rev
                    ),
                )


def _expiry(who: Who) -> Decision:
    role = who.role if who.role in APPROVER_ROLES else "CMD"
    return Decision("expired", who.actor, role, NOTE)
