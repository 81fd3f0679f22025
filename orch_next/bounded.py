"""Maps that others fill: whoever chooses the keys, they stay small."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """Keeps at most `most` values, and at most `most_size` of what `size` says in all.

    The one that was asked for least recently goes first. A value that alone is too large is
    not kept. Safe for any thread.
    """

    def __init__(
        self,
        most: int,
        *,
        most_size: int | None = None,
        size: Callable[[K, V], int] = lambda _key, _value: 1,
    ) -> None:
        self._most, self._most_size, self._size = most, most_size, size
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._total = 0
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return the value, None when it is not kept (any more)."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value; others go where there is no room."""
        with self._lock:
            self._drop(key)
            self._kept[key] = value
            self._total += self._size(key, value)
            while self._is_too_much():
                self._drop(next(iter(self._kept)))

    def pop(self, key: K) -> V | None:
        """Forget and return a value, None when it is not kept."""
        with self._lock:
            return self._drop(key)

    def values(self) -> list[V]:
        """Return what is kept, the least recently asked for first."""
        with self._lock:
            return list(self._kept.values())

    def __len__(self) -> int:
        """Return how many values are kept."""
        return len(self._kept)

    def _is_too_much(self) -> bool:
        too_large = self._most_size is not None and self._total > self._most_size
        return bool(self._kept) and (too_large or len(self._kept) > self._most)

    def _drop(self, key: K) -> V | None:
        value = self._kept.pop(key, None)
        if value is not None:
            self._total -= self._size(key, value)
        return value


def kept_by_text(
    most: int, most_characters: int
) -> Callable[[Callable[[str], V]], Callable[[str], V]]:
    """Let a function of one text keep its results: so many, for so many characters in all."""

    def decorate(work: Callable[[str], V]) -> Callable[[str], V]:
        kept: Bounded[str, tuple[V]] = Bounded(
            most, most_size=most_characters, size=lambda text, _: len(text)
        )

        @wraps(work)
        def recall(text: str) -> V:
            found = kept.get(text)
            if found is None:
                found = (work(text),)
                kept.put(text, found)
            return found[0]

        return recall

    return decorate
