"""Cores that ask by themselves: claim, renew, beat and report with a token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orch_next.core.lease_store import Lease, as_utc
from orch_next.core.lease_terms import Holder
from orch_next.core.leases import Leases
from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.reports import Report
from orch_next.dispatcher.scheduler import explain, next_task
from orch_next.dispatcher.situation import Lookout
from orch_next.dispatcher.work import Workshop
from orch_next.errors import ConflictError, ForbiddenError

# How often a claim looks again when another core was faster.
_TRIES = 5


@dataclass(frozen=True)
class PullDesk:
    """Serves pull cores in any process: every step is fenced by the lease."""

    lookout: Lookout
    leases: Leases
    workshop: Workshop

    def claim(self, core: Core, task_id: str | None = None) -> dict[str, Any] | None:
        """Give the core what it was offered, the named task, or its next one; None for none.

        Raise ForbiddenError for a command core, NotFoundError, or ConflictError with the
        reasons when the named task cannot be taken.
        """
        if core.mode != "pull":
            raise ForbiddenError(f"{core.id} runs a command and claims nothing by itself")
        lease = self._offered(core, task_id) or self._take(core, task_id)
        return self._answer(core, lease) if lease else None

    def renew(self, task_id: str, token: str, seconds: float | None = None) -> dict[str, Any]:
        """Extend a lease; raise ConflictError for a late holder."""
        lease = self.leases.renew(task_id, token, seconds)
        return {
            "job_id": task_id,
            "lock_expires_at": as_utc(lease.expires_at),
            "heartbeat_until": as_utc(lease.heartbeat_at + self.leases.rules.grace),
        }

    def report(self, report: Report) -> dict[str, Any]:
        """Apply a holder's report; DOING renews. Raise ConflictError for a late holder."""
        if report.status == "DOING":
            return {**self.renew(report.job_id, report.token), "status": "DOING"}
        ended = self.leases.report(report.job_id, report.token, report.ending)
        self.workshop.ask(ended, "")
        return {"job_id": report.job_id, "status": ended.task.status}

    def report_proved(self, report: Report) -> dict[str, Any]:
        """Apply a report that a signature proves instead of a token (the webhook)."""
        lease = self.leases.known(report.job_id)
        if report.status == "DOING":
            self.leases.beat(lease.core)
            return {"job_id": report.job_id, "status": "DOING"}
        ended = self.leases.end(lease, report.ending)
        self.workshop.ask(ended, "")
        return {"job_id": report.job_id, "status": ended.task.status}

    def _offered(self, core: Core, task_id: str | None) -> Lease | None:
        offers = (
            lease
            for lease in self.leases.store.held()
            if lease.core == core.id
            and lease.started_at is None
            and task_id in (None, lease.task_id)
        )
        return self._first(self.leases.hand_over(lease) for lease in offers)

    def _first(self, leases: Iterable[Lease | None]) -> Lease | None:
        return next((lease for lease in leases if lease), None)

    def _take(self, core: Core, task_id: str | None) -> Lease | None:
        for _ in range(_TRIES):
            chosen = self._named(core, task_id) if task_id else self._next(core)
            if chosen is None:
                return None
            try:
                return self.leases.claim(chosen, Holder(core.id, core.role), started=True)
            except ConflictError:
                if task_id:
                    raise
        return None

    def _next(self, core: Core) -> str | None:
        task = next_task(core, self.lookout.look_for(core))
        return task.id if task else None

    def _named(self, core: Core, task_id: str) -> str:
        task = self.leases.state.tasks.get(task_id)
        reasons = explain(task, core, self.lookout.look())
        if reasons:
            text = "; ".join(reason.message for reason in reasons)
            raise ConflictError(f"{task_id} cannot be taken: {text}", task.as_json())
        return task_id

    def _answer(self, core: Core, lease: Lease) -> dict[str, Any]:
        task = self.leases.state.tasks.get(lease.task_id)
        return {**self.workshop.payload(core, task, lease), "token": lease.token}
