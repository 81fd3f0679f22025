"""Hash artifacts in threads of their own: who asks waits a moment, and asks again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from orch_next.dispatcher.output import ThreadStarter
from orch_next.errors import OrchError, SlowFileError

# How long a caller waits, how long a result waits for its caller, in seconds.
PATIENCE_SECONDS = 2.0
FRESH_SECONDS = 30.0
# Files that may be read at a time; a disk that hangs keeps its thread.
MOST_AT_ONCE = 4
_MOST_KEPT = 64

Digest = Callable[[str], "str | None"]


@dataclass
class _Reading:
    """A file that is read, or was at monotonic second `ended_at`."""

    done: threading.Event = field(default_factory=threading.Event)
    sha256: str | None = None
    error: Exception | None = None
    ended_at: float | None = None


class Hashes:
    """Gives the hash of an artifact; `digest` reads it, in a thread of `threads`."""

    def __init__(
        self,
        digest: Digest,
        threads: ThreadStarter,
        monotonic: Callable[[], float],
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._digest, self._threads, self._monotonic = digest, threads, monotonic
        self._patience = patience
        self._lock = threading.Lock()
        self._readings: dict[str, _Reading] = {}

    def get(self, name: str) -> str | None:
        """Return the artifact's hash; raise `SlowFileError` while it is still being read."""
        reading = self._find_or_start(name)
        if not reading.done.wait(self._patience):
            raise SlowFileError(f"the artifact {name} is still being read", retry_after=5)
        with self._lock:
            if self._readings.get(name) is reading:
                del self._readings[name]  # the file may change from now on
        if reading.error is not None:
            raise reading.error
        return reading.sha256

    def _find_or_start(self, name: str) -> _Reading:
        with self._lock:
            self._forget_old()
            present = self._readings.get(name)
            if present is not None:
                return present
            at_work = sum(one.ended_at is None for one in self._readings.values())
            if at_work >= MOST_AT_ONCE or len(self._readings) >= _MOST_KEPT:
                raise SlowFileError("too many artifacts are being read", retry_after=5)
            reading = self._readings[name] = _Reading()
        self._threads(lambda: self._read(name, reading))
        return reading

    def _read(self, name: str, reading: _Reading) -> None:
        try:
            reading.sha256 = self._digest(name)
        except (OrchError, OSError) as error:
            reading.error = error
        reading.ended_at = self._monotonic()
        reading.done.set()

    def _forget_old(self) -> None:
        at = self._monotonic()
        self._readings = {
            name: one
            for name, one in self._readings.items()
            if one.ended_at is None or at - one.ended_at < FRESH_SECONDS
        }
