"""The three ledgers of one STATE folder: snapshots to read, one way to write."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from orch_next.core.changes import (
    ChangeRequest,
    Plan,
    WriteResult,
    always_ready,
    ignore_snapshot,
    no_entry,
)
from orch_next.core.copies import find_copies
from orch_next.core.events import Change, Publish, Record, publish_nothing, record_nothing
from orch_next.core.kinds import APPROVAL, MILESTONE, TASK, LedgerKind
from orch_next.core.lengths import MOST_CELL_BYTES
from orch_next.core.records import Approval, Milestone, R, Task
from orch_next.core.schema import Snapshot, find_orphans
from orch_next.core.store import LedgerStore
from orch_next.ledger.parser import Problem
from orch_next.storage.disk import Disk


class State:
    """The ledgers under one folder (D01); every reader and writer of a process shares it."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime],
        record: Record = record_nothing,
        publish: Publish = publish_nothing,
        seen: Callable[[Snapshot[Any]], None] = ignore_snapshot,
        ready: Callable[[], None] = always_ready,
        newest: Callable[[], int] = no_entry,
        lock_timeout: float = 5.0,
        most_cell_bytes: int = MOST_CELL_BYTES,
        disk: Disk | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder

        def store(kind: LedgerKind[R]) -> LedgerStore[R]:
            return LedgerStore(
                kind,
                folder,
                now=now,
                record=record,
                publish=publish,
                seen=seen,
                ready=ready,
                newest=newest,
                lock_timeout=lock_timeout,
                most_cell_bytes=most_cell_bytes,
                disk=disk,
                clock=clock,
            )

        self._tasks, self._approvals = store(TASK), store(APPROVAL)
        self._milestones = store(MILESTONE)
        self._all: tuple[LedgerStore[Any], ...] = (self._tasks, self._approvals, self._milestones)

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

    def store(self, kind: LedgerKind[R]) -> LedgerStore[R]:
        """Return the store of one kind's ledger."""
        return next(store for store in self._all if store.kind is kind)

    def snapshot(self, kind: LedgerKind[R]) -> Snapshot[R]:
        """Return one kind's records; raise DamagedError when there was never a good state."""
        return self.store(kind).snapshot()

    def look(self, kind: LedgerKind[R]) -> Snapshot[R]:
        """Return one kind's present state whatever it is, with its problems."""
        return self.store(kind).look()

    def change(self, kind: LedgerKind[R], plan: Plan[R], request: ChangeRequest) -> WriteResult[R]:
        """Change one row under its file's lock; see `LedgerStore.change`."""
        return self.store(kind).change(plan, request)

    def refresh(self) -> list[Change]:
        """Record and tell what changed outside in the three files; return it."""
        return [change for store in self._all for change in store.refresh()]

    def doubt(self) -> None:
        """Compare the files' bytes at the next look: somebody said that one has changed."""
        for store in self._all:
            store.doubt()

    def try_snapshots(self) -> list[Snapshot[Any]]:
        """Return the present state of each file that nobody here is writing; never waits.

        Outside edits that have settled are recorded and told: it is the live tail's look.
        """
        return [found for store in self._all if (found := store.try_snapshot()) is not None]

    def settles_at(self) -> float | None:
        """Return when (monotonic clock) the next outside edit will have settled."""
        return min((at for store in self._all if (at := store.settles_at())), default=None)

    def problems(self) -> list[Problem]:
        """Return every problem of the three files, those between files last; never raises."""
        present = [store.look() for store in self._all]
        found = [problem for snapshot in present for problem in snapshot.problems]
        orphans = find_orphans(self._tasks.look(), self._approvals.look())
        known = {one.kind.name: [record.key for record in one.records] for one in present}
        return found + orphans + find_copies(self.folder, known)
