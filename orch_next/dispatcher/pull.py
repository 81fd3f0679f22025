"""Cores that ask by themselves: claim, renew, beat and report with a token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orch_next.core.again import Again
from orch_next.core.lease_store import Lease, as_utc
from orch_next.core.lease_terms import Holder, Proof, trust_token
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
class _Asked:
    """What a pull core asks for: its next task or a named one; who asks, with which request."""

    core: Core
    task_id: str | None
    claimant: str
    claim_sha256: str | None


@dataclass(frozen=True)
class PullDesk:
    """Serves pull cores in any process: every step is fenced by the lease."""

    lookout: Lookout
    leases: Leases
    workshop: Workshop
    again: Again

    def claim(
        self,
        core: Core,
        task_id: str | None = None,
        claimant: str = "",
        claim_sha256: str | None = None,
    ) -> dict[str, Any] | None:
        """Give the core what it was offered, the named task, or its next one; None for none.

        The same request once more (`claim_sha256`) gets the same lease with a fresh token;
        without one only its own `claimant` is told again of what it never used.
        Raise ForbiddenError for a command core, NotFoundError, or ConflictError with the
        reasons when the named task cannot be taken.
        """
        if core.mode != "pull":
            raise ForbiddenError(f"{core.id} runs a command and claims nothing by itself")
        asked = _Asked(core, task_id, claimant, claim_sha256)
        lease = self.again.claim(claim_sha256, task_id)
        lease = lease or self._offered(asked)
        lease = lease or self._taken(asked)
        return self._answer(core, lease) if lease else None

    def renew(
        self,
        task_id: str,
        token: str,
        seconds: float | None = None,
        proof: Proof = trust_token,
    ) -> dict[str, Any]:
        """Extend a lease; raise ConflictError for a late holder."""
        lease = self.leases.renew(task_id, token, seconds, proof)
        return {
            "job_id": task_id,
            "lock_expires_at": as_utc(lease.expires_at),
            "heartbeat_until": as_utc(lease.heartbeat_at + self.leases.rules.grace),
        }

    def report(self, report: Report, proof: Proof = trust_token) -> dict[str, Any]:
        """Apply a holder's report; DOING renews. Raise ConflictError for a late holder.

        The identical report of the generation that ended so is answered as the first.
        """
        job_id, token = report.job_id, report.token
        if report.status == "DOING":
            return {**self.renew(job_id, token, proof=proof), "status": "DOING"}
        try:
            ended = self.leases.report(job_id, token, report.ending, proof)
        except ConflictError:
            status = self.again.report(job_id, token, report.ending, proof)
            if status is None:
                raise
            return {"job_id": job_id, "status": status}
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

    def _again(self, asked: _Asked) -> Lease | None:
        """Return what the core has already and asks for once more.

        Without a key it names the task, or can have only this one: then, long after a claim
        that it never renewed, its first answer was lost.
        """
        lease = self.again.claim(asked.claim_sha256, asked.task_id)
        if lease is None and (asked.task_id is not None or asked.core.limit == 1):
            lease = self.again.unused(asked.core.id, asked.task_id, asked.claimant)
        return lease

    def _offered(self, asked: _Asked) -> Lease | None:
        offers = (
            lease
            for lease in self.leases.store.held()
            if lease.core == asked.core.id
            and lease.started_at is None
            and asked.task_id in (None, lease.task_id)
        )
        request = (asked.claimant, asked.claim_sha256)
        return self._first(self.leases.hand_over(lease, *request) for lease in offers)

    def _first(self, leases: Iterable[Lease | None]) -> Lease | None:
        return next((lease for lease in leases if lease), None)

    def _taken(self, asked: _Asked) -> Lease | None:
        """Take a task, or return what the core has already of this request."""
        try:
            lease = self._take(asked)
        except ConflictError:
            lease = self._again(asked)
            if lease is None:
                raise
        return lease or self._again(asked)

    def _take(self, asked: _Asked) -> Lease | None:
        core, task_id, sha256 = asked.core, asked.task_id, asked.claim_sha256
        holder = Holder(core.id, core.role, claimant=asked.claimant)
        for _ in range(_TRIES):
            chosen = self._named(core, task_id) if task_id else self._next(core)
            if chosen is None:
                return None
            try:
                return self.leases.claim(chosen, holder, started=True, claim_sha256=sha256)
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
