"""What a terminal's callback does to its task (contract 1.2, Webhook; docs/http.md)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from orch_next.core.events import Change, Who
from orch_next.core.kinds import TASK_STATUSES
from orch_next.core.state import State
from orch_next.core.tasks import Permit, Tasks, permit_all
from orch_next.errors import InputError, NotFoundError, UncertainError

log = logging.getLogger(__name__)

# A signature proves that the sender holds the secret, so the name is not merely claimed.
AGENT = Who("agent", "WORK", "http", claimed=False)
EVENT = "terminal_callback"
# What terminals say instead of the ledger's words.
WORDS: Mapping[str, str] = {
    "completed": "REVIEW",
    "success": "REVIEW",
    "done": "REVIEW",
    "failed": "FIX",
    "error": "FIX",
}
_FINAL = ("DONE", "DROP")
_LONGEST = {"job_id": 255, "status": 64, "token": 200, "artifact": 1_000, "message": 4_000}


class Reports(Protocol):
    """The dispatcher, as far as callbacks and heartbeats need it."""

    def report(self, task_id: str, token: str, status: str, artifact: str, message: str) -> object:
        """End or renew a lease as its holder says; raise ConflictError for a late holder."""

    def report_proved(self, task_id: str, status: str, artifact: str, message: str) -> bool:
        """Do as a signature proves, without a token; False where no core holds the task."""

    def beat(self, core_id: str, claimant: str = "") -> None:
        """Note a sign of life; an agent that is no core is none of its business."""


@dataclass(frozen=True)
class Callback:
    """One callback; `status` is what the terminal said, `wanted` the ledger's word for it."""

    job_id: str
    status: str = ""
    token: str = ""
    artifact: str = ""
    message: str = ""

    @property
    def wanted(self) -> str:
        """Return the task status that is meant; empty when none is."""
        return self.status if self.status in TASK_STATUSES else WORDS.get(self.status, "")


def read_callback(members: Mapping[str, Any]) -> Callback:
    """Check `{job_id, status, token?, artifact?, message?}`; raise `InputError`."""
    return Callback(**{name: _text(members.get(name), name) for name in _LONGEST})


class Terminal:
    """Applies callbacks: with a token through the dispatcher, without one by the task's rules."""

    def __init__(
        self,
        state: State,
        tasks: Tasks,
        *,
        now: Callable[[], datetime],
        permit: Permit = permit_all,
    ) -> None:
        self._state, self._tasks, self._now = state, tasks, now
        self._permit = permit

    def apply(self, callback: Callback, payload_sha256: str, reports: Reports | None) -> Change:
        """Have the callback's effect and return its journal entry.

        A job that is no task, a status that is none, and a terminal's word for a task that
        is DONE or DROP are only journalled. Raise ConflictError for a late holder of a
        lease, and what `Tasks.set_status` raises; then nothing happened.
        """
        try:
            reason = self._have_effect(callback, reports)
        except UncertainError as error:
            log.error("callback for %s: %s", callback.job_id, error)
            reason = ""
        shown = {"task_id": callback.job_id, "status": callback.status}
        shown |= {"artifact": callback.artifact, "message": callback.message}
        return Change(
            kind="callback",
            event=EVENT,
            record_id=callback.job_id,
            before=None,
            after=shown,
            rev_before=None,
            rev_after=None,
            at=self._now(),
            who=AGENT,
            details={"applied": not reason, "reason": reason},
            payload_sha256=payload_sha256,
        )

    def _have_effect(self, callback: Callback, reports: Reports | None) -> str:
        """Return why nothing was changed, empty when the task is as the callback wants it."""
        if callback.token:
            return self._report(callback, reports)
        if not callback.wanted:
            return "the status asks for nothing"
        task = self._state.tasks.find(callback.job_id)
        if task is None:
            return "no such task"
        if task.status in _FINAL and callback.status in WORDS:
            return f"the task is {task.status}"
        said = (callback.job_id, callback.wanted, callback.artifact, callback.message)
        if reports is not None and reports.report_proved(*said):
            return ""
        # A word means the task as it was seen; a status of the ledger is an order.
        seen = task.rev if callback.status in WORDS else None
        self._tasks.set_status(
            task.id, callback.wanted, AGENT, expected_rev=seen, permit=self._permit
        )
        return ""

    def _report(self, callback: Callback, reports: Reports | None) -> str:
        if reports is None:
            raise NotFoundError("this server has no dispatcher that could know the token")
        status = callback.wanted or callback.status
        reports.report(callback.job_id, callback.token, status, callback.artifact, callback.message)
        return ""


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if name in ("job_id", "status") and type(value) in (int, float):
        value = str(value)
    if not isinstance(value, str) or len(value) > _LONGEST[name]:
        raise InputError(f"{name} must be text of at most {_LONGEST[name]} characters")
    return value
