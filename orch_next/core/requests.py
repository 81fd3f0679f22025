"""Approvals that the dispatcher asks for: one per finished task, bound to what was shown.

Approving this one moves the task to DONE, rejecting it to FIX. Approvals that people or
scripts wrote change no task, as in the legacy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from orch_next.clock import utc_seconds
from orch_next.core.changes import ChangeRequest, Edit
from orch_next.core.events import Who
from orch_next.core.journal import Journal
from orch_next.core.lease_store import Attempt
from orch_next.core.lease_terms import DISPATCHER
from orch_next.core.records import Approval, Task
from orch_next.core.request_store import OPEN, VOID, Request, RequestStore
from orch_next.core.schema import APPROVAL, EMPTY, TASK
from orch_next.core.series import Series, find_series
from orch_next.core.state import State
from orch_next.core.view import LedgerView
from orch_next.errors import NotFoundError, SlowFileError

OPERATION = "タスク完了"
DECIDED = "approval_decided"
_FIRST = Series("A", 0, 3)
_EFFECTS = {"approved": "DONE", "rejected": "FIX"}

Tell = Callable[[str, dict[str, Any]], None]
T = TypeVar("T")


class _AbandonError(Exception):
    """Abandons a write: under the lock things are not as they seemed."""


@dataclass
class Requests:
    """Opens approvals for finished tasks and lets decisions take effect.

    `digest` returns the sha256 of an artifact by its name, or None; it raises `SlowFileError`
    while a file is being read.
    """

    state: State
    journal: Journal
    digest: Callable[[str], str | None]
    tell: Tell
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        self.store = RequestStore(self.journal.database)
        self._ensured = ""

    def open(self, task: Task, *, generation: int, core: str, evidence: str) -> Request | None:
        """Put a pending approval into the ledger; None when this one is open already.

        Raise SlowFileError while the evidence is being read: `ensure` opens it later.
        """
        request = Request("", task.id, generation, core, task.rev, evidence, self.digest(evidence))
        details: dict[str, Any] = {}
        made: list[Request] = []

        def plan(view: LedgerView[Approval]) -> Edit:
            if not made:  # a plan is called again when an outside save comes first
                made.append(self._number(view, request))
            opened = made[0]
            details.update(opened.as_json())
            return Edit(opened.appr_id, view.add_row(self._cells(opened)))

        asked = ChangeRequest("approval_requested", DISPATCHER, details)
        try:
            self.state.change(APPROVAL, plan, asked)
        except _AbandonError:
            return None
        return made[0]

    def ensure(self) -> list[Request]:
        """Open what is missing: a crash may have come between REVIEW and the approval."""
        tasks = self.state.tasks
        if tasks.stale or tasks.digest == self._ensured:
            return []
        opened = _each(lambda one: self._open_missing(*one), self._unasked())
        self._ensured = tasks.digest
        return opened

    def settle(self) -> list[Request]:
        """Let every decision on an open request take effect; return those that closed."""
        requests = self.store.list_open()
        if not requests or self.state.tasks.stale or self.state.approvals.stale:
            return []
        return _each(self._settle, requests)

    def feedback(self, task_id: str) -> str:
        """Return the note of the task's last rejection, for its next attempt."""
        request = self.store.newest(task_id)
        return request.note if request and request.state == "rejected" else ""

    def _number(self, view: LedgerView[Approval], request: Request) -> Request:
        """Take the next free id under the lock and store the request before its row."""
        view.refuse_damage()
        newest = self.store.newest(request.task_id)
        if newest and newest.state == OPEN and newest.generation == request.generation:
            raise _AbandonError
        series = find_series([record.appr_id for record in view.records])
        series = series if series.number else _FIRST
        with self.journal.database.transaction() as connection:
            appr_id = self.journal.marks.next_id(connection, APPROVAL.name, series)
            numbered = replace(request, appr_id=appr_id)
            self.store.add(connection, numbered)
        return numbered

    def _cells(self, request: Request) -> dict[str, str]:
        return {
            "appr_id": request.appr_id,
            "task_id": request.task_id,
            "op": OPERATION,
            "status": "pending",
            "requested_by": request.core,
            "ts_req": utc_seconds(self.now()),
            "evidence": request.evidence,
        }

    def _unasked(self) -> Iterator[tuple[Task, Attempt]]:
        for attempt in self.store.unasked():
            task = self.state.tasks.find(attempt.task_id)
            if task is not None and task.status == "REVIEW":
                yield task, attempt

    def _open_missing(self, task: Task, attempt: Attempt) -> Request | None:
        return self._ask(task, attempt.generation, attempt.core, attempt.log)

    def _ask(self, task: Task, generation: int, core: str, fallback: str) -> Request | None:
        evidence = task.artifact if task.artifact not in ("", EMPTY) else fallback
        return self.open(task, generation=generation, core=core, evidence=evidence)

    def _settle(self, request: Request) -> Request | None:
        approval = self.state.approvals.find(request.appr_id)
        if approval is None or approval.task_id != request.task_id:
            return self._void_missing(request)
        if approval.status not in _EFFECTS:
            return self._settle_undecided(request, approval.status)
        if approval.approver in ("", EMPTY, request.core):
            return None  # a hand wrote it: nobody but the requester is named (contract 3.3)
        return self._apply(self._with_note(request), approval)

    def _with_note(self, request: Request) -> Request:
        """Add what the decision was commented with, by whichever process it was made."""
        # A snapshot shows a decision a moment before the journal does: wait for its writer.
        self.state.refresh()
        details = self.journal.last_details(APPROVAL.name, request.appr_id, DECIDED)
        return replace(request, note=str(details.get("comment", "")))

    def _settle_undecided(self, request: Request, status: str) -> Request | None:
        task = self.state.tasks.find(request.task_id)
        same = task is not None and task.rev == request.row_rev
        if status == "pending":
            return None if same else self._withdraw(request)
        return self._close(request, "expired") if same else self._void(request)

    def _apply(self, request: Request, approval: Approval) -> Request | None:
        status = _EFFECTS[approval.status]
        if status == "DONE" and self.digest(request.evidence) != request.sha256:
            return self._void(request)

        def plan(view: LedgerView[Task]) -> Edit:
            entry = view.get_writable(request.task_id)
            if entry.record.rev != request.row_rev or entry.record.status != "REVIEW":
                raise _AbandonError
            return Edit(request.task_id, view.set_cells(entry, {"status": status}))

        who = Who(approval.approver, approval.approver_role, "dispatcher")
        event = "task_approved_done" if status == "DONE" else "task_fix_requested"
        try:
            self.state.change(TASK, plan, ChangeRequest(event, who, request.as_json()))
        except (_AbandonError, NotFoundError):
            task = self.state.tasks.find(request.task_id)
            # It was us, before a crash or in another thread.
            if task is None or task.status != status:
                return self._void(request)
        return self._close(request, approval.status)

    def _withdraw(self, request: Request) -> Request | None:
        """Expire a pending approval whose task's row has changed, and ask again."""

        def plan(view: LedgerView[Approval]) -> Edit:
            entry = view.get_writable(request.appr_id)
            if entry.record.status != "pending":
                raise _AbandonError
            cells = {"status": "expired", "ts_dec": utc_seconds(self.now())}
            return Edit(request.appr_id, view.set_cells(entry, cells))

        try:
            self.state.change(APPROVAL, plan, ChangeRequest("approval_voided", DISPATCHER))
        except _AbandonError:
            return None  # decided in between; the next look sees it
        return self._void(request)

    def _void_missing(self, request: Request) -> Request | None:
        """Void a request whose row is not in the ledger, looking under the lock."""

        def plan(view: LedgerView[Approval]) -> Edit:
            view.refuse_damage()
            entry = view.find(request.appr_id)
            gone.append(entry is None or entry.record.task_id != request.task_id)
            raise _AbandonError

        gone: list[bool] = []
        try:
            self.state.change(APPROVAL, plan, ChangeRequest("approval_voided", DISPATCHER))
        except _AbandonError:
            return self._void(request) if gone[-1] else None
        return None

    def _void(self, request: Request) -> Request | None:
        closed = self._close(request, VOID)
        task = self.state.tasks.find(request.task_id)
        if closed and task is not None and task.status == "REVIEW":
            self._ask(task, request.generation, request.core, request.evidence)
        return closed

    def _close(self, request: Request, state: str) -> Request | None:
        closed = replace(request, state=state)
        if not self.store.change(request, {"state": state, "note": request.note}):
            return None
        self.tell("job_decided", closed.as_json())
        return closed


def _each(work: Callable[[T], Request | None], given: Iterable[T]) -> list[Request]:
    """Return what `work` makes of each; a file that takes long holds nobody else up.

    Raise the last SlowFileError behind all of them.
    """
    found, slow = [], None
    for one in given:
        try:
            found.append(work(one))
        except SlowFileError as error:
            slow = error
    if slow is not None:
        raise slow
    return [request for request in found if request]
