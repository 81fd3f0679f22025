"""After a crash: find what the last dispatcher left running, stop it, free its tasks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orch_next.core.lease_store import Attempt, Lease
from orch_next.core.lease_terms import taken_back
from orch_next.core.leases import Leases
from orch_next.dispatcher.processes import Identity, kill_group, kill_marked
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
    """Ends the attempts of a dispatcher that died; only who dispatches now may call it."""

    root: Path
    leases: Leases
    kill: Callable[[str], list[int]] = kill_marked

    def run(self) -> list[Orphan]:
        """Stop every orphan, then free its task: READY, without counting as a failure."""
        held = {lease.task_id: lease for lease in self.leases.store.held()}
        found = []
        for attempt in self.leases.store.running():
            lease = held.get(attempt.task_id)
            if lease and lease.mode == "command" and lease.generation == attempt.generation:
                found.append(self._end(attempt, lease))
        return found

    def _end(self, attempt: Attempt, lease: Lease) -> Orphan:
        killed = tuple(self._stop(attempt))
        log.warning(
            "attempt %s of %s was orphaned; killed %s", attempt.attempt, attempt.task_id, killed
        )
        try:
            self.leases.end(lease, taken_back("interrupted", "the dispatcher ended in mid-job"))
        except (ConflictError, NotFoundError):
            self.leases.drop_if_lost(lease)
        return Orphan(attempt.task_id, attempt.attempt, killed)

    def _stop(self, attempt: Attempt) -> list[int]:
        # The group by its recorded leader, then by the mark whoever left the group, or
        # was started in the moment before the leader could be recorded.
        if attempt.pid is not None and attempt.pid_started is not None:
            kill_group(Identity(attempt.pid, attempt.pid_started))
        return self.kill(attempt.mark or mark_of(self.root, attempt.task_id, attempt.generation))
