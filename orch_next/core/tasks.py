"""What may happen to a task: new statuses and new rows (contract 3.3, D07, D08, D12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

from orch_next.core.changes import ChangeRequest, Edit
from orch_next.core.claims import Claim, Claimed
from orch_next.core.events import Who, hash_payload
from orch_next.core.history import list_entries
from orch_next.core.journal import Journal
from orch_next.core.kinds import EMPTY, ROLES, TASK, TASK_STATUSES
from orch_next.core.records import Task
from orch_next.core.series import find_series
from orch_next.core.state import State
from orch_next.core.view import LedgerView
from orch_next.errors import InputError, RuleError
from orch_next.ledger.document import clean_value

EVENTS: Mapping[str, str] = {
    "PLAN": "task_planned",
    "READY": "task_promoted",
    "DOING": "task_started",
    "REVIEW": "task_submitted",
    "FIX": "task_fix_requested",
    "DONE": "task_approved_done",
    "HOLD": "task_held",
    "DROP": "task_dropped",
}
# Contract 3.3: PLAN -> READY -> DOING -> REVIEW -> (FIX -> DOING)* -> DONE.
_FLOW: Mapping[str, tuple[str, ...]] = {
    "PLAN": ("READY",),
    "READY": ("DOING",),
    "DOING": ("REVIEW",),
    "REVIEW": ("FIX", "DONE"),
    "FIX": ("DOING",),
    "HOLD": ("READY", "PLAN"),
}
_TERMINAL = ("DONE", "DROP")
_CMD_ONLY = ("HOLD", "DROP")
_UNLOCKED = ("HOLD", "REVIEW")
_FREE = {"lock": EMPTY, "lock_owner": EMPTY, "lock_expires_at": EMPTY}
_CREATE = "task_create"
EDITABLE = ("title", "owner", "due", "artifact", "notes")
EDITED = "task_edited"
CREATED = "task_created"

# Judges the row as it is under the lock and the cells that it shall get; raises ForbiddenError.
Permit: TypeAlias = Callable[[Task, Mapping[str, str]], None]


def permit_all(_task: Task, _cells: Mapping[str, str]) -> None:
    """Let everybody do everything: the rule where nobody's role is known."""


@dataclass(frozen=True)
class TaskDraft:
    """A task to be made; `due` is a date, a date-time or any text, as people write it."""

    title: str
    owner: str = "CMD"
    due: str | None = None
    notes: str = ""


