"""Test tool: how long a test waits, and what a busy machine adds to a measured time."""

from __future__ import annotations

import time
from collections.abc import Callable

# For what must happen at last: it says nothing about speed, and only a failing test needs it.
# The time limit of a whole test stands behind it.
PATIENCE = 100.0
PATIENCE_MS = PATIENCE * 1000


def until(done: Callable[[], object]) -> None:
    """Look again and again until `done()` is true; fail when it never is."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def in_time(seconds: float, limit: float, bare: float) -> bool:
    """Tell whether something was quick: `limit`, and more as `bare` work takes longer.

    `bare` is measured beside it: the seconds of something small, a few milliseconds where nothing
    else runs.
    """
    return seconds < limit + 30 * bare


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started
