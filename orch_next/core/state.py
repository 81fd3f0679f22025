"""The three ledgers of one STATE folder: snapshots to read, one way to write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

from orch_next.core.copies import find_copies
from orch_next.core.events import Change, Emit, Record, emit_nothing, record_nothing
from orch_next.core.kept import Intent, KeptLedger, Outcome, Step
from orch_next.core.kinds import APPROVAL, MILESTONE, TASK, LedgerKind
from orch_next.core.lengths import MOST_CELL_BYTES
from orch_next.core.records import Approval, Milestone, R, Task
from orch_next.core.schema import Snapshot, find_orphans
from orch_next.core.view import LedgerView
from orch_next.errors import LedgerError, NotFoundError
from orch_next.ledger.disk import Disk
from orch_next.ledger.parser import Problem


def always_ready() -> None:
    """Allow every change; the default where no journal is attached."""


def ignore_snapshot(_snapshot: Snapshot[Any]) -> None:
    """Take no note of new snapshots; the default where no journal is attached."""


class State:
    """The ledgers under one folder (D01); every reader and writer of a process shares it."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime],
        record: Record = record_nothing,
        emit: Emit = emit_nothing,
        seen: Callable[[Snapshot[Any]], None] = ignore_snapshot,
        ready: Callable[[], None] = always_ready,
        lock_timeout: float = 5.0,
        most_cell_bytes: int = MOST_CELL_BYTES,
        disk: Disk | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.folder = folder
        options: dict[str, Any] = {"now": now, "record": record, "emit": emit, "seen": seen}
        options |= {"ready": ready, "lock_timeout": lock_timeout, "disk": disk, "clock": clock}
        options["most_cell_bytes"] = most_cell_bytes
        self._tasks: KeptLedger[Task] = KeptLedger(TASK, folder, **options)
        self._approvals: KeptLedger[Approval] = KeptLedger(APPROVAL, folder, **options)
        self._milestones: KeptLedger[Milestone] = KeptLedger(MILESTONE, folder, **options)
        self._all: tuple[KeptLedger[Any], ...] = (self._tasks, self._approvals, self._milestones)

    @property
    def tasks(self) -> Snapshot[Task]:
        """Return the tasks; raise DamagedError when there was never a good state."""
        return self._tasks.snapshot()

    @property
    def approvals(self) -> Snapshot[Approval]:
        """Return the approvals; raise DamagedError when there was never a good state."""
        return self._approvals.snapshot()

    @property
    def milestones(self) -> Snapshot[Milestone]:
        """Return the milestones; raise DamagedError when there was never a good state."""
        return self._milestones.snapshot()

    def snapshot(self, kind: LedgerKind[R]) -> Snapshot[R]:
        """Return one kind's records; raise DamagedError when there was never a good state."""
        return self._kept(kind).snapshot()

    def look(self, kind: LedgerKind[R]) -> Snapshot[R]:
        """Return one kind's present state whatever it is, with its problems."""
        return self._kept(kind).look()

    def refresh(self) -> list[Change]:
        """Look at the three files now; emit and return what changed outside."""
        return [change for kept in self._all for change in kept.refresh()]

    def doubt(self) -> None:
        """Compare the files' bytes at the next look: somebody said that one has changed."""
        for kept in self._all:
            kept.doubt()

    def settled(self) -> list[Snapshot[Any]]:
        """Return the present state of each file that nobody here is writing; never waits."""
        return [found for kept in self._all if (found := kept.settled()) is not None]

    def settles_at(self) -> float | None:
        """Return when (monotonic clock) the next outside edit will have settled."""
        return min((at for kept in self._all if (at := kept.settles_at())), default=None)

    def problems(self) -> list[Problem]:
        """Return every problem of the three files, those between files last; never raises."""
        present = [kept.look() for kept in self._all]
        found = [problem for snapshot in present for problem in snapshot.problems]
        orphans = find_orphans(self._tasks.look(), self._approvals.look())
        known = {one.kind.name: [record.key for record in one.records] for one in present}
        return found + orphans + find_copies(self.folder, known)

    def write(
        self, kind: LedgerKind[R], plan: Callable[[LedgerView[R]], Step], intent: Intent
    ) -> Outcome[R]:
        """Change one row under the file's lock; see `KeptLedger.write`.

        Raise NotFoundError when the file is missing: a ledger is never made from nothing.
        """
        try:
            return self._kept(kind).write(plan, intent)
        except LedgerError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise NotFoundError(f"{kind.file_name} is missing") from error
            raise

    def _kept(self, kind: LedgerKind[R]) -> KeptLedger[R]:
        return next(kept for kept in self._all if kept.kind is kind)
