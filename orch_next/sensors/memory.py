"""Answers that are costly to make: kept for a moment, made by one thread at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

MOST_KEPT = 64


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    made_at: float | None = None


class Remembered:
    """Keeps values for `seconds` of `clock`; a value that is too old is shown while one
    caller makes the next one. Errors are not kept. At most 64 keys, the oldest go.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the value of `key`, made by `make` when there is none that is fresh."""
        kept = self._find(key)
        if self._is_fresh(kept):
            return kept.value
        if not kept.lock.acquire(blocking=kept.made_at is None):
            return kept.value  # another caller is making the next one
        try:
            if not self._is_fresh(kept):
                kept.value, kept.made_at = make(), self._clock()
            return kept.value
        finally:
            kept.lock.release()

    def _is_fresh(self, kept: _Kept) -> bool:
        return kept.made_at is not None and self._clock() - kept.made_at < self._seconds

    def _find(self, key: Hashable) -> _Kept:
        with self._lock:
            kept = self._kept.pop(key, None) or _Kept()
            self._kept[key] = kept
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return kept
