"""How an approval is decided: once, by someone else, as CMD or AUDIT (contract 3.3, D12)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orch_next.clock import find_utc, utc_seconds
from orch_next.core.changes import ChangeRequest, Edit, WriteResult
from orch_next.core.events import Who, hash_payload
from orch_next.core.kinds import APPROVAL, APPROVAL_STATUSES, APPROVER_ROLES
from orch_next.core.logs import DecisionLine, append_decision
from orch_next.core.records import Approval
from orch_next.core.state import State
from orch_next.core.view import Entry, LedgerView
from orch_next.errors import InputError, NotFoundError, RuleError, UncertainError
from orch_next.ledger.document import clean_value
from orch_next.storage.disk import Disk

log = logging.getLogger(__name__)

PENDING = "pending"
DECIDED = tuple(status for status in APPROVAL_STATUSES if status != PENDING)


@dataclass(frozen=True)
class Decision:
    """A decision; the comment goes to the journal and the log, never into a cell (D21)."""

    status: str
    approver: str
    approver_role: str
    comment: str = ""


class Approvals:
    """Decides approvals, in both governances by the same rules."""

    def __init__(
        self,
        state: State,
        *,
        now: Callable[[], datetime],
        logs_folder: Path,
        disk: Disk | None = None,
    ) -> None:
        self._state, self._now, self._logs_folder = state, now, logs_folder
        self._disk = disk or Disk()

    def decide(
        self, appr_id: str, decision: Decision, who: Who, expected_rev: str | None = None
    ) -> Approval:
        """Decide a pending approval: status, approver, role and ts_dec change, nothing else.

        Raise InputError for a status, role or approver that is none, RuleError for a
        decided approval, one's own request or a clock behind ts_req, and what
        `LedgerView.get_writable` raises.
        """
        return self._decide(
            lambda view: view.get_writable(appr_id, expected_rev),
            decision,
            who,
            {"appr_id": appr_id},
        )

    def decide_for_task(self, task_id: str, decision: Decision, who: Who) -> Approval:
        """Decide the first pending approval of a task; raise as `decide` does."""

        def find(view: LedgerView[Approval]) -> Entry[Approval]:
            view.refuse_damage()
            for record in view.records:
                if record.task_id == task_id and record.status == PENDING:
                    return view.get_writable(record.appr_id)
            raise NotFoundError("No pending approval found for this job")

        return self._decide(find, decision, who, {"task_id": task_id})

    def _decide(
        self,
        find: Callable[[LedgerView[Approval]], Entry[Approval]],
        decision: Decision,
        who: Who,
        target: dict[str, str],
    ) -> Approval:
        check_decision(decision)
        at = self._now()

        def plan(view: LedgerView[Approval]) -> Edit:
            entry = find(view)
            check_approval(entry.record, decision, at)
            values = {
                "status": decision.status,
                "approver": decision.approver,
                "approver_role": decision.approver_role,
                "ts_dec": utc_seconds(at),
            }
            return Edit(entry.record.appr_id, view.set_cells(entry, values))

        payload = hash_payload({**target, **vars(decision)})
        details = {"comment": decision.comment} if decision.comment else {}
        request = ChangeRequest("approval_decided", who, details, payload)
        outcome = self._state.change(APPROVAL, plan, request)
        step = f"{PENDING}→{decision.status}"
        self._log(outcome, step, (decision.approver_role, decision.comment), at)
        return outcome.after

    def log_undo(self, outcome: WriteResult[Approval], role: str, note: str) -> None:
        """Add the log's line about a decision that was taken back, or made again by redo."""
        before = outcome.before.status if outcome.before else "-"
        self._log(outcome, f"{before}→{outcome.after.status}", (role, note), self._now())

    def _log(
        self, outcome: WriteResult[Approval], step: str, said: tuple[str, str], at: datetime
    ) -> None:
        line = DecisionLine(
            at=at,
            task_id=outcome.after.task_id,
            step=step,
            role=said[0],
            sha_in=outcome.digest_before,
            sha_out=outcome.digest,
            note=said[1],
        )
        try:
            append_decision(self._logs_folder, line, self._disk)
        except (OSError, UncertainError):
            # The decision stands and the journal has it; it must not be told as failed.
            log.exception("approval log line not written: %s", line.as_text())


def check_decision(decision: Decision) -> None:
    """Raise InputError for values that no decision can have."""
    for name, value in vars(decision).items():
        if not isinstance(value, str):
            raise InputError(f"{name} must be a string")
    if decision.status not in DECIDED:
        raise InputError(f"status must be one of {', '.join(DECIDED)}")
    if decision.approver_role not in APPROVER_ROLES:
        raise InputError(f"approver_role must be one of {', '.join(APPROVER_ROLES)}")
    if clean_value(decision.approver) in ("", "-"):
        raise InputError("approver is required")


def check_approval(approval: Approval, decision: Decision, at: datetime) -> None:
    """Raise RuleError when this approval cannot be decided so, at this moment."""
    if approval.status != PENDING:
        raise RuleError(f"approval {approval.appr_id} is already {approval.status}")
    if approval.requested_by == clean_value(decision.approver):
        raise RuleError(f"{approval.requested_by} requested {approval.appr_id}: another decides")
    requested = find_utc(approval.ts_req)
    if requested is not None and at < requested:
        raise RuleError(f"{approval.appr_id} was requested at {approval.ts_req}, after now")
