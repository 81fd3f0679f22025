"""How long anybody waits for a database, and who asks again while it is away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from functools import cache
from importlib import import_module
from time import monotonic
from typing import Any

# Seconds. A server that works cancels a statement itself before we give up on it.
CONNECT, POOL, LOCK, STATEMENT, SILENCE = 2, 3.0, 3.0, 4.0, 5.0
# A server that was away is asked again after so many seconds, by one caller at a time.
AGAIN = 1.0


class Absence:
    """Remembers that the database is away, so that all but one caller hear it at once."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until: float | None = None
        self._lock = threading.Lock()

    def is_known(self) -> bool:
        """Tell whether the database is away and it is nobody's turn to ask again.

        Whoever hears False while it is away asks for all others.
        """
        if self._until is None:
            return False
        with self._lock:
            now = self._clock()
            if self._until is None or now >= self._until:
                if self._until is not None:
                    self._until = now + SILENCE
                return False
            return True

    @property
    def is_noted(self) -> bool:
        """Tell whether the database was away when it was last asked."""
        return self._until is not None

    def note(self) -> None:
        """Take note that the database did not answer."""
        with self._lock:
            self._until = self._clock() + AGAIN

    def forget(self) -> None:
        """Take note that the database answered."""
        self._until = None


def connect_patiently(arguments: Any, options: dict[str, Any]) -> Any:
    """Connect with psycopg; the connection gives up on a server that says nothing.

    Its attribute `seconds` is how long that takes.
    """
    return _patient_class().connect(*arguments, **options)


@cache
def _patient_class() -> Any:
    psycopg = import_module("psycopg")

    class Patient(psycopg.Connection):  # type: ignore[name-defined,misc]
        """A connection whose waits end: a frozen server sends neither answer nor end."""

        seconds = SILENCE

        def wait(self, gen: Any, *more: Any, **named: Any) -> Any:
            """Consume a generator of psycopg, for a while."""
            return super().wait(_bounded(gen, self.seconds, self._give_up), *more, **named)

        def _give_up(self) -> Exception:
            self.pgconn.finish()
            error: Exception = psycopg.OperationalError(f"no answer for {self.seconds:g} s")
            return error

    return Patient


def _bounded(
    gen: Generator[Any, Any, Any], seconds: float, give_up: Callable[[], Exception]
) -> Generator[Any, Any, Any]:
    deadline = monotonic() + seconds
    try:
        state = next(gen)
        while True:
            ready = yield state
            if not ready and monotonic() >= deadline:
                raise give_up()
            state = gen.send(ready)
    except StopIteration as end:
        return end.value
