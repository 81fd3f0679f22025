"""The time of day that all hosts share: the database's, where it has a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone

from orch_next.core.deadlines import Clock
from orch_next.errors import BusyError

# Seconds between two looks at the database's clock; in between our steady clock counts.
LOOK_SECONDS = 60.0


class SharedTime:
    """Counts from the database's clock, so that a host whose clock is wrong does no harm.

    `read` returns its epoch seconds, or None where the database has our own clock.
    """

    def __init__(self, clock: Clock, read: Callable[[], float | None]) -> None:
        self._clock, self._read = clock, read
        self._seen: tuple[float, float] | None = None
        self._due = float("-inf")

    def now(self) -> float:
        """Return the shared time in epoch seconds; without an answer as last known."""
        if self._clock.monotonic() >= self._due:
            with suppress(BusyError):
                self._look()
        if self._seen is None:
            return self._clock.now().timestamp()
        shared, at = self._seen
        return shared + self._clock.monotonic() - at

    def now_utc(self) -> datetime:
        """Return the shared time as an aware UTC instant."""
        return datetime.fromtimestamp(self.now(), timezone.utc)

    def offset(self) -> float | None:
        """Return by how many seconds our clock is ahead; None where there is no other."""
        self.now()
        return self.known_offset()

    def known_offset(self) -> float | None:
        """Return the offset by the last look; asks nobody."""
        if self._seen is None:
            return None
        shared, at = self._seen
        passed = self._clock.monotonic() - at
        return self._clock.now().timestamp() - shared - passed

    def _look(self) -> None:
        before = self._clock.monotonic()
        shared = self._read()
        after = self._clock.monotonic()
        self._due = after + LOOK_SECONDS
        self._seen = None if shared is None else (shared, (before + after) / 2)
