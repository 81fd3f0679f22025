"""Answers that are costly to make: kept for a moment, made by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from orch_next.bounded import Bounded

MOST_KEPT = 64
# A stamp may not know everything that an answer depends on.
STAMPED_SECONDS = 60.0

Stamp = Callable[[], Hashable | None]


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    made_at: float | None = None
    fresh_since: float = 0.0
    stamp: Hashable | None = None


class Remembered:
    """Keeps values for `seconds` of `clock`; a value that is too old is shown while one
    caller makes the next one. Errors are not kept. At most 64 keys, the oldest go.

    A value with a stamp that is still the same is good for another `seconds`, for a minute
    in all; the stamp is taken before the value, so that a change in between is seen.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._lock = threading.Lock()
        self._kept: Bounded[Hashable, _Kept] = Bounded(MOST_KEPT)

    def get(self, key: Hashable, make: Callable[[], Any], stamp: Stamp = lambda: None) -> Any:
        """Return the value of `key`, made by `make` when there is none that is fresh.

        `stamp` says cheaply what the value depends on; None: nobody knows.
        """
        kept = self._find(key)
        if self._is_fresh(kept):
            return kept.value
        if not kept.lock.acquire(blocking=kept.made_at is None):
            return kept.value  # another caller is making the next one
        try:
            if not self._is_fresh(kept):
                self._renew(kept, make, stamp())
            return kept.value
        finally:
            kept.lock.release()

    def _renew(self, kept: _Kept, make: Callable[[], Any], stamp: Hashable | None) -> None:
        at = self._clock()
        young = kept.made_at is not None and at - kept.made_at < STAMPED_SECONDS
        if stamp is None or stamp != kept.stamp or not young:
            kept.value = make()
            kept.stamp, kept.made_at = stamp, self._clock()
        kept.fresh_since = self._clock()

    def _is_fresh(self, kept: _Kept) -> bool:
        return kept.made_at is not None and self._clock() - kept.fresh_since < self._seconds

    def _find(self, key: Hashable) -> _Kept:
        with self._lock:
            kept = self._kept.get(key) or _Kept()
            self._kept.put(key, kept)
            return kept
