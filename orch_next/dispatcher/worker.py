"""The dispatcher's heart: `step` looks after jobs and leases and gives out tasks."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from orch_next.core.lease_store import Lease, LeaseSnapshot
from orch_next.core.lease_terms import Holder, taken_back
from orch_next.core.lease_watch import LeaseWatch
from orch_next.core.leases import Leases
from orch_next.core.requests import Requests
from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.runner import Finished
from orch_next.dispatcher.scheduler import next_task
from orch_next.dispatcher.sessions import DispatchRequest, Session
from orch_next.dispatcher.situation import Lookout
from orch_next.dispatcher.work import LOST, STOPPED, Running, Workshop
from orch_next.errors import ConflictError, NotFoundError, OrchError

log = logging.getLogger(__name__)

# Seconds between looks at leases, approvals and outside edits.
WATCH_SECONDS = 1.0
# Seconds that a core rests whose command could not be started.
REST_SECONDS = 60.0


@dataclass
class Worker:
    """One dispatcher's sessions and jobs.

    One thread calls `step`; any thread may start, stop, drain and nudge sessions. `closed`
    hears of sessions that end by themselves; `doing` is the part of the step that was begun last.
    """

    lookout: Lookout
    leases: Leases
    watch: LeaseWatch
    requests: Requests
    workshop: Workshop
    wake: Callable[[], None]
    closed: Callable[[Session], None]
    sessions: dict[str, Session] = field(default_factory=dict)
    jobs: dict[str, Running] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    doing: str = ""

    def __post_init__(self) -> None:
        self._ended: dict[str, tuple[Running, Finished]] = {}
        self._next_watch = 0.0
        self._seen: LeaseSnapshot | None = None
        self._lock = threading.Lock()

    def start(self, core: Core, request: DispatchRequest, uid: str) -> Session:
        """Open a session for the row that wants it, and tell clients."""
        session = Session(core, request, os.getpid(), uid=uid)
        with self._lock:
            self.sessions[core.id] = session
        self.workshop.tell("dispatcher_started", session.as_event(self.leases.clock.now()))
        self.wake()
        return session

    def stop(self, core_id: str | None) -> list[Session]:
        """Close sessions; their commands are ended, and their tasks are READY again."""
        with self._lock:
            found = self._named(core_id)
            for session in found:
                session.stopping = True
                del self.sessions[session.core.id]
                self.problems.pop(session.core.id, None)
        for running in self._jobs_of({session.core.id for session in found}):
            running.run.stop(STOPPED, self.leases.clock.monotonic())
        for session in found:
            self.tell_stopped(session)
        self.wake()
        return found

    def drain(self, core_id: str | None) -> list[Session]:
        """Let sessions finish what they have and take no more; they close by themselves."""
        found = self._named(core_id)
        for session in found:
            session.draining = True
        self.wake()
        return found

    def nudge(self, core_id: str | None) -> list[Session]:
        """Let sessions look for a task now."""
        found = self._named(core_id)
        for session in found:
            session.due = 0.0
            if session.silent:
                session.silent, session.problem = False, ""
        self.wake()
        return found

    def step(self, at: float) -> None:
        """Do what is due at monotonic second `at`: jobs, then leases, then new tasks."""
        self._seen = None
        self._do("jobs", lambda: self._look_after_jobs(at))
        if at >= self._next_watch:
            self._next_watch = at + WATCH_SECONDS
            self._do("leases", lambda: self._look_after_leases(at))
            self._do("approvals", self._look_after_approvals)
        for session in list(self.sessions.values()):
            self._do(session.core.id, partial(self._serve, session, at))

    def _do(self, name: str, work: Callable[[], None]) -> None:
        self.doing = name
        self.guard(name, work)

    def leases_seen(self) -> LeaseSnapshot:
        """Return the leases as this step found them: read once, and again behind its own writes.

        Nothing is decided by it alone: each lease is looked at again under the ledger's lock.
        """
        if self._seen is None:
            self._seen = self.leases.store.snapshot()
        return self._seen

    def look_soon(self) -> None:
        """Let the next step look after leases and approvals; quick, for any thread."""
        self._next_watch = 0.0

    def is_busy(self) -> bool:
        """Tell whether commands run or results wait to be written."""
        return bool(self.jobs or self._ended)

    def _named(self, core_id: str | None) -> list[Session]:
        found = list(self.sessions.values())
        return [one for one in found if core_id is None or one.core.id == core_id]

    def _jobs_of(self, cores: Iterable[str]) -> list[Running]:
        return [job for job in list(self.jobs.values()) if job.lease.core in cores]

    def guard(self, name: str, work: Callable[[], None]) -> None:
        """Run one part; what stops it now is shown and tried again at the next step."""
        try:
            work()
            self.problems.pop(name, None)
        except OrchError as error:
            if self.problems.get(name) != str(error):
                log.warning("dispatcher, %s: %s", name, error)
            self.problems[name] = str(error)

    def _look_after_jobs(self, at: float) -> None:
        for task_id, running in list(self.jobs.items()):
            finished = running.run.poll(at)
            self.workshop.tell_lines(running)
            if finished:
                del self.jobs[task_id]
                self._ended[task_id] = (running, finished)
            else:
                self._keep(running, at)
        for task_id in list(self._ended):
            self._finish(task_id)

    def _finish(self, task_id: str) -> None:
        running, finished = self._ended[task_id]
        self._seen = None
        while self.workshop.tell_lines(running):
            pass
        try:
            self.workshop.finish(running, finished)
        except (ConflictError, NotFoundError) as error:
            log.warning("the result of %s is not wanted any more: %s", task_id, error)
            self._give_up(running.lease)
        del self._ended[task_id]
        session = self.sessions.get(running.lease.core)
        if session:
            session.due = 0.0

    def _give_up(self, lease: Lease) -> None:
        """End a lease whose result was refused: it ran out, or a person has the task."""
        try:
            self.leases.end(lease, taken_back("lost", "the result came too late"))
        except (ConflictError, NotFoundError):
            self.leases.drop_if_lost(lease)

    def _keep(self, running: Running, at: float) -> None:
        """Keep a running command's records: that it began, and that it still works."""
        if not running.noted and not self.workshop.note(running):
            running.run.stop(LOST, at)
        elif at >= running.renew_at:
            self._renew(running, at)

    def _renew(self, running: Running, at: float) -> None:
        running.renew_at = at + self.leases.rules.extension / 2
        try:
            running.lease = self.leases.renew(running.lease.task_id, running.lease.token)
        except (ConflictError, NotFoundError):
            running.run.stop(LOST, at)

    def _look_after_leases(self, at: float) -> None:
        for lease in self.watch.strays(self.leases_seen().held):
            self._let_go(lease, at, partial(self.leases.drop_if_lost, lease))
        for lease in self.watch.overdue(self.leases_seen().held):
            self._let_go(lease, at, partial(self.watch.expire, lease))
        for lease in self.watch.unstarted(self.leases_seen().held):
            self._let_go(lease, at, partial(self._not_started, lease))

    def _let_go(self, lease: Lease, at: float, end: Callable[[], Any]) -> None:
        """End a lease, but only when no process of ours works on it any more."""
        running = self.jobs.get(lease.task_id)
        if running is not None and running.lease.generation == lease.generation:
            running.run.stop(LOST, at)
        elif lease.task_id not in self._ended:
            self._seen = None
            try:
                end()
            except ConflictError as error:
                log.info("the lease on %s ended by itself: %s", lease.task_id, error)

    def _not_started(self, lease: Lease) -> None:
        self.watch.expire_unstarted(lease)
        session = self.sessions.get(lease.core)
        if session:
            session.silent = True
            session.problem = f"{lease.core} did not fetch {lease.task_id}"

    def _look_after_approvals(self) -> None:
        self.requests.settle()
        self.requests.ensure()

    def _serve(self, session: Session, at: float) -> None:
        if self._is_over(session):
            self._close(session)
        elif at >= session.due and not (session.draining or session.silent):
            session.due = at + session.request.interval
            self._fill(session, at)

    def _is_over(self, session: Session) -> bool:
        ended = (running.lease.core for running, _ in self._ended.values())
        if session.stopping or session.core.id in ended or self._jobs_of({session.core.id}):
            return False
        once = not session.request.stay and session.taken > 0
        return session.draining or once

    def _close(self, session: Session) -> None:
        with self._lock:
            if self.sessions.get(session.core.id) is session:
                del self.sessions[session.core.id]
                self.problems.pop(session.core.id, None)
        self.closed(session)
        self.tell_stopped(session)

    def tell_stopped(self, session: Session) -> None:
        """Tell clients that a session is closed."""
        at = self.leases.clock.now()
        self.workshop.tell("dispatcher_stopped", session.as_event(at))

    def _fill(self, session: Session, at: float) -> None:
        """Take tasks up to the core's limit, or one for a session that does not stay."""
        while not session.stopping:
            task = next_task(session.core, self.lookout.look_for(session.core, self.leases_seen()))
            if task is None:
                if not session.request.stay and not session.taken:
                    self._close(session)
                return
            if not self._take(session, task.id, at) or not session.request.stay:
                return

    def _take(self, session: Session, task_id: str, at: float) -> bool:
        core, self._seen = session.core, None
        try:
            lease = self.leases.claim(task_id, Holder(core.id, core.role, core.mode))
        except ConflictError as error:
            log.info("%s was taken by another: %s", task_id, error)
            session.due = 0.0
            return False
        session.taken, session.problem = session.taken + 1, ""
        return core.mode == "pull" or self._run(session, lease, at)

    def _run(self, session: Session, lease: Lease, at: float) -> bool:
        task = self.leases.state.tasks.get(lease.task_id)
        try:
            running = self.workshop.start(session.core, task, lease, at)
        except ConflictError as error:
            log.info("the lease on %s was taken back: %s", task.id, error)
            return False
        except (OSError, ValueError) as error:
            session.problem = f"{session.core.command[0]}: {error}"
            session.due = at + REST_SECONDS
            log.error("the command of %s cannot be started: %s", session.core.id, error)
            self.workshop.give_back(lease, error)
            return False
        # First into our books: whatever fails now, the process is known and looked after.
        self.jobs[lease.task_id] = running
        if session.stopping:
            running.run.stop(STOPPED, at)
        self._keep(running, at)
        return True
