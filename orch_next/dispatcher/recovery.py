"""After a crash: find what the last dispatcher left running, stop it, free its tasks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from orch_next.core.lease_store import Attempt, Lease
from orch_next.core.lease_terms import taken_back
from orch_next.core.leases import Leases
from orch_next.core.places import Place
from orch_next.dispatcher.processes import (
    Identity,
    group_alive,
    kill_group,
    kill_marked,
    marked_processes,
)
from orch_next.dispatcher.work import mark_of
from orch_next.errors import ConflictError, NotFoundError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Orphan:
    """An attempt of a dispatcher that is gone, and the processes that were killed."""

    task_id: str
    attempt: int
    killed: tuple[int, ...]


@dataclass(frozen=True)
class Recovery:
    """Ends the attempts of a dispatcher that died; only who dispatches now may call it.

    An attempt of another host, or one whose processes do not die, keeps its task until its
    lease's end and grace: it may be at work.
    """

    root: Path
    leases: Leases
    here: Place
    kill: Callable[[str], list[int]] = kill_marked

    def run(self) -> list[Orphan]:
        """Stop every orphan of ours, then free its task: READY, and no failure."""
        held = {lease.task_id: lease for lease in self.leases.store.held()}
        found: list[Orphan] = []
        for attempt in self.leases.store.running():
            lease = held.get(attempt.task_id)
            if lease and lease.mode == "command" and lease.generation == attempt.generation:
                found.extend(self._end(attempt, lease))
        return found

    def _end(self, attempt: Attempt, lease: Lease) -> Iterator[Orphan]:
        if not self._is_gone(attempt) and not self._may_be_killed(attempt):
            return
        killed = tuple(self._stop(attempt))
        if self._is_alive(attempt):
            self._leave(attempt, "its processes do not die")
            return
        log.warning(
            "attempt %s of %s was orphaned; killed %s", attempt.attempt, attempt.task_id, killed
        )
        try:
            self.leases.end(lease, taken_back("interrupted", "the dispatcher ended in mid-job"))
        except (ConflictError, NotFoundError):
            self.leases.drop_if_lost(lease)
        yield Orphan(attempt.task_id, attempt.attempt, killed)

    def _is_gone(self, attempt: Attempt) -> bool:
        return attempt.place is not None and self.here.outlived(attempt.place)

    def _may_be_killed(self, attempt: Attempt) -> bool:
        if attempt.place is not None and self.here.sees(attempt.place):
            return True
        where = attempt.place.host if attempt.place else "an unknown host"
        self._leave(attempt, f"it was begun on {where}")
        return False

    def _leave(self, attempt: Attempt, why: str) -> None:
        log.warning(
            "attempt %s of %s may be at work until its lease ends: %s",
            *(attempt.attempt, attempt.task_id, why),
        )

    def _is_alive(self, attempt: Attempt) -> bool:
        known = attempt.pid is not None and attempt.pid_started is not None
        group = known and group_alive(Identity(attempt.pid or 0, attempt.pid_started or 0.0))
        return group or bool(marked_processes(self._mark(attempt)))

    def _mark(self, attempt: Attempt) -> str:
        return attempt.mark or mark_of(self.root, attempt.task_id, attempt.generation)

    def _stop(self, attempt: Attempt) -> list[int]:
        # The group by its recorded leader, then by the mark whoever left the group, or
        # was started in the moment before the leader could be recorded.
        if attempt.pid is not None and attempt.pid_started is not None:
            kill_group(Identity(attempt.pid, attempt.pid_started))
        return self.kill(self._mark(attempt))
