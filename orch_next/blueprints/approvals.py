"""Approvals: the list and the three URLs that decide one (contract 1.2, Ledger)."""

from __future__ import annotations

from flask import Blueprint, Response

from orch_next.blueprints.answers import answer_changed, answer_snapshot
from orch_next.blueprints.context import runtime
from orch_next.blueprints.errors import keep_legacy_refusals
from orch_next.blueprints.inputs import Body, author, read_body
from orch_next.blueprints.once import answer_once
from orch_next.core.approvals import Decision

bp = Blueprint("approvals", __name__)
keep_legacy_refusals(bp)


@bp.get("/api/approvals")
def list_approvals() -> Response:
    """List all approvals in file order."""
    return answer_snapshot("approvals", runtime().board.state.approvals)


@bp.post("/api/approvals/approve", defaults={"status": "approved"})
@bp.post("/api/approvals/reject", defaults={"status": "rejected"})
def decide(status: str) -> Response:
    """Decide the approval of the body's `appr_id`."""
    body = read_body()
    return _decide(body.required("appr_id"), status, body)


@bp.post("/api/approval/<approval_id>/update")
def update(approval_id: str) -> Response:
    """Decide the approval of the path, as the page's buttons ask for it (D61)."""
    body = read_body()
    return _decide(approval_id, body.text("status") or "approved", body)


def _decide(appr_id: str, status: str, body: Body) -> Response:
    who = author(body, "approver", "approver_role", ("CMD", "CMD"))
    decision = Decision(status, who.actor, who.role, body.text("comment"))

    def effect() -> Response:
        decide = runtime().board.approvals.decide
        return answer_changed(
            "approval", decide(appr_id, decision, who, expected_rev=body.expected_rev())
        )

    return answer_once("approval_decide", {"appr_id": appr_id, **vars(decision)}, effect)
