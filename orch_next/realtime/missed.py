"""What changed while no process ran: rows whose revision the journal does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from orch_next.core.events import OUTSIDE, Change
from orch_next.core.journal import Journal
from orch_next.core.schema import KINDS, Record, Snapshot
from orch_next.realtime.feed import Feed

# Another process may have changed the file and not yet recorded it.
LASTING_SECONDS = 0.3

_Rows = dict[str, "str | None"]


class Missed:
    """Compares each ledger once with the journal, when this process begins."""

    def __init__(self, feed: Feed, journal: Journal, *, now: Callable[[], datetime]) -> None:
        self._feed, self._journal, self._now = feed, journal, now
        self._open = {kind.name for kind in KINDS}
        self._seen: dict[str, tuple[_Rows, float]] = {}

    def settles_at(self) -> float | None:
        """Return when a difference will have lasted long enough, None for none."""
        return min((since + LASTING_SECONDS for _, since in self._seen.values()), default=None)

    def record(self, snapshots: Sequence[Snapshot[Any]], at: float) -> None:
        """Record what differs and has lasted; `at` is the clock's. Raise BusyError.

        The first process over a journal takes the present rows as known.
        """
        for snapshot in snapshots:
            is_good = not (snapshot.stale or snapshot.damage or snapshot.missing)
            if snapshot.kind.name in self._open and is_good:
                self._compare(snapshot, at)

    def accept(self, snapshots: Sequence[Snapshot[Any]]) -> None:
        """Take the present rows as known: clients read all of them again. Raise BusyError."""
        for snapshot in snapshots:
            self._feed.keep_revisions(snapshot.kind.name, dict(revisions([snapshot])))

    def _compare(self, snapshot: Snapshot[Any], at: float) -> None:
        kind = snapshot.kind.name
        told = self._feed.told_revisions(kind)
        if told is None:
            self._feed.keep_revisions(kind, dict(revisions([snapshot])))
        found = {} if told is None else differences(told, snapshot)
        before, since = self._seen.get(kind, (found, at))
        if found and at - since < LASTING_SECONDS:
            self._seen[kind] = (before, since)
            return
        lasting = [row for row, rev in found.items() if row in before and before[row] == rev]
        if lasting:
            self._journal.record_all(list(self._changes(snapshot, lasting)))
        self._feed.shorten(kind)
        self._seen.pop(kind, None)
        self._open.discard(kind)

    def _changes(self, snapshot: Snapshot[Any], rows: Sequence[str]) -> Iterator[Change]:
        kind, at = snapshot.kind.name, self._now()
        last: Mapping[str, dict[str, Any] | None] = {}
        for start in range(0, len(rows), 500):
            last = {**last, **self._feed.last_rows(kind, rows[start : start + 500])}
        told = self._feed.told_revisions(kind) or {}
        for row in rows:
            # What a row was that nobody has ever changed is not known.
            before = (last.get(row) or {}) if row in told else None
            yield _change(snapshot, row, before, told.get(row), at)


def revisions(snapshots: Iterable[Snapshot[Any]]) -> Iterator[tuple[str, str]]:
    """Yield every row's revision, in file order; of rows that share an id the first one."""
    for snapshot in snapshots:
        for record in snapshot.records:
            if snapshot.find(record.key) == record:
                yield record.key, record.rev


def differences(told: Mapping[str, str], snapshot: Snapshot[Any]) -> _Rows:
    """Return the rows with another revision than the journal's; None is a row that is gone."""
    present = dict(revisions([snapshot]))
    changed: _Rows = {row: rev for row, rev in present.items() if told.get(row) != rev}
    return {**changed, **{row: None for row in told if row not in present}}


def _change(
    snapshot: Snapshot[Any],
    row: str,
    before: dict[str, Any] | None,
    rev_before: str | None,
    at: datetime,
) -> Change:
    record: Record | None = snapshot.find(row)
    what = "removed" if record is None else "added" if before is None else "updated"
    return Change(
        kind=snapshot.kind.name,
        event=f"{snapshot.kind.name}_{what}",
        record_id=row,
        before=before,
        after=record.as_json() if record else None,
        rev_before=rev_before,
        rev_after=record.rev if record else None,
        at=at,
        who=OUTSIDE,
        details={},
    )