class _MadeBefore(Exception):
    """Abandon a create: the same Idempotency-Key has had its effect."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.id)
        self.task = task


class Tasks:
    """The rules of one governance: `compatible` (any status may follow) or `strict`."""

    def __init__(self, state: State, journal: Journal, *, governance: str) -> None:
        self._state, self._journal = state, journal
        self._strict = governance == "strict"

    def set_status(
        self,
        task_id: str,
        status: str,
        who: Who,
        expected_rev: str | None = None,
        permit: Permit = permit_all,
    ) -> Task:
        """Give a task a status; HOLD and REVIEW free its lock cells (contract 3.4).

        Raise InputError for a status that is none, RuleError where strict governance
        forbids it, and what `LedgerView.get_writable` raises.
        """
        if status not in TASK_STATUSES:
            raise InputError(f"status must be one of {', '.join(TASK_STATUSES)}")
        values = {"status": status, **(_FREE if status in _UNLOCKED else {})}

        def plan(view: LedgerView[Task]) -> Edit:
            entry = view.get_writable(task_id, expected_rev)
            permit(entry.record, values)
            if self._strict:
                if entry.record.status == status:
                    return Edit(task_id, ())
                check_flow(entry.record, status, who)
            return Edit(task_id, view.set_cells(entry, values))

        payload = hash_payload({"task_id": task_id, "status": status})
        request = ChangeRequest(EVENTS[status], who, payload_sha256=payload)
        return self._state.change(TASK, plan, request).after

    def edit(
        self,
        task_id: str,
        cells: Mapping[str, Any],
        who: Who,
        expected_rev: str | None = None,
        permit: Permit = permit_all,
    ) -> Task:
        """Change cells of `EDITABLE` and nothing else; a blank due, artifact or note becomes `-`.

        Raise InputError for another cell or a value that cannot be stored, and what
        `LedgerView.get_writable` raises.
        """
        values = self._checked_cells(cells)

        def plan(view: LedgerView[Task]) -> Edit:
            entry = view.get_writable(task_id, expected_rev)
            permit(entry.record, values)
            return Edit(task_id, view.set_cells(entry, values))

        payload = hash_payload({"task_id": task_id, **values})
        return self._state.change(
            TASK, plan, ChangeRequest(EDITED, who, payload_sha256=payload)
        ).after

    def create(self, draft: TaskDraft, who: Who, idempotency_key: str | None = None) -> Task:
        """Put a new PLAN task behind the table's last row, under an id never used before.

        With a key, a repeated call has one effect and one answer. Raise InputError for a
        value that cannot be stored, ConflictError for a key used with another payload.
        """
        values = self._checked(draft)
        payload = hash_payload(values)
        request = ChangeRequest(CREATED, who, payload_sha256=payload)
        if idempotency_key is None:
            return self._append(values, request, None)
        claim = Claim(_CREATE, idempotency_key, payload)
        claimed = self._journal.claims.claim(claim)
        if claimed.answer is not None:
            return Task(**claimed.answer)
        task = self._append(values, request, claim)
        self._journal.claims.answer(claim, asdict(task))
        return task

    def is_made_by(self, actor: str, idempotency_key: str) -> bool:
        """Tell whether this author has created a task with this key; raise BusyError."""
        task_id = self._journal.claims.find_record(_CREATE, idempotency_key)
        database = self._journal.database
        found = list_entries(database, kind=TASK.name, record_id=task_id, actor=actor)
        return bool(task_id) and any(entry.event == CREATED for entry in found)

    def _append(
        self, values: Mapping[str, str], request: ChangeRequest, claim: Claim | None
    ) -> Task:
        def plan(view: LedgerView[Task]) -> Edit:
            task_id = self._choose_id(view, values, claim)
            return Edit(task_id, view.add_row({**values, "id": task_id}))

        try:
            return self._state.change(TASK, plan, request).after
        except _MadeBefore as made:
            return made.task

    def _choose_id(
        self, view: LedgerView[Task], values: Mapping[str, str], claim: Claim | None
    ) -> str:
        """Take the next id under the ledger's lock, and note it before anything is written."""
        view.refuse_damage()
        claims, marks = self._journal.claims, self._journal.marks
        with self._journal.database.transaction() as connection:
            if claim:
                _refuse_repetition(claims.look_up(connection, claim), view, values)
            series = find_series([record.key for record in view.records])
            task_id = marks.next_id(connection, TASK.name, series)
            if claim:
                claims.plan(connection, claim, task_id)
        return task_id

    def _checked(self, draft: TaskDraft) -> dict[str, str]:
        values = {"title": _cell("title", draft.title), "status": "PLAN"}
        values["owner"] = _cell("owner", draft.owner)
        values["due"] = _cell("due", draft.due or "")
        values["notes"] = _cell("notes", draft.notes)
        self._check_required(values)
        return values

    def _checked_cells(self, cells: Mapping[str, Any]) -> dict[str, str]:
        unknown = sorted(set(cells) - set(EDITABLE))
        if unknown or not cells:
            found = f", not {unknown[0]}" if unknown else ""
            raise InputError(f"name cells of {', '.join(EDITABLE)}{found}")
        values = {name: _cell(name, value) for name, value in cells.items()}
        self._check_required(values)
        return {name: value or EMPTY for name, value in values.items()}

    def _check_required(self, values: Mapping[str, str]) -> None:
        for name in ("title", "owner"):
            if not values.get(name, EMPTY):
                raise InputError(f"{name} is required")
        if self._strict and values.get("owner", ROLES[0]) not in ROLES:
            raise InputError(f"owner must be one of {', '.join(ROLES)}")


def check_flow(task: Task, status: str, who: Who) -> None:
    """Raise RuleError where contract 3.3 does not let this author take this step."""
    before = task.status
    if before in _TERMINAL:
        raise RuleError(f"task {task.id} is {before}, which is final")
    if status in _CMD_ONLY or before == "HOLD":
        if who.role != "CMD":
            raise RuleError(f"only CMD may change {task.id} from {before} to {status}")
        if status in _CMD_ONLY:
            return
    if status not in _FLOW.get(before, ()):
        raise RuleError(f"task {task.id} cannot go from {before} to {status}")


def _cell(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name} must be a string")
    return clean_value(value)


def _refuse_repetition(claimed: Claimed, view: LedgerView[Task], values: Mapping[str, str]) -> None:
    """Abandon when the claim was answered, or its planned row stands in the ledger."""
    if claimed.answer is not None:
        raise _MadeBefore(Task(**claimed.answer))
    made = view.find(claimed.record_id)
    if made and made.record.title == values["title"]:
        raise _MadeBefore(replace(made.record))
