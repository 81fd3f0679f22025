"""Progress of long work: bytes counted across files, and a bar for a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from orch_next.migrate.house import Say

_WIDTH = 30
_PAUSE = 0.1


@dataclass
class Meter:
    """Add up what was done of one piece of work and say it."""

    say: Say
    what: str
    total: int
    done: int = 0

    def add(self, size: int) -> None:
        """Say that `size` more bytes, or rows, are done."""
        self.done += size
        self.say(self.what, self.done, max(self.total, self.done))

    def end(self) -> None:
        """Say that it is all done, however much that was."""
        self.say(self.what, self.total, self.total)


class Bar:
    """Draw one line on a terminal, at most ten times a second; call it as a `Say`."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._drawn, self._width = float("-inf"), 0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Draw the line anew; a finished piece of work is always drawn."""
        now = self._clock()
        if done < total and now - self._drawn < _PAUSE:
            return
        self._drawn = now
        full = _WIDTH * done // total if total else _WIDTH
        self._draw(f"[{'#' * full}{'.' * (_WIDTH - full)}] {_share(done, total)} {what}")

    def clear(self) -> None:
        """Wipe the line, so that other text can follow."""
        if self._width:
            self._draw("")
            self._stream.write("\r")
            self._width = 0

    def _draw(self, line: str) -> None:
        self._stream.write("\r" + line + " " * max(self._width - len(line), 0))
        self._stream.flush()
        self._width = len(line)


def _share(done: int, total: int) -> str:
    return f"{100 * done // total if total else 100:3d} %"
