"""Leases that fence: a task is held by one generation, and only its token may end it."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from orch_next.core.changes import ChangeRequest, Edit
from orch_next.core.deadlines import Clock, Deadlines
from orch_next.core.events import Who
from orch_next.core.lease_store import HELD, Lease, LeaseStore, as_utc
from orch_next.core.lease_terms import (
    DISPATCHER,
    FREED,
    Ended,
    Ending,
    Holder,
    LeaseRules,
    Proof,
    claimed_cells,
    facts,
    hash_report,
    hash_token,
    is_ours,
    late,
    redact,
    refuse_unready,
    trust_token,
)
from orch_next.core.records import Task
from orch_next.core.schema import TASK
from orch_next.core.shared_time import SharedTime
from orch_next.core.state import State
from orch_next.core.view import LedgerView
from orch_next.errors import ConflictError, InputError, OrchError, UncertainError

REPORTS = ("REVIEW", "FIX", "READY")
LONGEST_ID = 255
# A renewal that gains less is only a heartbeat: the ledger is not written for it.
_LEAST_GAIN = 60.0

Tell = Callable[[str, dict[str, Any]], None]
Check = Callable[[Task], Lease]


class _StillOursError(Exception):
    """Abandons a write that was begun only to look under the lock: nothing is lost."""


class _LostError(Exception):
    """Abandons such a write: the row does not show the lease; says its status."""


@dataclass
class Leases:
    """The leases of one STATE folder; every check is made under the ledger's lock."""

    state: State
    store: LeaseStore
    clock: Clock
    make_token: Callable[[], str]
    tell: Tell
    rules: LeaseRules = field(default_factory=LeaseRules)

    def __post_init__(self) -> None:
        self.time = SharedTime(self.clock, self.store.read_time)
        self.deadlines = Deadlines(Clock(self.time.now_utc, self.clock.monotonic))

    def claim(
        self,
        task_id: str,
        holder: Holder,
        *,
        started: bool = False,
        claim_sha256: str | None = None,
    ) -> Lease:
        """Give the task to the holder: DOING, lock cells, a new generation and its token.

        Raise ConflictError when it is not READY, locked or leased, or when the same request
        took a task meanwhile. Three durable writes: lease, ledger, journal.
        """
        if len(task_id) > LONGEST_ID:
            raise InputError(f"a task id of more than {LONGEST_ID} characters has no lease")
        made: list[Lease] = []
        details: dict[str, Any] = {}

        def plan(view: LedgerView[Task]) -> Edit:
            entry = view.get_writable(task_id)
            refuse_unready(entry.record)
            if claim_sha256 and not made and self.store.repeats.find_claim(claim_sha256):
                raise ConflictError("the same request has taken a task meanwhile")
            lease = made[0] if made else self._new_lease(task_id, holder, started=started)
            step = Edit(task_id, view.set_cells(entry, claimed_cells(lease)))
            if not made:  # a plan is called again when an outside save comes first
                made.append(lease)
                self.store.take(replace(lease, claim_sha256=claim_sha256))
            details.update(facts(lease))
            return step

        with self._dropping_lost(made):
            request = ChangeRequest("task_claimed", holder.who, details)
            outcome = self.state.change(TASK, plan, request)
        self.tell("task_dispatched", self._signal(made[0], outcome.after))
        return made[0]

    def hand_over(
        self, lease: Lease, claimant: str = "", claim_sha256: str | None = None
    ) -> Lease | None:
        """Give an offered lease to its core: started now, with a new token; None if taken."""
        token = self._token(lease.generation)
        at = self.now()
        started = replace(lease, token_hash=hash_token(token), started_at=at, heartbeat_at=at)
        claimed = replace(started, token=token, claimant=claimant, claim_sha256=claim_sha256)
        return claimed if self.store.hand_over(lease, claimed) else None

    def exchange_token(self, lease: Lease, *, once: bool) -> Lease | None:
        """Give the same generation a fresh token, after which the former one is late.

        Of several who ask `once` for one claim a single one gets it, as if it were claimed now.
        """
        token = self._token(lease.generation)
        told = replace(lease, token_hash=hash_token(token), token=token)
        since = self.now() if once else None
        return told if self.store.exchange_token(lease, told.token_hash, since=since) else None

    def start(self, lease: Lease) -> bool:
        """Note that the core of an offered lease is at work; False if it was taken back."""
        at = self.now()
        return self.store.start(lease, {"started_at": at, "heartbeat_at": at})

    def is_held(self, lease: Lease) -> bool:
        """Tell whether this generation still holds the task."""
        present = self.store.find(lease.task_id)
        if present is None or present.state != HELD:
            return False
        return present.generation == lease.generation

    def beat(self, core_id: str, claimant: str = "") -> None:
        """Note a sign of life of a core: its leases do not expire in silence.

        With a claimant only those that it claimed, and those that no identity did.
        """
        self.store.beat(core_id, self.now(), claimant)

    def renew(
        self, task_id: str, token: str, seconds: float | None = None, proof: Proof = trust_token
    ) -> Lease:
        """Extend the lease by at most the extension, never beyond a full TTL from now.

        Raise ConflictError for a late holder. Each call counts as a heartbeat.
        """
        lease, at = replace(self.known(task_id), token=token), self.now()
        asked = self.rules.extension if seconds is None else max(seconds, 0.0)
        extended = lease.expires_at + min(asked, self.rules.extension)
        until = max(lease.expires_at, float(int(min(extended, at + self.rules.ttl))))
        values = {"heartbeat_at": at, "started_at": lease.started_at or at}
        if until - lease.expires_at < min(_LEAST_GAIN, self.rules.extension):
            return self._touch(lease, token, values, proof)
        return self._extend(lease, token, {**values, "expires_at": until}, proof)

    def report(self, task_id: str, token: str, ending: Ending, proof: Proof = trust_token) -> Ended:
        """End the lease as its holder says; raise ConflictError for a late one."""
        if ending.status not in REPORTS:
            raise InputError(f"a core reports {', '.join(REPORTS)}, not {ending.status!r}")
        lease = self.known(task_id)
        who = Who(lease.core, "-", "dispatcher", claimed=False)
        said = hash_report(ending)
        message, artifact = redact(ending.message, token), redact(ending.artifact, token)
        ending = replace(ending, message=message, artifact=artifact)
        return self._end(lease, ending, who, lambda task: self.check(task, token, proof), said)

    def end(self, lease: Lease, ending: Ending) -> Ended:
        """End a lease by the dispatcher's own authority, if this generation still holds it."""
        return self._end(lease, ending, DISPATCHER, lambda task: self._check_same(task, lease))

    def check(self, task: Task, token: str, proof: Proof = trust_token) -> Lease:
        """Return the lease if this token holds it: generation, end and row all agree.

        `proof` judges whose token it is; what it raises passes.
        """
        lease = self.known(task.id)
        fits = hmac.compare_digest(hash_token(token), lease.token_hash)
        if lease.state != HELD or not fits or self.is_lost(lease) or not is_ours(task, lease):
            raise late(task.id, task)
        proof(lease)
        return lease

    def is_lost(self, lease: Lease) -> bool:
        """Tell whether the lease is past its end and grace and its core is silent."""
        rules, key = self.rules, (lease.task_id, lease.generation)
        over = self.deadlines.passed(
            key, lease.expires_at + rules.grace, longest=rules.ttl + rules.grace
        )
        silent = self.deadlines.passed(
            ("beat", *key), lease.heartbeat_at + rules.grace, longest=rules.grace
        )
        return over and silent

    def known(self, task_id: str) -> Lease:
        """Return the task's last lease; raise NotFoundError or ConflictError without one."""
        lease = self.store.find(task_id)
        if lease is None:
            self.state.tasks.get(task_id)
            raise ConflictError(f"{task_id} was never claimed")
        return lease

    def drop_if_lost(self, lease: Lease) -> bool:
        """Free a lease whose row shows it no more, looking under the lock; tell if it did.

        The ledger is the truth: a person may take a task from its core by an edit. Our
        lock that such an edit left behind is cleared.
        """

        def plan(view: LedgerView[Task]) -> Edit:
            view.refuse_damage()
            entry = view.find(lease.task_id)
            if entry and is_ours(entry.record, lease):
                raise _StillOursError
            if entry is None or entry.record.lock != lease.lock:
                raise _LostError(entry.record.status if entry else "gone")
            lost.append(entry.record.status)
            return Edit(lease.task_id, view.set_cells(entry, FREED))

        lost: list[str] = []
        try:
            request = ChangeRequest("task_lease_dropped", DISPATCHER, facts(lease))
            self.state.change(TASK, plan, request)
        except _StillOursError:
            return False
        except _LostError as error:
            lost.append(str(error))
        self._free(lease, f"taken: {lost[-1]}"[:32], lease.failures, None)
        return True

    def now(self) -> float:
        """Return the time of day in epoch seconds, by the clock that all hosts share."""
        return self.time.now()

    def _new_lease(self, task_id: str, holder: Holder, *, started: bool) -> Lease:
        before = self.store.find(task_id)
        if before and before.state == HELD:
            raise ConflictError(f"the lease of {before.core} on {task_id} is being ended")
        at = float(int(self.now()))
        generation = before.generation + 1 if before else 1
        failures = before.failures if before else 0
        token = self._token(generation)
        return Lease(
            task_id=task_id,
            generation=generation,
            token_hash=hash_token(token),
            core=holder.id,
            mode=holder.mode,
            state=HELD,
            lock=f"{holder.id}@{as_utc(at)}",
            acquired_at=at,
            expires_at=at + self.rules.ttl,
            heartbeat_at=at,
            started_at=at if started else None,
            attempt=before.attempt + 1 if before else 1,
            # At the limit the task went to HOLD: READY again means that a person forgave.
            failures=0 if failures >= self.rules.max_failures else failures,
            token=token,
            claimant=holder.claimant,
        )

    @contextmanager
    def _dropping_lost(self, made: list[Lease]) -> Iterator[None]:
        """Free what was leased for a write that failed; the ledger decides if it did."""
        done = False
        try:
            yield
            done = True
        except UncertainError:
            done = True  # in place: the lease stands, and ends as one that never started
            raise
        finally:
            if made and not done:
                with suppress(OrchError):
                    self.drop_if_lost(made[0])

    def _touch(self, lease: Lease, token: str, values: Mapping[str, Any], proof: Proof) -> Lease:
        task = self.state.tasks.get(lease.task_id)
        self.check(task, token, proof)
        if not self.store.change(lease, values):
            raise late(lease.task_id, task)
        return replace(lease, **values)

    def _extend(self, lease: Lease, token: str, values: Mapping[str, Any], proof: Proof) -> Lease:
        extended = replace(lease, **values)

        def plan(view: LedgerView[Task]) -> Edit:
            entry = view.get_writable(lease.task_id)
            self._confirm(lease, self.check(entry.record, token, proof), entry.record)
            until = {"lock_expires_at": claimed_cells(extended)["lock_expires_at"]}
            step = Edit(lease.task_id, view.set_cells(entry, until))
            self.store.change(lease, values)
            return step

        request = ChangeRequest("task_lease_renewed", DISPATCHER, facts(extended))
        self.state.change(TASK, plan, request)
        return extended

    def _end(self, lease: Lease, ending: Ending, who: Who, check: Check, said: str = "") -> Ended:
        failures = self._failures_after(lease, ending)
        alert = ending.failed and failures >= self.rules.max_failures
        ending = replace(ending, status="HOLD") if alert else ending
        details = {**facts(lease), **ending.as_json(), "failures": failures, "alert": alert}

        def plan(view: LedgerView[Task]) -> Edit:
            entry = view.get_writable(lease.task_id)
            self._confirm(lease, check(entry.record), entry.record)
            if said:
                noted = (lease.task_id, lease.generation, said, ending.status)
                self.store.repeats.note_report(*noted)
            artifact = {"artifact": ending.artifact} if ending.artifact else {}
            cells = {"status": ending.status, **FREED, **artifact}
            return Edit(lease.task_id, view.set_cells(entry, cells))

        outcome = self.state.change(TASK, plan, ChangeRequest(ending.event, who, details))
        self._free(lease, ending.outcome, failures, ending.exit_status)
        self.tell(ending.signal, self._signal(lease, outcome.after) | details)
        return Ended(outcome.after, lease, ending)

    def _failures_after(self, lease: Lease, ending: Ending) -> int:
        if ending.status == "REVIEW":
            return 0
        return lease.failures + int(ending.failed)

    def _confirm(self, expected: Lease, present: Lease, task: Task) -> None:
        # Between our first look and the lock the task may have got a new generation.
        if present.generation != expected.generation:
            raise late(task.id, task)

    def _check_same(self, task: Task, lease: Lease) -> Lease:
        present = self.known(task.id)
        if present.state != HELD or not is_ours(task, lease):
            raise late(task.id, task)
        return present

    def _free(self, lease: Lease, outcome: str, failures: int, status: int | None) -> None:
        self.store.end(lease, at=self.now(), outcome=outcome, failures=failures, exit_status=status)

    def _token(self, generation: int) -> str:
        return f"{generation}.{self.make_token()}"

    def _signal(self, lease: Lease, task: Task) -> dict[str, Any]:
        return {**facts(lease), "title": task.title, "status": task.status, "rev": task.rev}
