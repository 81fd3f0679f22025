"""Milestones: the list; no URL writes them (contract 3.4)."""

from __future__ import annotations

from flask import Blueprint, Response

from orch_next.blueprints.answers import answer_snapshot
from orch_next.blueprints.context import runtime

bp = Blueprint("milestones", __name__)


@bp.get("/api/milestones")
def list_milestones() -> Response:
    """List all milestones in file order."""
    return answer_snapshot("milestones", runtime().board.state.milestones)
