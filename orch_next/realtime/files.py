"""What changed in a ledger file beside its rows: other problems, other text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from orch_next.core.database import LEDGER
from orch_next.core.events import OUTSIDE, Change
from orch_next.core.schema import Snapshot
from orch_next.realtime.events import LEDGER_CHANGED

# A difference must last that long: a save or a checkout under way looks like damage.
FILE_SECONDS = 0.3
DAMAGE_SECONDS = 2.0


@dataclass(frozen=True)
class Mark:
    """One reading of a file: its bytes, its problems and its rows, each as a digest."""

    content: str
    problems: str
    rows: str


class Files:
    """Compares each file with what it was when it was told last, and waits until it is sure."""

    def __init__(self) -> None:
        self._told: dict[str, Mark] = {}
        self._marked: dict[str, tuple[Snapshot[Any], Mark]] = {}
        self._waiting: dict[str, tuple[Mark, float]] = {}

    def find_changed(
        self, snapshots: Sequence[Snapshot[Any]], now: float, at: datetime
    ) -> list[Change]:
        """Return what no row event shows and has lasted; the first reading is no news."""
        return [
            file_change(snapshot, at)
            for snapshot in snapshots
            if not snapshot.missing and self._is_news(snapshot, self._mark(snapshot), now)
        ]

    def settles_at(self) -> float | None:
        """Return when the next difference will have lasted long enough, None for none."""
        return min(
            (since + _lasting(self._marked[name][0]) for name, (_, since) in self._waiting.items()),
            default=None,
        )

    def _is_news(self, snapshot: Snapshot[Any], mark: Mark, now: float) -> bool:
        name = snapshot.kind.file_name
        told = self._told.setdefault(name, mark)
        if mark == told or (mark.problems == told.problems and mark.rows != told.rows):
            self._told[name] = mark
            self._waiting.pop(name, None)
            return False
        waiting = self._waiting.get(name)
        if waiting is None or waiting[0] != mark:
            waiting = self._waiting[name] = (mark, now)
        if now - waiting[1] < _lasting(snapshot):
            return False
        self._told[name] = mark
        del self._waiting[name]
        return True

    def _mark(self, snapshot: Snapshot[Any]) -> Mark:
        name = snapshot.kind.file_name
        known = self._marked.get(name)
        if known is None or known[0] is not snapshot:
            known = self._marked[name] = (snapshot, _mark(snapshot))
        return known[1]


def file_change(snapshot: Snapshot[Any], at: datetime) -> Change:
    """Describe a file that changed; the revision tells whether another process said so."""
    mark = _mark(snapshot)
    return Change(
        kind=LEDGER,
        event=LEDGER_CHANGED,
        record_id=snapshot.kind.file_name,
        before=None,
        after=None,
        rev_before=None,
        rev_after=_digest([mark.content, mark.problems]),
        at=at,
        who=OUTSIDE,
        details={
            "digest": snapshot.digest,
            "stale": snapshot.stale,
            "problems": [asdict(problem) for problem in snapshot.problems],
        },
    )


def _mark(snapshot: Snapshot[Any]) -> Mark:
    # Lines move when rows are added; a problem stays the same one.
    problems = sorted(f"{p.code} {p.severity} {p.record_id}" for p in snapshot.problems)
    return Mark(
        snapshot.digest,
        _digest([str(snapshot.stale), *problems]),
        _digest([f"{record.key}={record.rev}" for record in snapshot.records]),
    )


def _lasting(snapshot: Snapshot[Any]) -> float:
    return DAMAGE_SECONDS if snapshot.stale or snapshot.damage else FILE_SECONDS


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
