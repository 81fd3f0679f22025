"""What the files say and the log has not told: outside edits, found row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from orch_next.clock import utc_micros
from orch_next.core.events import OUTSIDE
from orch_next.core.journal import Authorship
from orch_next.core.schema import Record, Snapshot
from orch_next.realtime.events import LEDGER_CHANGED, Draft, Event, row_draft
from orch_next.realtime.log import Row

# A difference must last that long: its writer (maybe another process) may tell it better,
# and a row that is gone may be an editor's half-written file.
GRACE_SECONDS = 0.03
GONE_GRACE_SECONDS = 0.3
FILE_GRACE_SECONDS = 0.3
DAMAGE_GRACE_SECONDS = 2.0  # a save or a checkout under way looks like damage
GUEST_SECONDS = 1.0  # more for a process that is not the owner, in case the owner sleeps

Rows = dict[Row, "str | None"]
Author = Callable[[str, str, str], "Authorship | None"]  # of a kind's row with a revision


@dataclass(frozen=True)
class Mark:
    """One reading of a file: its bytes, its problems and its rows, each as a digest."""

    content: str
    problems: str
    rows: str


class Comparison:
    """Compares snapshots with the revisions that were told, and waits until it is sure."""

    def __init__(self, told: Mapping[Row, str]) -> None:
        self.told = dict(told)
        self._seen: dict[Row, tuple[str | None, float]] = {}
        self._looked: set[str] = set()
        self._compared: dict[str, Snapshot[Any]] = {}
        self._marks: dict[str, Mark] = {}
        self._marked: dict[str, tuple[Snapshot[Any], Mark]] = {}
        self._waiting: dict[str, tuple[Mark, float]] = {}

    def note(self, events: Iterable[Event]) -> None:
        """Take what the log has told since."""
        for event in events:
            if event.name == LEDGER_CHANGED:
                continue
            self._compared.pop(event.kind, None)
            if event.rev is None:
                self.told.pop((event.kind, event.record_id), None)
            else:
                self.told[event.kind, event.record_id] = event.rev

    def restart(self, told: Mapping[Row, str]) -> None:
        """Take all of it from the log again."""
        self.told = dict(told)
        self._compared.clear()

    def find(self, snapshots: Sequence[Snapshot[Any]]) -> Rows:
        """Return the rows whose revision was not told; None is a row that is gone.

        A ledger that somebody is writing is not among the snapshots: what was seen of it waits.
        """
        found: Rows = {}
        self._looked = {snapshot.kind.name for snapshot in snapshots}
        for snapshot in snapshots:
            kind = snapshot.kind.name
            if self._compared.get(kind) is not snapshot:
                self._compared[kind] = snapshot
                if not snapshot.stale:
                    found.update(self._differences(snapshot))
            else:
                found.update({row: seen[0] for row, seen in self._seen.items() if row[0] == kind})
        return found

    def ripen(self, found: Rows, now: float, is_owner: bool) -> Rows:
        """Return those that have lasted long enough; the others are kept for later."""
        kept = {row: seen for row, seen in self._seen.items() if row[0] not in self._looked}
        self._seen = {row: self._first_seen(row, rev, now) for row, rev in found.items()}
        ripe = {
            row: rev
            for row, (rev, since) in self._seen.items()
            if now - since >= grace(rev, is_owner)
        }
        self._seen = {row: seen for row, seen in self._seen.items() if row not in ripe} | kept
        return ripe

    def waiting_until(self, is_owner: bool) -> float | None:
        """Return when the next difference will have lasted long enough, None for none."""
        rows = [since + grace(rev, is_owner) for rev, since in self._seen.values()]
        files = [
            since + _file_grace(self._marked[name][0]) for name, (_, since) in self._waiting.items()
        ]
        return min(rows + files, default=None)

    def changed_files(self, snapshots: Sequence[Snapshot[Any]], now: float) -> list[Snapshot[Any]]:
        """Return the files that changed, for good, in a way that no row event shows.

        That is: other problems, or other text outside the rows. The first reading is none.
        """
        return [s for s in snapshots if self._is_file_news(s, self._mark(s), now)]

    def _is_file_news(self, snapshot: Snapshot[Any], mark: Mark, now: float) -> bool:
        name = snapshot.kind.file_name
        told = self._marks.setdefault(name, mark)
        if mark == told or (mark.problems == told.problems and mark.rows != told.rows):
            self._marks[name] = mark
            self._waiting.pop(name, None)
            return False
        waiting = self._waiting.get(name)
        if waiting is None or waiting[0] != mark:
            waiting = self._waiting[name] = (mark, now)
        if now - waiting[1] < _file_grace(snapshot):
            return False
        self._marks[name] = mark
        del self._waiting[name]
        return True

    def _mark(self, snapshot: Snapshot[Any]) -> Mark:
        name = snapshot.kind.file_name
        known = self._marked.get(name)
        if known is None or known[0] is not snapshot:
            known = self._marked[name] = (snapshot, _mark(snapshot))
        return known[1]

    def _differences(self, snapshot: Snapshot[Any]) -> Rows:
        kind = snapshot.kind.name
        present = dict(revisions([snapshot]))
        changed: Rows = {row: rev for row, rev in present.items() if self.told.get(row) != rev}
        gone = [row for row in self.told if row[0] == kind and row not in present]
        return {**changed, **dict.fromkeys(gone)}

    def _first_seen(self, row: Row, rev: str | None, now: float) -> tuple[str | None, float]:
        known = self._seen.get(row)
        return known if known is not None and known[0] == rev else (rev, now)


def grace(rev: str | None, is_owner: bool) -> float:
    """Return the seconds that a difference must last before this process tells it."""
    lasting = GONE_GRACE_SECONDS if rev is None else GRACE_SECONDS
    return lasting if is_owner else lasting + GUEST_SECONDS


def revisions(snapshots: Iterable[Snapshot[Any]]) -> Iterator[tuple[Row, str]]:
    """Yield every row's revision, in file order; of rows that share an id the first one."""
    for snapshot in snapshots:
        for record in snapshot.records:
            if snapshot.find(record.key) == record:
                yield (snapshot.kind.name, record.key), record.rev


