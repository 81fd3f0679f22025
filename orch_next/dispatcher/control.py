"""What HTTP, CLI and the background loop may do with the dispatcher: one object."""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orch_next.core.events import Change, Who
from orch_next.core.flags import read_flags
from orch_next.core.lease_store import HELD
from orch_next.core.lease_terms import Proof, facts, trust_token
from orch_next.core.lease_watch import ForeignLock, LeaseWatch
from orch_next.core.leases import Leases
from orch_next.core.records import Task
from orch_next.core.repeats import hash_parts
from orch_next.core.schema import APPROVAL, ROLES
from orch_next.dispatcher.cores import Core, Cores, is_core_id
from orch_next.dispatcher.explain import explain_place, explain_task, plan_json
from orch_next.dispatcher.following import Following
from orch_next.dispatcher.hanging import StepWatch
from orch_next.dispatcher.joblog import read_attempt
from orch_next.dispatcher.owner import Ownership
from orch_next.dispatcher.presence import Presence
from orch_next.dispatcher.pull import PullDesk
from orch_next.dispatcher.recovery import Recovery
from orch_next.dispatcher.reports import STATUSES, parse_report
from orch_next.dispatcher.scheduler import fits
from orch_next.dispatcher.sessions import DispatchRequest, parse_request, parse_stop
from orch_next.dispatcher.worker import Worker
from orch_next.errors import BusyError, NotFoundError

log = logging.getLogger(__name__)

# Seconds between steps while commands run, and without any.
BUSY_WAIT = 0.1
IDLE_WAIT = 0.5
# Seconds between looks at the sessions that other processes were asked for.
FOLLOW_SECONDS = 0.5
_CLOSING_SECONDS = 10.0


