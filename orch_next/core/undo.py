"""Undo: give a row back the cells it had, if they still are as the journal's entry left them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from orch_next.core.approvals import DECIDED, Approvals
from orch_next.core.changes import ChangeRequest, Edit, WriteResult
from orch_next.core.events import Who, hash_payload
from orch_next.core.history import JournalEntry, get_entry, list_entries
from orch_next.core.journal import Journal
from orch_next.core.kinds import APPROVAL, KINDS, LedgerKind
from orch_next.core.records import Record
from orch_next.core.request_store import RequestStore
from orch_next.core.schema import Snapshot
from orch_next.core.state import State
from orch_next.core.tasks import CREATED
from orch_next.core.view import LedgerView
from orch_next.errors import ConflictError, DamagedError, NotFoundError, RuleError
from orch_next.ledger.document import Row
from orch_next.ledger.merge_row import merge_row

# How far back `last` looks for a change to take back.
_FAR = 1000


@dataclass(frozen=True)
class Undone:
    """What an undo did; `record` is the row now, None when it was removed.

    `journal_id` is the undo's own entry (undoing that one is redo), None while it waits
    in the journal's spool.
    """

    entry: JournalEntry
    record: Record | None
    journal_id: int | None


class _OnlyAskedError(Exception):
    """Abandons a dry run where the write would begin."""


class Undo:
    """Takes back changes of ledger rows, whoever made them; strict: statuses only by CMD."""

    def __init__(
        self, state: State, journal: Journal, approvals: Approvals, *, governance: str
    ) -> None:
        self._state, self._journal, self._approvals = state, journal, approvals
        self._requests = RequestStore(journal.database)
        self._strict = governance == "strict"

    def get(self, entry_id: int) -> JournalEntry:
        """Return a journal entry; raise NotFoundError, BusyError."""
        return get_entry(self._journal.database, entry_id)

    def last(self, actor: str) -> JournalEntry:
        """Return the actor's newest change that is no undo and was not undone.

        Only the last 1,000 entries are looked at. Raise NotFoundError, BusyError.
        """
        entries = list_entries(self._journal.database, limit=_FAR)
        undone = taken_back((entry.id, entry.undoes) for entry in entries)
        for entry in entries:
            own = entry.actor == actor and entry.undoes is None and entry.changes
            if own and entry.id not in undone:
                return entry
        raise NotFoundError(f"the journal has no change by {actor} that could be undone")

    def undo(self, entry_id: int, who: Who) -> Undone:
        """Take back one entry; the undo is journalled as `<kind>_undone`.

        What others changed since in other cells stays. Raise NotFoundError for an unknown
        entry, ConflictError when one of its cells was changed since, RuleError where
        governance or a later effect forbids it, and what `LedgerView.get_writable` raises.
        """
        entry = self._checked(entry_id, who)
        outcome = self._write(entry, who, lambda step: step)
        if entry.kind == APPROVAL.name:
            self._approval_changed(entry, outcome, who)
        return Undone(entry, outcome.present, self._own_entry(entry))

    def try_out(self, entry_id: int, who: Who) -> JournalEntry:
        """Return the entry, raising what `undo` would raise; change nothing."""
        entry = self._checked(entry_id, who)

        def stop(_step: Edit) -> Edit:
            raise _OnlyAskedError

        try:
            self._write(entry, who, stop)
        except _OnlyAskedError:
            return entry
        return entry

    def judge(self, entries: Iterable[JournalEntry]) -> list[bool]:
        """Tell for each entry whether its cells still are as it left them (`undoable`)."""
        self._state.refresh()
        snapshots = {kind.name: self._snapshot(kind) for kind in KINDS}
        return [self._fits(entry, snapshots.get(entry.kind)) for entry in entries]

    def _write(
        self, entry: JournalEntry, who: Who, then: Callable[[Edit], Edit]
    ) -> WriteResult[Any]:
        kind = _kind_of(entry)

        def plan(view: LedgerView[Any]) -> Edit:
            return then(self._step(view, entry))

        request = ChangeRequest(
            f"{entry.kind}_undone",
            who,
            {"undoes": entry.id, "undone": entry.event},
            hash_payload({"undo": entry.id}),
        )
        # What others changed outside is to be in the journal, with its author.
        self._state.refresh()
        return self._state.change(kind, plan, request)

    def _step(self, view: LedgerView[Any], entry: JournalEntry) -> Edit:
        record_id = entry.record_id
        view.refuse_damage()
        found = view.find(record_id)
        record = found.record if found else None
        if entry.before is None and _is_as_left(record, entry):
            return Edit(record_id, view.remove_row(view.get_writable(record_id)), removes=True)
        if entry.before is not None and record is None and entry.after is None:
            row = entry.details["row_before"]
            return Edit(record_id, view.put_row(row["raw"], row["line"], entry.before))
        line = self._line(entry, record)
        if record is None or line is None:
            raise self._conflict(entry, record)
        cells = {**record.as_json(), **{one["cell"]: one["before"] for one in entry.changes}}
        return Edit(record_id, view.set_row(view.get_writable(record_id), line, cells))

    def _line(self, entry: JournalEntry, record: Record | None) -> str | None:
        """Return the row's line without the entry's changes, None where they do not stand."""
        if record is None or entry.before is None or entry.after is None:
            return None
        old: str = entry.details["row_before"]["raw"]
        if _is_as_left(record, entry):
            return old
        now = record.as_json()
        if any(now.get(one["cell"]) != one["after"] for one in entry.changes):
            return None
        left = self._raw_after(entry)
        return None if left is None else merge_row(left, record.raw, old)

    def _raw_after(self, entry: JournalEntry) -> str | None:
        """Return the line as the entry left it, which the next entry of its row has kept."""
        later = self._later(entry)
        kept = later[-1].details.get("row_before") if later else None
        raw: str | None = kept["raw"] if kept else None
        return raw if raw is not None and Row(0, 0, raw).rev == entry.rev_after else None

    def _checked(self, entry_id: int, who: Who) -> JournalEntry:
        entry = self.get(entry_id)
        _kind_of(entry)
        if not _has_row(entry):
            raise RuleError(f"journal entry {entry.id} ({entry.event}) changed no row")
        before, after = entry.statuses
        if self._strict and before != after and who.role != "CMD":
            raise RuleError(f"only CMD may take {entry.record_id} from {after} back to {before}")
        self._refuse_orphans(entry)
        self._refuse_effects(entry)
        return entry

    def _refuse_orphans(self, entry: JournalEntry) -> None:
        # A row that came from outside, or back by an undo, may have been missed before.
        if entry.event != CREATED:
            return
        approvals = self._state.approvals.records
        held = next((one.appr_id for one in approvals if one.task_id == entry.record_id), None)
        if held is not None:
            raise RuleError(f"approval {held} belongs to {entry.record_id}: it stays")

    def _refuse_effects(self, entry: JournalEntry) -> None:
        """Refuse while a task stands where this decision has put it (dispatcher's approvals)."""
        request = self._request(entry)
        if request is None or request.state not in DECIDED:
            return
        task = self._state.tasks.find(request.task_id)
        if task is not None and task.rev != request.row_rev:
            raise RuleError(f"task {task.id} is {task.status} by this decision: undo that first")

    def _approval_changed(self, entry: JournalEntry, outcome: WriteResult[Any], who: Who) -> None:
        if outcome.present is not None and entry.statuses[0] != entry.statuses[1]:
            self._approvals.log_undo(outcome, who.role, f"undo of journal entry {entry.id}")
        request = self._request(entry)
        if request is not None and request.state in DECIDED:
            self._requests.reopen(request.appr_id)

    def _request(self, entry: JournalEntry) -> Any:
        """Return the dispatcher's request that this entry decided, or None."""
        if entry.kind != APPROVAL.name or entry.statuses[1] not in DECIDED:
            return None
        return self._requests.find(entry.record_id)

    def _conflict(self, entry: JournalEntry, record: Record | None) -> ConflictError:
        cells = {one["cell"] for one in entry.changes}
        later = self._later(entry)
        faster = (one for one in later if cells & {change["cell"] for change in one.changes})
        by = next(faster, later[0] if later else None)
        words = f"{by.actor} ({by.event}, entry {by.id})" if by else "outside"
        present = {**record.as_json(), "rev": record.rev} if record else None
        return ConflictError(
            f"{entry.record_id} was changed since by {words}",
            present,
            {"code": "changed_since", "changed_by": _author(by, cells)},
        )

    def _own_entry(self, entry: JournalEntry) -> int | None:
        return next((one.id for one in self._later(entry) if one.undoes == entry.id), None)

    def _later(self, entry: JournalEntry) -> list[JournalEntry]:
        """Return the newest entries of the same row that came after this one."""
        return list_entries(
            self._journal.database,
            kind=entry.kind,
            record_id=entry.record_id,
            after=entry.id,
            limit=_FAR,
        )

    def _snapshot(self, kind: LedgerKind[Any]) -> Snapshot[Any] | None:
        try:
            found = self._state.snapshot(kind)
        except DamagedError:
            return None
        return None if found.stale else found

    def _fits(self, entry: JournalEntry, snapshot: Snapshot[Any] | None) -> bool:
        if snapshot is None or not _has_row(entry):
            return False
        if any(p.severity == "row" and p.record_id == entry.record_id for p in snapshot.problems):
            return False
        record = snapshot.find(entry.record_id)
        return _is_as_left(record, entry) or self._line(entry, record) is not None


def taken_back(undoes: Iterable[tuple[int, int | None]]) -> set[int]:
    """Return which ids are undone, from (id, what it undoes) newest first; redo revives."""
    found: set[int] = set()
    for entry_id, target in undoes:
        if target is not None and entry_id not in found:
            found.add(target)
    return found


def _has_row(entry: JournalEntry) -> bool:
    return bool(entry.changes) and (entry.before is None or "row_before" in entry.details)


def _is_as_left(record: Record | None, entry: JournalEntry) -> bool:
    if record is None or entry.after is None:
        return record is None and entry.after is None
    # The cells too: another header would give the same line another meaning.
    return record.rev == entry.rev_after and record.as_json() == entry.after


def _author(entry: JournalEntry | None, cells: set[str]) -> dict[str, Any]:
    """Return who changed cells since, for pages that say it in their own words."""
    if entry is None:
        return {"actor": "outside", "source": "outside", "cells": sorted(cells)}
    changed = [one["cell"] for one in entry.changes if one["cell"] in cells]
    return {"actor": entry.actor, "source": entry.source, "ts": entry.ts, "cells": changed}


def _kind_of(entry: JournalEntry) -> LedgerKind[Any]:
    for kind in KINDS:
        if kind.name == entry.kind:
            return kind
    raise RuleError(f"journal entry {entry.id} ({entry.event}) is about no ledger's row")
