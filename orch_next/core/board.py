"""The core's parts wired together over one STATE folder and one database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orch_next.core.approvals import Approvals
from orch_next.core.journal import Journal
from orch_next.core.lengths import MOST_CELL_BYTES
from orch_next.core.state import State
from orch_next.core.tasks import Tasks
from orch_next.core.undo import Undo
from orch_next.events import EventBus

SPOOL = Path("data") / "journal-pending.jsonl"


@dataclass(frozen=True)
class Board:
    """What a process needs to read and change the ledgers."""

    state: State
    journal: Journal
    tasks: Tasks
    approvals: Approvals
    undo: Undo

    def close(self) -> None:
        """Give the database's connections back."""
        self.journal.close()


def open_board(
    state_folder: Path,
    database_url: str,
    *,
    governance: str = "compatible",
    lock_timeout: float = 5.0,
    most_cell_bytes: int = MOST_CELL_BYTES,
    now: Callable[[], datetime],
    bus: EventBus | None = None,
) -> Board:
    """Wire a board; every `Change` goes to the journal first, then to the bus.

    Touches no file and no database before the first use. `lock_timeout` in seconds,
    `most_cell_bytes` of UTF-8; without a bus nobody hears.
    """
    orch = state_folder.parent
    moc_root = orch.parent
    journal = Journal(
        database_url,
        now=now,
        spool=moc_root / SPOOL,
        log_folders=(orch / "LOGS", moc_root / "LOGS"),
    )

    state = State(
        state_folder,
        now=now,
        record=journal.record_all,
        publish=(bus or EventBus()).publish,
        seen=journal.note,
        ready=journal.ready,
        newest=journal.first_number,
        lock_timeout=lock_timeout,
        most_cell_bytes=most_cell_bytes,
    )
    tasks = Tasks(state, journal, governance=governance)
    approvals = Approvals(state, now=now, logs_folder=orch / "LOGS")
    undo = Undo(state, journal, approvals, governance=governance)
    return Board(state, journal, tasks, approvals, undo)
