"""Any order of writes, edits, restarts and outages: every event once, by number, or a reset."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from orch_next.core.schema import TASK
from orch_next.errors import BusyError
from orch_next.realtime.feed import Feed
from orch_next.realtime.hub import Item, Reset, Signal
from tests.ledger_text import task_table
from tests.live import Process, bring_back, set_status, take_away

IDS = ("001", "002", "監査-3")
WHICH = st.integers(0, 1)
ROWS = st.sampled_from(IDS)
STATUSES = st.sampled_from(["READY", "HOLD", "FIX", "DROP"])


class Client:
    """Hears one process after the other, and knows the number it has."""

    def __init__(self) -> None:
        self.heard: list[Item] = []

    @property
    def cursor(self) -> int:
        numbered = [item for item in self.heard if not isinstance(item, Signal)]
        return numbered[-1].seq if numbered else 0

    def connect(self, process: Process) -> None:
        self.heard += process.hub.catch_up(self.cursor)
        process.hub.listen(self.heard.append)


class Board(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="順序"))
        (self.folder / "TASKS.md").write_bytes(task_table(*IDS).encode())
        self.away, self.written, self.edited = False, 0, 0
        self.processes = [Process(self.folder, self.folder / "orch.db") for _ in range(2)]
        self.clients = [Client(), Client()]
        for client, process in zip(self.clients, self.processes, strict=True):
            client.connect(process)

    @rule(which=WHICH, row=ROWS, status=STATUSES)
    def write(self, which: int, row: str, status: str) -> None:
        state = self.processes[which].state
        before = state.tasks.get(row).rev
        set_status(self.processes[which], row, status)
        self.written += state.tasks.get(row).rev != before

    @rule(row=ROWS, status=STATUSES)
    def edit(self, row: str, status: str) -> None:
        path = self.folder / "TASKS.md"
        lines = path.read_text().splitlines(keepends=True)
        for number, line in enumerate(lines):
            cells = line.split(" | ")
            if cells[0] == f"| {row}":
                self.edited += cells[2] != status
                cells[2] = status
                lines[number] = " | ".join(cells)
        path.write_text("".join(lines))

    @rule(which=WHICH)
    def look(self, which: int) -> None:
        process = self.processes[which]
        process.state.doubt()
        for _ in range(5):
            process.time += 0.1
            with suppress(BusyError):
                process.tail.step()

    @rule()
    def lose_database(self) -> None:
        if not self.away:
            take_away(*self.processes)
            self.away = True

    @rule()
    def find_database(self) -> None:
        if self.away:
            bring_back(self.processes[0])
            self.away = False

    @rule(which=WHICH)
    def restart(self, which: int) -> None:
        if not self.away:
            self.processes[which].journal.close()
            self.processes[which] = Process(self.folder, self.folder / "orch.db")
            self.clients[which].connect(self.processes[which])

    @invariant()
    def every_event_comes_once_and_in_order(self) -> None:
        numbers = [
            [item.seq for item in client.heard if not isinstance(item, Signal)]
            for client in self.clients
        ]
        assert numbers == [sorted(set(one)) for one in numbers]

    def teardown(self) -> None:
        self.find_database()
        for _ in range(2):
            self.look(0)
            self.look(1)
        told = Feed(self.processes[0].journal.database).load().events
        rows = [event for event in told if event.kind == TASK.name]
        by = [event.payload["source"] for event in rows]
        last: dict[str, Any] = {event.record_id: event.rev for event in rows}
        present = {task.id: task.rev for task in self.processes[0].state.tasks.records}
        for process in self.processes:
            process.journal.close()
        shutil.rmtree(self.folder)
        assert {row: present[row] for row in last} == last
        assert (by.count("http"), by.count("outside") <= self.edited) == (self.written, True)
        numbers = [event.seq for event in told]
        for client in self.clients:
            assert list(covered(client.heard, numbers)) == numbers


def covered(heard: list[Item], numbers: list[int]) -> Iterator[int]:
    """Yield the numbers that a client has, by an event or by a reset that stands for it."""
    behind = 0
    for item in heard:
        if isinstance(item, Reset):
            yield from [number for number in numbers if behind < number <= item.seq]
        elif not isinstance(item, Signal):
            yield item.seq
        behind = behind if isinstance(item, Signal) else item.seq


TestBoard = Board.TestCase
TestBoard.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
