"""Which action a request is, by its endpoint: what no line names takes the strictest right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Writes that a line below does not name, such as a view that was only just added.
STRICTEST = "administer"

_WRITES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("agents.register", "agents.note_heartbeat", "agents.keep_report"),
            *("agents.remove", "agents.update"),
            *("dispatch.claim", "dispatch.renew", "dispatch.report"),
            *("tasks.create_task", "tasks.create_from_page", "tasks.update_task"),
            *("knowledge.save_outcome", "monitoring.acknowledge", "undo.undo"),
            *("work.add_instruction", "work.optimize"),
        ),
        "write",
    ),
    **dict.fromkeys(("approvals.decide", "approvals.update", "jobs.decide_job"), "decide"),
    **dict.fromkeys(
        ("dispatch.start", "dispatch.stop", "dispatch.drain", "dispatch.nudge"), "dispatch"
    ),
    **dict.fromkeys(("dispatch.sweep", "work.heal"), "sweep"),
    **dict.fromkeys(
        ("ml.train", "ml.train_now", "ml.cancel", "ml.start_schedule", "ml.stop_schedule"), "train"
    ),
    **dict.fromkeys(("security.change_password", "security.log_out_everywhere"), "self"),
    "security.register": "register",
}
_READS: Mapping[str, str] = {"security.audit": "audit"}
# One view, several verbs: the rule's default says which.
_VERBS: Mapping[str, Mapping[str, str]] = {
    "tasks.set_status": {
        "READY": "write",
        "HOLD": "hold",
        "DROP": "drop",
        "DONE": "decide",
        "FIX": "decide",
    }
}


def action_of(method: str, endpoint: str | None, arguments: Mapping[str, Any] | None) -> str:
    """Name the action of a request: a key of `ACTIONS`; without an endpoint it is a 404."""
    if method in READING_METHODS:
        return _READS.get(endpoint or "", "read")
    if endpoint is None:
        return "write"
    verbs = _VERBS.get(endpoint)
    if verbs is not None:
        return verbs.get(str((arguments or {}).get("status")), STRICTEST)
    return _WRITES.get(endpoint, STRICTEST)
