"""Liveness that is answered from memory: the ledgers and the host as a second ago."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from orch_next.errors import BusyError, OrchError
from orch_next.sensors.host import HostReading

BEAT_SECONDS = 1.0
# So long may a look take: a disk or a database that hangs, and not for a moment.
SILENT_SECONDS = 30.0


@dataclass(frozen=True)
class _Look:
    at: float
    reading: HostReading | None
    error: OrchError | None


class Pulse:
    """Looks in a thread of its own, so that whoever asks never waits for disk or database."""

    def __init__(self, look: Callable[[], HostReading], *, clock: Callable[[], float]) -> None:
        self._look, self._clock = look, clock
        self._last: _Look | None = None

    def beat(self) -> None:
        """Look now; what is wrong is kept for who asks."""
        self._last = self._seen()

    def run(self, stopping: threading.Event, beside: Callable[[], None]) -> None:
        """Beat until the end, and do what else wants to be done now and then."""
        while not stopping.wait(BEAT_SECONDS):
            self.beat()
            beside()

    def read(self) -> HostReading:
        """Return the last look, or look where nobody does; raise what was wrong, BusyError."""
        last = self._last or self._seen()
        silent = self._clock() - last.at
        if last.error is not None:
            raise last.error
        if last.reading is None or silent > SILENT_SECONDS:
            raise BusyError(f"the ledgers have not been read for {silent:.0f} s")
        return last.reading

    def _seen(self) -> _Look:
        try:
            return _Look(self._clock(), self._look(), None)
        except OrchError as error:
            return _Look(self._clock(), None, error)