@dataclass
class Control:
    """The dispatcher of one STATE folder.

    `load_cores` reads `config/cores.toml`.
    """

    worker: Worker
    watch: LeaseWatch
    pull: PullDesk
    presence: Presence
    recovery: Recovery
    owner: Ownership
    load_cores: Callable[[], Cores]
    following: Following
    wake: threading.Event

    def __post_init__(self) -> None:
        self._recovered = self._closing = False
        self._next_follow = 0.0
        self._stepping = threading.Lock()
        self._steps = StepWatch(self.leases.clock.monotonic)

    @property
    def leases(self) -> Leases:
        """Return the leases."""
        return self.worker.leases

    def start(self, body: Any) -> dict[str, Any]:
        """Open a session as `POST /dispatch` asks; the one that runs already is answered.

        Raise InputError, ForbiddenError for a command without token authentication,
        ConfigError for a bad cores.toml, BusyError where the database is away. Whichever
        process dispatches opens it within a moment.
        """
        return self.start_session(parse_request(body, self.load_cores))

    def start_session(self, request: DispatchRequest) -> dict[str, Any]:
        """Open a session; raise as `start` does."""
        self.following.permitted(request.core_id)
        here = not self._closing and self.owner.take()
        if not here and (self.following.alone or self.owner.is_barred()):
            raise BusyError(self.owner.hindrance(), retry_after=5)
        wanted = self.following.open(request, here=here)
        self.wake.set()
        pid = wanted.pid or os.getpid()
        return {"success": True, "pid": pid, "command": " ".join(wanted.request.argv)}

    def stop(self, body: Any = None) -> dict[str, Any]:
        """Close one session or all; commands are ended and their tasks READY again."""
        pids = self.following.stop(parse_stop(body))
        return {"success": True, "stopped": pids, "stopped_pids": pids}

    def drain(self, body: Any = None) -> dict[str, Any]:
        """Let one session or all finish what they have and take no more."""
        return {"success": True, "draining": self.following.drain(parse_stop(body))}

    def nudge(self, body: Any = None) -> dict[str, Any]:
        """Let one session or all look for a task now."""
        return {"success": True, "nudged": self.following.nudge(parse_stop(body))}

    def status(self) -> dict[str, Any]:
        """Return `/status`'s `dispatcher`: `running`, `processes`, and what hinders them."""
        sessions = self.following.shown()
        problems = {one.core_id: one.problem for one in sessions if one.problem}
        hangs = {"step": told} if (told := self.hindrance()) else {}
        return {
            "running": bool(sessions),
            "processes": [dict(one.keys) for one in sessions],
            "problems": {**self.worker.problems, **problems, **hangs},
            "draining": [one.core_id for one in sessions if one.draining],
        }

    def hindrance(self) -> str:
        """Say what the step has been busy with for too long; empty when it does not hang."""
        return self._steps.hindrance(self.worker.doing)

    def stats(self) -> dict[str, Any]:
        """Return the dispatcher's figures; raise DamagedError without a readable ledger."""
        flags = read_flags(self.leases.state.folder)
        tasks = Counter(task.status for task in self.leases.state.tasks.records)
        return {
            "sessions": len(self.following.shown()),
            "jobs": len(self.worker.jobs),
            "leases": len(self.leases.store.held()),
            "foreign_locks": len(self.watch.foreign_locks()),
            "tasks": dict(sorted(tasks.items())),
            "frozen": flags.frozen,
            "auto_decide": flags.auto_decide,
            "dispatches": self.owner.held,
        }

    def explain(self, task_id: str, core_id: str | None = None) -> dict[str, Any]:
        """Say why a task is not running; raise NotFoundError."""
        task = self.leases.state.tasks.get(task_id)
        situation = self.worker.lookout.look()
        running = {one.core_id: one.hindrance for one in self.following.shown()}
        cores = self._cores(core_id, running)
        if self.following.alone:  # a command may be about to open any
            running = {**dict.fromkeys((one.id for one in cores), ""), **running}
        reasons = explain_task(task, situation, cores, running)
        return {
            "task_id": task_id,
            "status": task.status,
            "running": task_id in situation.held,
            "coreId": situation.held.get(task_id),
            "reasons": [reason.as_json() for reason in reasons],
            "prediction": self._place(task, cores, running),
        }

    def dry_run(self, core_id: str) -> dict[str, Any]:
        """Say what a core would take now, in order, and what it could take after that."""
        core = self.load_cores().get(core_id)
        situation = self.worker.lookout.look_for(core)
        return {
            "coreId": core.id,
            "frozen": situation.frozen,
            "tasks": plan_json(core, situation),
        }

    def claim(
        self, core_id: str, task_id: str | None = None, key: str | None = None, claimant: str = ""
    ) -> dict[str, Any] | None:
        """Let a pull core take a task; see `PullDesk.claim`.

        With a `key` the request of one core and claimant has its effect once.
        """
        core = self.load_cores().get(core_id)
        self._hear(core)
        claim_sha256 = hash_parts(core_id, key, claimant) if key else None
        return self.pull.claim(core, task_id, claimant, claim_sha256)

    def beat(self, core_id: str, claimant: str = "") -> None:
        """Note a sign of life: the core's leases live on, and offers to it begin again.

        An agent whose id is no core's is none of our business.
        """
        if is_core_id(core_id):
            self.leases.beat(core_id, claimant)
            self._hear(self.load_cores().get(core_id))

    def report(
        self,
        task_id: str,
        token: str,
        status: str,
        artifact: str = "",
        message: str = "",
        proof: Proof = trust_token,
    ) -> dict[str, Any]:
        """End or renew a lease as its holder says.

        Raise InputError, NotFoundError, or ConflictError for a late holder.
        """
        body = {"job_id": task_id, "token": token, "status": status}
        parsed = parse_report({**body, "artifact": artifact, "message": message})
        return self.pull.report(parsed, proof)

    def report_proved(
        self, task_id: str, status: str, artifact: str = "", message: str = ""
    ) -> bool:
        """Do as `report` for a report that a signature proves instead of a token.

        False, and nothing done, where no core holds the task or the status is no report.
        """
        lease = self.leases.store.find(task_id)
        if lease is None or lease.state != HELD or status not in STATUSES:
            return False
        body = {"job_id": task_id, "status": status, "artifact": artifact, "message": message}
        self.pull.report_proved(parse_report(body))
        return True

    def attempts(self, task_id: str) -> list[dict[str, Any]]:
        """List a task's attempts; raise NotFoundError for a task that was never there."""
        found = self.leases.store.attempts(task_id)
        if not found:
            self.leases.state.tasks.get(task_id)
        return [attempt.as_json() for attempt in found]

    def job_log(self, task_id: str, offset: int = 0, attempt: int | None = None) -> dict[str, Any]:
        """Return an attempt's output from a byte offset; the last attempt without a number.

        Raise NotFoundError for a task or an attempt that has no log.
        """
        known = [
            one
            for one in self.leases.store.attempts(task_id)
            if one.log and attempt in (None, one.attempt)
        ]
        if not known:
            raise NotFoundError(f"no log of {task_id!r}")
        return read_attempt(self.worker.workshop.root, known[-1], offset)

    def held(self) -> list[dict[str, Any]]:
        """List who holds what, the oldest lease first; no token is told."""
        return [
            {**facts(lease), "mode": lease.mode, "started": lease.started_at is not None}
            for lease in self.leases.store.held()
        ]

    def foreign_locks(self) -> list[ForeignLock]:
        """List locks of others; the expired ones wait for `sweep`."""
        return self.watch.foreign_locks()

    def sweep(self, who: Who) -> list[Task]:
        """Clear every expired foreign lock, as a person asked."""
        return self.watch.sweep_all(who)

    def alerts(self) -> list[dict[str, Any]]:
        """Return an alert for each task that is on HOLD after its failures (contract 0.2)."""
        failures, limit = self.leases.store.failures(), self.leases.rules.max_failures
        at = self.leases.clock.now().astimezone().replace(tzinfo=None)
        return [
            {
                "id": f"task_held_{task.id}",
                "type": "error",
                "title": "タスク保留",
                "message": f"タスク {task.id}: {task.title} は{failures[task.id]}回失敗しました",
                "timestamp": at.isoformat(timespec="microseconds"),
            }
            for task in self.leases.state.tasks.records
            if task.status == "HOLD" and failures.get(task.id, 0) >= limit
        ]

    def on_change(self, change: Change) -> None:
        """Hear of the board's changes, as a listener: decisions take effect at the next step."""
        if change.kind == APPROVAL.name:
            self.worker.look_soon()
        self.wake.set()

    def step(self) -> None:
        """Do what is due, if this process dispatches; the background loop calls it."""
        if not self.owner.take():
            return
        with self._stepping, self._steps.running() as at:
            if not self._recovered:
                self._recover()
            if at >= self._next_follow and not self._closing:
                self._next_follow = at + FOLLOW_SECONDS
                self.worker.guard("sessions", self.following.follow)
            self.worker.step(at)
            self.worker.guard("presence", lambda: self._show(at))

    def wait(self) -> None:
        """Wait until the next step is due or something happens; for a real thread."""
        self.wake.wait(BUSY_WAIT if self.worker.is_busy() else IDLE_WAIT)
        self.wake.clear()

    def close(self) -> None:
        """Stop this process's work and wait for its commands, at most 10 s; give the right back.

        Sessions are wanted on: the next process that dispatches opens them.
        """
        self._closing = True
        self.following.leave()
        end = self.leases.clock.monotonic() + _CLOSING_SECONDS
        while self.worker.is_busy() and self.leases.clock.monotonic() < end:
            self.step()
            threading.Event().wait(BUSY_WAIT)
        self.owner.release()

    def _hear(self, core: Core) -> None:
        self.following.hear(core.id)
        if core.role in ROLES:  # heartbeat.json knows roles, not any agent's name
            at = self.leases.clock.monotonic()
            self.worker.guard("presence", lambda: self.presence.beat([core.role], at))

    def _recover(self) -> None:
        self.recovery.run()
        self.following.take_over()
        expired = [one.task_id for one in self.foreign_locks() if one.expired]
        if expired:
            log.warning(
                "expired locks that are not ours stay until `orch-next leases sweep`: %s",
                ", ".join(expired),
            )
        self._recovered = True

    def _show(self, at: float) -> None:
        sessions = list(self.worker.sessions.values())
        busy = {lease.core for lease in self.worker.leases_seen().held} if sessions else set()
        self.presence.show(sessions, busy, at)

    def _place(
        self, task: Task, cores: Sequence[Core], running: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """Say what a prediction does to the task's turn at the core that would take it."""
        fitting = [core for core in cores if fits(task.owner, core)]
        at_work = [core for core in fitting if running.get(core.id) == ""]
        asked = (at_work or fitting)[:1]
        places = (explain_place(task, one, self.worker.lookout.look_for(one)) for one in asked)
        return next(places, None)

    def _cores(self, core_id: str | None, running: Mapping[str, str]) -> list[Core]:
        cores = self.load_cores()
        if core_id:
            return [cores.get(core_id)]
        return list({**cores.known, **{one: cores.get(one) for one in running}}.values())
