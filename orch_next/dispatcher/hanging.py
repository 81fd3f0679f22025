"""Notice a step that does not end: it waits for a disk, a process or another program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

# A step that is at work for longer hangs: waits for locks, databases and deaths end before.
HANGING_SECONDS = 60.0


class StepWatch:
    """Knows since which second of `monotonic` a step is at work; for any thread."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._began: float | None = None

    @contextmanager
    def running(self) -> Iterator[float]:
        """Watch a step; give the second at which it begins."""
        self._began = self._monotonic()
        try:
            yield self._began
        finally:
            self._began = None

    def hindrance(self, doing: str) -> str:
        """Say what the step has been doing for too long; empty when it does not hang."""
        began, at = self._began, self._monotonic()
        if began is None or at - began < HANGING_SECONDS:
            return ""
        return f"the dispatcher hangs: {doing} since {at - began:.0f} s"
