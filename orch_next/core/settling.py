"""How long an outside edit must last before it is recorded: it may be half of a save."""

from __future__ import annotations

from collections.abc import Callable

from orch_next.core.records import R
from orch_next.core.schema import Snapshot

# Its writer (maybe another process) may be about to record a change itself, and rows that
# are gone may be those that an editor has not written yet.
CHANGED_SECONDS = 0.03
GONE_SECONDS = 0.3


class Settling:
    """One file's outside edit that waits to be recorded."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._content = ""
        self._ripe_at: float | None = None

    def forget(self) -> None:
        """Wait for nothing."""
        self._content, self._ripe_at = "", None

    def waits_until(self) -> float | None:
        """Return when the edit will have lasted, None when none waits."""
        at = self._ripe_at
        return at if at is not None and at > self._clock() else None

    def is_ripe(self, before: Snapshot[R], present: Snapshot[R]) -> bool:
        """Tell whether these rows have lasted; they wait anew when they are others than last."""
        if self._ripe_at is None or self._content != present.digest:
            whole = present.ids.places.keys() >= before.ids.places.keys()
            lasting = CHANGED_SECONDS if whole else GONE_SECONDS
            self._content, self._ripe_at = present.digest, self._clock() + lasting
        return self._clock() >= self._ripe_at


def is_cut_short(before: bytes, after: bytes) -> bool:
    """Tell whether a save seems to be under way: the old bytes, ending in mid-line."""
    size = len(after)
    if size >= len(before) or not before.startswith(after):
        return False
    return before[size] not in b"\r\n" and after[-1:] not in (b"\n", b"\r")


def lost_rows(before: Snapshot[R], after: Snapshot[R]) -> bool:
    """Tell whether the rows are others; cutting the prose below the table is anyone's right."""
    return [record.rev for record in before.records] != [record.rev for record in after.records]