def outside_draft(
    row: Row, snapshot: Snapshot[Any], *, known: bool, author: Author, at: datetime
) -> Draft:
    """Make the draft of a row that somebody else added, changed or removed.

    What the command line or another process did stands in the journal with its author.
    """
    record: Record | None = snapshot.find(row[1])
    what = "removed" if record is None else "updated" if known else "added"
    by = author(*row, record.rev) if record else None
    who = by.who if by else OUTSIDE
    return row_draft(
        *row,
        record.rev if record else None,
        record.as_json() if record else None,
        at=at,
        source=who.source,
        actor=who.actor,
        what=by.event if by else f"{row[0]}_{what}",
    )


def file_draft(snapshot: Snapshot[Any], *, resets: bool, at: datetime) -> Draft:
    """Make the draft of `ledger_changed`; `resets` says that rows changed beside it."""
    name = snapshot.kind.file_name
    payload: dict[str, Any] = {
        "event": LEDGER_CHANGED,
        "kind": "ledger",
        "id": name,
        "file": name,
        "digest": snapshot.digest,
        "rev": snapshot.digest,
        "stale": snapshot.stale,
        "problems": [asdict(problem) for problem in snapshot.problems],
        "ts": utc_micros(at),
        "source": OUTSIDE.source,
        "actor": OUTSIDE.actor,
    }
    marked = {**payload, "reset": True} if resets else payload
    return Draft(LEDGER_CHANGED, "ledger", name, snapshot.digest, marked)


def _mark(snapshot: Snapshot[Any]) -> Mark:
    # Lines move when rows are added; a problem stays the same one.
    problems = sorted(f"{p.code} {p.severity} {p.record_id}" for p in snapshot.problems)
    return Mark(
        snapshot.digest,
        _digest([str(snapshot.stale), *problems]),
        _digest([f"{record.key}={record.rev}" for record in snapshot.records]),
    )


def _file_grace(snapshot: Snapshot[Any]) -> float:
    return DAMAGE_GRACE_SECONDS if snapshot.stale or snapshot.damage else FILE_GRACE_SECONDS


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


Snapshots = Callable[[], Sequence[Snapshot[Any]]]
