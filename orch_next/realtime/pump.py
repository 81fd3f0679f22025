"""The one road of every event: change -> log -> this process's clients, in order.

A real thread runs `Pump.step` again and again. What our own writers did comes through
`offer`; what others did to the files is found by comparing the snapshots with what the
log has told; what other processes logged is read behind our cursor.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from orch_next.core.events import OUTSIDE, Change
from orch_next.core.schema import KINDS, Snapshot
from orch_next.errors import OrchError
from orch_next.realtime.compare import (
    Author,
    Comparison,
    Rows,
    Snapshots,
    file_draft,
    outside_draft,
    revisions,
)
from orch_next.realtime.events import Draft, Event, draft_of
from orch_next.realtime.log import EventLog

TAIL_SECONDS = 1.0  # how often files and log are read when nothing tells of news
RETRY_SECONDS = 0.5
AGAIN_SECONDS = 0.01  # when somebody was reading or writing a ledger at that moment
MASS = 1_000  # differences at once that become one event with a reset
BASELINE = ("baseline", "")  # this row in the log says that all others were noted once


class Pump:
    """Moves events; `open` and `step` are for one thread, `offer`, `poke`, `stop` for any."""

    def __init__(
        self,
        log: EventLog,
        snapshots: Snapshots,
        *,
        author: Author,
        load: Callable[[Sequence[Event], int], None],
        deliver: Callable[[Sequence[Event]], None],
        is_owner: Callable[[], bool],
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._log, self._snapshots, self._author = log, snapshots, author
        self._load, self._deliver = load, deliver
        self._is_owner, self._now, self._clock = is_owner, now, clock
        self._offered: deque[Change] = deque()
        self._poked = threading.Event()
        self._stopped = self._opened = False
        self._look = True
        self._logged = True
        self._skipped = False
        self._tail_at = 0.0
        self._cursor = 0
        self._comparison = Comparison({})

    @property
    def cursor(self) -> int:
        """Return the number of the newest event that this process has told."""
        return self._cursor

    def open(self) -> None:
        """Load what the log has kept; raise `BusyError` when the log is not there.

        The first process over a log takes the present rows as told.
        """
        told = self._log.told()
        if BASELINE not in told:
            present = dict(revisions(self._snapshots()))
            self._log.set_told({**present, BASELINE: "1"})
            told = self._log.told()
        self._comparison.restart(told)
        newest, events = self._log.newest(), self._log.after(0)
        self._cursor = max(newest, events[-1].seq if events else 0)
        self._load(events, self._cursor)
        self._opened = True

    def offer(self, change: Change) -> None:
        """Take a change that was made; an outside edit is only a hint to look."""
        if change.who.source == OUTSIDE.source:
            self.poke()
        else:
            self._offered.append(change)
            self._poked.set()

    def poke(self) -> None:
        """Look at the files and the log soon."""
        self._look = True
        self._poked.set()

    def stop(self) -> None:
        """End `run` soon."""
        self._stopped = True
        self._poked.set()

    def run(self, complain: Callable[[str], None]) -> None:
        """Step until `stop`; what fails is said and tried again."""
        wait, said = 0.0, ""
        while not self._stopped:
            self._poked.wait(wait)
            self._poked.clear()
            try:
                wait, said = self.step(), ""
            except (OrchError, OSError) as error:
                if str(error) != said:
                    said = str(error)
                    complain(f"live events wait: {error}")
                self._look, wait = True, RETRY_SECONDS
        self._log.close()

    def step(self) -> float:
        """Log what is new and tell what was logged; return the seconds until the next step."""
        if not self._opened:
            self.open()
        self._log_offered()
        if self._look or self._logged or self._clock() >= self._tail_at:
            self._look = False
            self._tell_logged()
            self._tail_at = self._clock() + TAIL_SECONDS
        self._log_differences(self._snapshots())
        if self._logged:
            self._tell_logged()
        return self._pause()

    def _log_offered(self) -> None:
        changes = list(self._offered)
        if changes:
            self._append([draft_of(change) for change in changes])
            for _ in changes:
                self._offered.popleft()

    def _append(self, drafts: Sequence[Draft]) -> None:
        self._logged = True
        self._log.append(drafts, self._now())

    def _tell_logged(self) -> None:
        events = self._log.after(self._cursor)
        self._logged = False
        if events:
            self._cursor = events[-1].seq
            self._comparison.note(events)
            if any(event.resets for event in events):
                self._comparison.restart(self._log.told())
            self._deliver(events)

    def _log_differences(self, snapshots: Sequence[Snapshot[Any]]) -> None:
        self._skipped = len(snapshots) < len(KINDS)
        present = {s.kind.name: s for s in snapshots if not s.missing}
        found = self._comparison.find(list(present.values()))
        ripe = self._comparison.ripen(found, self._clock(), self._is_owner())
        if len(ripe) > MASS:
            self._log_mass(present, ripe)
        elif ripe:
            self._append([self._outside(row, present) for row in ripe])
        changed = self._comparison.changed_files(list(present.values()), self._clock())
        if changed and self._is_owner():
            self._append([file_draft(s, resets=False, at=self._now()) for s in changed])

    def _outside(self, row: tuple[str, str], present: dict[str, Snapshot[Any]]) -> Draft:
        known = row in self._comparison.told
        snapshot = present[row[0]]
        return outside_draft(row, snapshot, known=known, author=self._author, at=self._now())

    def _log_mass(self, present: dict[str, Snapshot[Any]], ripe: Rows) -> None:
        """Note a change of very many rows without telling each: clients read again."""
        self._log.set_told(ripe)
        kinds = dict.fromkeys(kind for kind, _ in ripe)
        self._append([file_draft(present[k], resets=True, at=self._now()) for k in kinds])

    def _pause(self) -> float:
        if self._logged or self._offered or self._look:
            return 0.0
        if self._skipped:
            return AGAIN_SECONDS
        ripe_at = self._comparison.waiting_until(self._is_owner())
        next_at = self._tail_at if ripe_at is None else min(self._tail_at, ripe_at)
        return max(0.0, next_at - self._clock())
