"""Count requests per caller and minute in bounded memory (D50)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

SECONDS = 60
MOST_CALLERS = 10_000


class Windows:
    """Admits `limit` requests per caller in each minute; callers beyond `most` share one count."""

    def __init__(
        self, limit: int, *, clock: Callable[[], float] = monotonic, most: int = MOST_CALLERS
    ) -> None:
        self._limit, self._clock, self._most = limit, clock, most
        self._lock = threading.Lock()
        self._minute, self._counts = -1, dict[str, int]()

    def admit(self, caller: str) -> int:
        """Count a request; return 0 when it may pass, else the seconds until it may."""
        now = self._clock()
        with self._lock:
            self._turn(int(now // SECONDS))
            name = self._counted_as(caller)
            self._counts[name] = self._counts.get(name, 0) + 1
            over = self._counts[name] > self._limit
        return _rest(now) if over else 0

    def wait(self, caller: str) -> int:
        """Return the seconds until the caller's next request may pass, 0 for now; count none."""
        now = self._clock()
        with self._lock:
            self._turn(int(now // SECONDS))
            over = self._counts.get(self._counted_as(caller), 0) >= self._limit
        return _rest(now) if over else 0

    def __len__(self) -> int:
        """Return how many callers are remembered."""
        return len(self._counts)

    def _counted_as(self, caller: str) -> str:
        return caller if caller in self._counts or len(self._counts) < self._most else ""

    def _turn(self, minute: int) -> None:
        if minute != self._minute:
            self._minute, self._counts = minute, {}


def _rest(now: float) -> int:
    return max(1, round(SECONDS - now % SECONDS))
