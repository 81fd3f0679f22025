"""Test tool: changes, a stepped tail over real ledgers, and a board of two processes."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from orch_next.core.changes import ChangeRequest, Edit
from orch_next.core.events import Change, Who
from orch_next.core.journal import Journal
from orch_next.core.schema import TASK, Task
from orch_next.core.state import State
from orch_next.core.view import LedgerView
from orch_next.errors import BusyError
from orch_next.realtime.events import Event
from orch_next.realtime.feed import Kept
from orch_next.realtime.hub import Hub, Item, Reset, Signal
from orch_next.realtime.tail import Tail

NOW = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)
KIM = Who("金", "CMD")


def task_row(task_id: str, status: str = "DOING") -> dict[str, Any]:
    return {"id": task_id, "title": r"C:\作業|監査", "status": status}


def make_change(
    task_id: str = "001", before: str | None = "r1", after: str | None = "r2", who: Who = KIM
) -> Change:
    """Describe a task's change from one revision to another."""
    return Change(
        kind="task",
        event="task_held",
        record_id=task_id,
        before=task_row(task_id, "READY") if before else None,
        after=task_row(task_id) if after else None,
        rev_before=before,
        rev_after=after,
        at=NOW,
        who=who,
        details={},
    )


def open_journal(path: Path) -> Journal:
    """Open a journal in a SQLite file, its spool beside it."""
    spool = path.with_name("pending.jsonl")
    return Journal(f"sqlite:///{path}", now=lambda: NOW, spool=spool)


def make_event(seq: int, name: str = "task_updated", **payload: Any) -> Event:
    given = {"kind": "task", "id": "001", "rev": f"r{seq}", **payload}
    return Event(seq, name, {"seq": seq, **given})


def make_hub(*events: Event, keep: int = 10_000) -> Hub:
    hub = Hub(queue.Queue, keep=keep)
    hub.load(events, events[-1].seq if events else 0)
    return hub


def seqs(items: Sequence[Item]) -> list[Any]:
    """Name items briefly: an event by its number, a reset as `("reset", number)`."""
    return [
        ("reset", i.seq) if isinstance(i, Reset) else i.seq
        for i in items
        if not isinstance(i, Signal)
    ]


@dataclass
class Process:
    """One process over a STATE folder, stepped by the test, with its own clock of seconds."""

    folder: Path
    database: Path
    busy: bool = False  # somebody else has the ledgers' locks
    time: float = 0.0
    told: list[Event] = field(default_factory=list)
    loaded: list[Event] = field(default_factory=list)
    hub: Hub = field(default_factory=lambda: Hub(queue.Queue))

    def __post_init__(self) -> None:
        self.journal = open_journal(self.database)
        self.state = State(
            self.folder,
            now=self.now,
            record=self.journal.record_all,
            seen=self.journal.note,
            publish=lambda _change: self.tail.wake(),
            clock=lambda: self.time,
        )
        self.tail = Tail(
            self.journal,
            lambda: [] if self.busy else self.state.try_snapshots(),
            settles_at=self.state.settles_at,
            load=self.load,
            deliver=self.deliver,
            now=self.now,
            clock=lambda: self.time,
        )
        self.tail.step()

    def load(self, kept: Kept) -> None:
        self.loaded.extend(kept.events)
        self.hub.load(kept.events, kept.newest, kept.floor)

    def deliver(self, events: Sequence[Event]) -> None:
        self.told.extend(events)
        self.hub.deliver(events)

    def now(self) -> datetime:
        return NOW

    def run(self, seconds: float = 1.0) -> None:
        """Step as often as a thread would in that time of its clock."""
        end = self.time + seconds
        self.state.doubt()
        while self.time <= end:
            self.time += max(0.001, self.tail.step())
        self.time = end

    def names(self) -> list[tuple[int, str, str, str]]:
        """Return number, name, record and source of everything that was told; then forget it."""
        found = [(e.seq, e.name, e.record_id, e.payload.get("source", "")) for e in self.told]
        self.told.clear()
        return found


CMD = Who("CMD", "CMD", "http")


def set_status(process: Process, task_id: str, status: str) -> None:
    """Change a task as a view would: through the state, which wakes the tail."""

    def plan(view: LedgerView[Task]) -> Edit:
        return Edit(task_id, view.set_cells(view.get_writable(task_id), {"status": status}))

    process.state.change(TASK, plan, ChangeRequest("task_moved", CMD))


def take_away(*processes: Process) -> None:
    """Put a folder where the database is."""
    for process in processes:
        process.journal.close()
    for path in processes[0].folder.glob("orch.db*"):
        path.rename(path.with_name(f"lost-{path.name}"))
    processes[0].database.mkdir()


def bring_back(process: Process) -> None:
    process.database.rmdir()
    for path in process.folder.glob("lost-*"):
        path.rename(process.folder / path.name.removeprefix("lost-"))


def look(process: Process) -> None:
    """Let a process see the files for a second while there is no database."""
    for _ in range(10):
        process.time += 0.1
        process.state.doubt()
        with suppress(BusyError):
            process.tail.step()
