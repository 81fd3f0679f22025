"""Who opens a socket says soon who it is, or goes; some threads stay free for requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

# Sockets hold at most three quarters of the threads, unproven ones a quarter.
_PARTS = 4
_ANY = float("inf")
TOO_MANY = "too many sockets that have not connected"


@dataclass(frozen=True)
class Patience:
    """How long a session may be unproven, and how many may be at a time; None: any number."""

    seconds: float = 10.0
    per_address: int | None = None
    in_all: int | None = None


@dataclass(frozen=True)
class _Waiting:
    """An unproven session: where it comes from, since which second."""

    address: str
    since: float


class Gate:
    """Counts sessions that have not connected yet, and the threads that sockets hold.

    `is_proven` tells whether a session is a connected client of Socket.IO. For any thread.
    """

    def __init__(
        self, patience: Patience, is_proven: Callable[[str], bool], *, clock: Callable[[], float]
    ) -> None:
        self._patience, self._is_proven, self._clock = patience, is_proven, clock
        self._waiting: dict[str, _Waiting] = {}
        self._threads: int | None = None
        self._held = 0
        self._lock = threading.Lock()

    def limit_threads(self, threads: int) -> None:
        """Say how many threads serve requests: sockets never hold all of them."""
        self._threads = threads

    def admit(self, sid: str, address: str) -> str:
        """Begin to wait for a session to connect; return why it may not begin, or nothing."""
        with self._lock:
            self._forget(lambda sid: not self._is_proven(sid))
            own = sum(one.address == address for one in self._waiting.values())
            if len(self._waiting) >= self._most_waiting() or own >= self._most_own():
                return TOO_MANY
            self._waiting[sid] = _Waiting(address, self._clock())
        return ""

    def overdue(self, sessions: Mapping[str, str]) -> list[str]:
        """Return those of the sessions, given with their addresses, that had time enough.

        One that has left its namespace must connect again.
        """
        with self._lock:
            at = self._clock()
            for sid, address in sessions.items():
                if not self._is_proven(sid):
                    self._waiting.setdefault(sid, _Waiting(address, at))
            self._forget(lambda sid: sid in sessions and not self._is_proven(sid))
            oldest = at - self._patience.seconds
            return [sid for sid, one in self._waiting.items() if one.since <= oldest]

    @contextmanager
    def holding(self) -> Iterator[bool]:
        """Hold a thread for a request that waits; False where none is left for sockets."""
        with self._lock:
            fits = self._held < self._most_held()
            self._held += fits
        try:
            yield fits
        finally:
            with self._lock:
                self._held -= fits

    def __len__(self) -> int:
        """Return how many sessions have not connected."""
        return len(self._waiting)

    def _most_waiting(self) -> float:
        if self._patience.in_all is None:
            return _ANY
        share = _ANY if self._threads is None else max(1, self._threads // _PARTS)
        return min(self._patience.in_all, share)

    def _most_own(self) -> float:
        return _ANY if self._patience.per_address is None else self._patience.per_address

    def _most_held(self) -> float:
        if self._threads is None:
            return _ANY
        return max(1, self._threads - max(1, self._threads // _PARTS))

    def _forget(self, is_waiting: Callable[[str], bool]) -> None:
        self._waiting = {sid: one for sid, one in self._waiting.items() if is_waiting(sid)}
