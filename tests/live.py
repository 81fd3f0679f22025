"""Test tool: changes, a stepped pump over real ledgers, and a board of two processes."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from orch_next.core.database import Database
from orch_next.core.events import Change, Who
from orch_next.core.journal import Journal
from orch_next.core.state import State
from orch_next.realtime.events import Event
from orch_next.realtime.hub import Hub, Item, Reset, Signal
from orch_next.realtime.pump import Pump
from orch_next.realtime.sql_log import SqlEventLog

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


def open_log(path: Path, keep: int = 10_000) -> SqlEventLog:
    return SqlEventLog(Database(f"sqlite:///{path}"), keep=keep)


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
    owner: bool = True
    busy: bool = False  # somebody else has the ledgers' locks
    time: float = 0.0
    told: list[Event] = field(default_factory=list)
    loaded: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        spool = self.folder / "pending.jsonl"
        self.journal = Journal(f"sqlite:///{self.database}", now=self.now, spool=spool)
        self.state = State(
            self.folder,
            now=self.now,
            record=self.journal.record_all,
            seen=self.journal.note,
            emit=lambda change: self.pump.offer(change),
            clock=lambda: self.time,
        )
        self.log = open_log(self.database)
        self.pump = Pump(
            self.log,
            lambda: [] if self.busy else self.state.settled(),
            author=self.journal.author,
            load=lambda events, _newest: self.loaded.extend(events),
            deliver=self.told.extend,
            is_owner=lambda: self.owner,
            now=self.now,
            clock=lambda: self.time,
        )
        self.pump.step()

    def now(self) -> datetime:
        return NOW

    def run(self, seconds: float = 1.0) -> None:
        """Step as often as a thread would in that time of its clock."""
        end = self.time + seconds
        self.pump.poke()
        while self.time <= end:
            self.time += max(0.001, self.pump.step())
        self.time = end

    def names(self) -> list[tuple[int, str, str, str]]:
        """Return number, name, record and source of everything that was told; then forget it."""
        found = [(e.seq, e.name, e.record_id, e.payload["source"]) for e in self.told]
        self.told.clear()
        return found
