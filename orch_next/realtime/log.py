"""What every event log offers; the database and Redis each keep one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from orch_next.realtime.events import Draft, Event

KEEP = 10_000  # events that can be replayed
KEEP_BYTES = 32_000_000  # of JSON that they have together
Row = tuple[str, str]  # kind, record id


class EventLog(Protocol):
    """Numbers events and keeps the last `KEEP`; used by one native thread at a time.

    Every method raises `BusyError` when the store cannot be reached for now.
    """

    def append(self, drafts: Sequence[Draft], at: datetime) -> int:
        """Number and keep the drafts that tell something new, in order; return how many."""

    def after(self, seq: int, limit: int = KEEP) -> list[Event]:
        """Return kept events behind `seq`, oldest first."""

    def newest(self) -> int:
        """Return the highest number given so far, 0 for none."""

    def told(self) -> dict[Row, str]:
        """Return the revision of every row as the log last told it."""

    def set_told(self, rows: Mapping[Row, str | None]) -> None:
        """Note revisions without telling anybody; None forgets a row."""

    def close(self) -> None:
        """Give connections back."""
