"""A core asks once more, because the answer to its claim or report was lost."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from orch_next.core.lease_store import Lease
from orch_next.core.lease_terms import (
    Ending,
    Proof,
    hash_report,
    hash_token,
    is_ours,
    late,
    trust_token,
)
from orch_next.core.leases import Leases
from orch_next.errors import ConflictError


@dataclass(frozen=True)
class Again:
    """Answers what was asked before; two holders of one generation never both work.

    Whoever is told again gets a fresh token, and the former one ends.
    """

    leases: Leases

    def claim(self, claim_sha256: str | None, task_id: str | None) -> Lease | None:
        """Return what the same request took; raise ConflictError when that is over."""
        known = self.leases.store.repeats.find_claim(claim_sha256) if claim_sha256 else None
        if known is None:
            return None
        if task_id not in (None, known.task_id):
            raise ConflictError("this Idempotency-Key was used with another payload")
        lease = self.leases.known(known.task_id)
        if lease.generation != known.generation or not self.leases.is_held(lease):
            raise late(known.task_id, self.leases.state.tasks.find(known.task_id))
        return self._tell(lease, once=False)

    def unused(self, core_id: str, task_id: str | None, claimant: str = "") -> Lease | None:
        """Return what the core was given long ago and never renewed; None when it has no such.

        Another claimant's is none.
        """
        for lease in self.leases.store.held():
            same = (lease.core, lease.claimant) == (core_id, claimant)
            if same and task_id in (None, lease.task_id) and self._is_unused(lease):
                return self._tell(lease, once=True)
        return None

    def report(
        self, task_id: str, token: str, ending: Ending, proof: Proof = trust_token
    ) -> str | None:
        """Return the status that the same report of this generation gave; None for nothing.

        `proof` judges whose token it is; what it raises passes.
        """
        lease = self.leases.known(task_id)
        known = self.leases.store.repeats.find(task_id, lease.generation)
        fits = hmac.compare_digest(hash_token(token), lease.token_hash)
        if known is None or known.report_sha256 != hash_report(ending) or not fits:
            return None
        proof(lease)
        self.leases.drop_if_lost(lease)  # a crash may have come between ledger and database
        attempt = self.leases.store.attempts(task_id)[-1]
        applied = (ending.outcome, f"taken: {known.status}")
        if attempt.generation != lease.generation or attempt.outcome not in applied:
            return None
        return known.status

    def _is_unused(self, lease: Lease) -> bool:
        if lease.started_at is None or lease.mode != "pull":
            return False
        known = self.leases.store.repeats.find(lease.task_id, lease.generation)
        if known is None or known.used_at is not None:
            return False
        key, limit = ("use", lease.task_id, lease.generation), self.leases.rules.start
        return self.leases.deadlines.passed(key, lease.started_at + limit, longest=limit)

    def _tell(self, lease: Lease, *, once: bool) -> Lease:
        task = self.leases.state.tasks.find(lease.task_id)
        if self.leases.is_lost(lease) or not is_ours(task, lease):
            raise late(lease.task_id, task)
        told = self.leases.exchange_token(lease, once=once)
        if told is None:
            raise late(lease.task_id, task)
        return told
