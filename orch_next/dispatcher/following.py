"""Keep this process's sessions as the rows want them, and say what any process may say of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.sessions import DispatchRequest, Session, describe
from orch_next.dispatcher.wanted import Wanted, WantedSessions
from orch_next.dispatcher.worker import Worker
from orch_next.errors import BusyError, OrchError, RuleError

# Anybody who may dispatch may name a core that no file knows.
MOST_SESSIONS = 1_000
WAITING = "waits for the process that dispatches"


@dataclass(frozen=True)
class Shown:
    """A session as any process shows it; `hindrance` is empty when it takes tasks."""

    core_id: str
    keys: Mapping[str, Any]
    problem: str
    draining: bool

    @property
    def hindrance(self) -> str:
        """Say what keeps the session from taking tasks."""
        return f"{self.core_id} is draining" if self.draining else self.problem


@dataclass
class Following:
    """What people start and stop is a row; who dispatches follows the rows.

    With `alone` only the sessions that this process opened are followed, and they end with
    it: a command in the foreground does one thing.
    """

    worker: Worker
    wanted: WantedSessions
    permitted: Callable[[str], Core]
    alone: bool = False
    _own: set[str] = field(default_factory=set)

    def open(self, request: DispatchRequest, *, here: bool) -> Wanted:
        """Want a session, and open it `here` at once; raise RuleError for one too many."""
        with self.wanted.turn:
            if len(self.wanted.cores() - {request.core_id}) >= MOST_SESSIONS:
                raise RuleError(f"{MOST_SESSIONS} sessions are open: stop some")
            wanted = self.wanted.want(request, bound=self.alone)
            self._own.add(wanted.uid)
            if here:
                self.follow()
        return wanted

    def follow(self) -> None:
        """Open what is wanted, close what is not, pass on drains and nudges; raise BusyError."""
        with self.wanted.turn:
            rows = [row for row in self.wanted.all() if not self.alone or row.uid in self._own]
            uids = {row.uid for row in rows}
            for session in list(self.worker.sessions.values()):
                if session.uid not in uids:
                    self.worker.stop(session.core.id)
            for row in rows:
                self._follow(row)
            self._own &= uids

    def stop(self, core_id: str | None) -> list[int]:
        """Close one session or all; return whose they were. Those of this process end at once."""
        with self.wanted.turn:
            ended = self.worker.stop(core_id)
            for session in ended:
                self.wanted.forget(session)
            try:
                rows = self.wanted.end(core_id)
            except BusyError:
                if not ended:
                    raise
                rows = []
        others = [row.pid or os.getpid() for row in rows if row.uid not in _uids(ended)]
        return [*(session.pid for session in ended), *others]

    def drain(self, core_id: str | None) -> list[str]:
        """Let sessions finish what they have and take no more."""
        return _names(self.worker.drain(core_id), self.wanted.drain(core_id))

    def nudge(self, core_id: str | None) -> list[str]:
        """Let sessions look for a task now."""
        return _names(self.worker.nudge(core_id), self.wanted.nudge(core_id))

    def hear(self, core_id: str) -> None:
        """Note that a pull core is alive: what was not offered to it any more is again."""
        session = self.worker.sessions.get(core_id)
        if session is not None:
            session.silent, session.problem = False, ""
            return
        with suppress(BusyError):
            if any(row.core == core_id and row.problem for row in self.wanted.all()):
                self.wanted.nudge(core_id)

    def take_over(self) -> None:
        """Clear what a foreground command left that was killed; only who dispatches may."""
        self.wanted.release_bound(self._own)

    def leave(self) -> None:
        """Close the sessions of this process; others go on with those that are wanted."""
        with self.wanted.turn:
            for session in self.worker.stop(None):
                if self.alone:
                    self.wanted.forget(session)
                else:
                    with suppress(BusyError):
                        self.wanted.note(session.uid, None, "")

    def shown(self) -> list[Shown]:
        """List the sessions of all processes; only this one's while the database is away."""
        here = {session.uid: session for session in list(self.worker.sessions.values())}
        try:
            rows = self.wanted.all()
        except BusyError:
            return [_shown_here(session) for session in here.values()]
        return [
            _shown_here(here[row.uid]) if row.uid in here else _shown_there(row) for row in rows
        ]

    def _follow(self, row: Wanted) -> None:
        session = self.worker.sessions.get(row.core)
        problem = ""
        if session is None:
            try:
                session = self.worker.start(self.permitted(row.core), row.request, row.uid)
                session.nudges = row.nudges
            except OrchError as error:
                problem = str(error)
        if session is not None:
            session.draining = session.draining or row.draining
            if row.nudges > session.nudges:
                session.nudges = row.nudges
                self.worker.nudge(row.core)
            problem = session.problem
        if (row.pid, row.problem) != (os.getpid(), problem):
            self.wanted.note(row.uid, os.getpid(), problem)


def _shown_here(session: Session) -> Shown:
    return Shown(session.core.id, session.as_json(), session.problem, session.draining)


def _shown_there(row: Wanted) -> Shown:
    keys = describe(row.request, row.pid or os.getpid())
    return Shown(row.core, keys, row.problem if row.pid else WAITING, row.draining)


def _uids(sessions: list[Session]) -> set[str]:
    return {session.uid for session in sessions}


def _names(sessions: list[Session], rows: list[Wanted]) -> list[str]:
    return list(dict.fromkeys([*(one.core.id for one in sessions), *(row.core for row in rows)]))
