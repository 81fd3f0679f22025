"""Deadlines that survive clock jumps: the time of day for others, monotonic for us."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Clock:
    """The time of day (aware UTC) and a clock in seconds that is never set."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]


class Deadlines:
    """Tells whether an instant has passed, measured from when it was first seen here.

    The time of day is believed once, at first sight; later jumps change nothing. A
    deadline is never taken to be farther away than `longest` seconds, so that a clock
    that was wrong at first sight delays it by no more than that.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[Hashable, tuple[float, float]] = {}

    def passed(self, key: Hashable, instant: float, *, longest: float) -> bool:
        """Tell whether epoch second `instant` is over; another instant is seen anew."""
        at = self._clock.monotonic()
        seen = self._seen.get(key)
        if seen is None or seen[0] != instant:
            ahead = min(instant - self._clock.now().timestamp(), longest)
            seen = self._seen[key] = (instant, at + ahead)
        return at >= seen[1]

    def keep_only(self, keys: set[Hashable]) -> None:
        """Forget every key but these."""
        self._seen = {key: seen for key, seen in self._seen.items() if key in keys}
