"""The one road of every event: journal -> this process's clients, in order.

A real thread runs `Tail.step` again and again: it lets the ledgers record what changed
outside, and reads what the journal has behind its own position, whoever wrote it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from orch_next.core.journal import Journal
from orch_next.core.schema import KINDS, Snapshot
from orch_next.errors import OrchError
from orch_next.realtime.events import Event, reset_at
from orch_next.realtime.feed import Feed, Kept, Position
from orch_next.realtime.files import Files
from orch_next.realtime.missed import Missed

TAIL_SECONDS = 1.0  # how often files and journal are read when nothing tells of news
RETRY_SECONDS = 0.5
AGAIN_SECONDS = 0.01  # when somebody was writing a ledger at that moment
MASS = 1_000  # more events at once become a reset

Snapshots: TypeAlias = Callable[[], Sequence[Snapshot[Any]]]


class Tail:
    """Publishes the journal's events; `open` and `step` are for one thread, the rest for any.

    `snapshots` records what has changed outside and returns the present state of each file
    that nobody here is writing; `settles_at` tells by `clock` when it wants to be asked again.
    """

    def __init__(
        self,
        journal: Journal,
        snapshots: Snapshots,
        *,
        settles_at: Callable[[], float | None],
        load: Callable[[Kept], None],
        deliver: Callable[[Sequence[Event]], None],
        now: Callable[[], datetime],
        clock: Callable[[], float],
        feed: Feed | None = None,
    ) -> None:
        self._journal, self._feed = journal, feed or Feed(journal.database)
        self._snapshots, self._settles_at = snapshots, settles_at
        self._load, self._deliver = load, deliver
        self._now, self._clock = now, clock
        self._missed = Missed(self._feed, journal, now=now)
        self._files = Files()
        self._woken = threading.Event()
        self._stopped = False
        self._position: Position | None = None

    def open(self) -> None:
        """Load what is kept for those who come back; raise BusyError without the journal."""
        kept = self._feed.load()
        self._position = kept.position
        self._load(kept)

    def wake(self) -> None:
        """Look at the files and the journal soon."""
        self._woken.set()

    def stop(self) -> None:
        """End `run` soon."""
        self._stopped = True
        self._woken.set()

    def run(self, complain: Callable[[str], None]) -> None:
        """Step until `stop`; what fails is said and tried again."""
        wait, said = 0.0, ""
        while not self._stopped:
            self._woken.wait(wait)
            self._woken.clear()
            try:
                wait, said = self.step(), ""
            except (OrchError, OSError) as error:
                if str(error) != said:
                    said = str(error)
                    complain(f"live events wait: {error}")
                wait = RETRY_SECONDS

    def step(self) -> float:
        """Record what changed outside, publish what is new; return the seconds to wait."""
        snapshots = self._snapshots()
        if self._position is None:
            self.open()
        self._journal.catch_up()
        self._missed.record(snapshots, self._clock())
        changed = self._files.find_changed(snapshots, self._clock(), self._now())
        if changed:
            self._journal.record_all(changed)
        self._publish(snapshots)
        return self._pause(len(snapshots) < len(KINDS))

    def _publish(self, snapshots: Sequence[Snapshot[Any]]) -> None:
        position = self._position or Position()
        found = self._feed.after(position, MASS + 1)
        if found is None:
            self._begin_again(position, snapshots)
            return
        events, self._position = found
        if len(events) > MASS:
            events = [reset_at(events[-1].seq)]
        if events:
            self._deliver(events)

    def _begin_again(self, position: Position, snapshots: Sequence[Snapshot[Any]]) -> None:
        """Go on above all numbers that clients have, in a journal that is not the one it was."""
        self._position = Position(*self._journal.begin_again(position.id))
        self._missed.accept(snapshots)
        self._deliver([reset_at(self._position.id)])

    def _pause(self, is_busy: bool) -> float:
        if is_busy:
            return AGAIN_SECONDS
        asked = (self._settles_at(), self._files.settles_at(), self._missed.settles_at())
        soonest = min((at for at in asked if at is not None), default=None)
        if soonest is None:
            return TAIL_SECONDS
        return min(TAIL_SECONDS, max(0.001, soonest - self._clock()))
