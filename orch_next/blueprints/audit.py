"""The journal of changes, newest first (D20)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from orch_next.blueprints.context import runtime
from orch_next.blueprints.inputs import whole_number
from orch_next.blueprints.permits import sees_audit
from orch_next.core.history import LARGEST_ID

bp = Blueprint("audit", __name__)


@bp.get("/audit/events")
def list_events() -> Response:
    """List journal entries with the contract's nine keys; `limit` 1..1000, `type` filters.

    `before` names an entry: only older ones.
    """
    limit = whole_number("limit", 100, 1, 1000)
    before = whole_number("before", 0, 0, LARGEST_ID) or None
    kind = request.args.get("type") or None
    board = runtime().board
    board.state.refresh()
    return jsonify(board.journal.events(limit, kind, before, with_security=sees_audit()))
