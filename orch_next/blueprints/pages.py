"""The HTML pages: dashboard, tasks, approvals, console (contract 4.1; D33, D65)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request

from orch_next.blueprints.context import orch
from orch_next.blueprints.inputs import whole_number
from orch_next.blueprints.words import choose_words
from orch_next.core.schema import find_orphans

bp = Blueprint("pages", __name__)

ROWS_PER_PAGE = 200
STATUSES = ("PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE", "HOLD", "DROP")
# The steps of contract 3.3 that the page offers; other clients may ask for any.
OFFERED = {
    "PLAN": ("promote", "hold", "drop"),
    "READY": ("hold", "drop"),
    "DOING": ("hold", "drop"),
    "REVIEW": ("approve_done", "request_fix", "hold"),
    "FIX": ("hold", "drop"),
    "HOLD": ("promote", "drop"),
}


@dataclass(frozen=True)
class Listing:
    """One page of rows out of `count` rows of the wanted status."""

    rows: Sequence[Any]
    page: int
    pages: int
    count: int


@bp.get("/")
def index() -> str:
    """Show the numbers, the tasks and the approvals."""
    return show("index")


@bp.get("/tasks")
def tasks() -> str:
    """Show the tasks."""
    return show("tasks")


@bp.get("/approvals")
def approvals() -> str:
    """Show the approvals, pending ones first."""
    return show("approvals")


@bp.get("/console")
def console() -> str:
    """Show what the dispatcher does and how to move tasks on (D33)."""
    return show("console")


@bp.app_url_defaults
def keep_language(endpoint: str, values: dict[str, Any]) -> None:
    """Carry the language that the reader asked for along the links between pages."""
    if endpoint.startswith("pages.") and "lang" in request.args:
        values.setdefault("lang", request.args["lang"])


def show(view: str) -> str:
    """Render a view over the present snapshots in the reader's language."""
    state = orch().board.state
    tasks, approvals = state.tasks, state.approvals
    snapshots = (tasks, approvals, state.milestones)
    wanted = request.args.get("status", "")
    problems = [p for s in snapshots for p in s.problems if p.severity != "note"]
    pending_first = sorted(approvals.records, key=lambda row: row.status != "pending")
    return render_template(
        f"pages/{view}.html",
        t=choose_words(request.args.get("lang", ""), request.accept_languages),
        view=view,
        tasks=cut([t for t in tasks.records if wanted in ("", t.status)]),
        approvals=cut(pending_first),
        wanted=wanted,
        statuses=STATUSES,
        offered=OFFERED,
        total=len(tasks.records),
        counts=Counter(task.status for task in tasks.records),
        pending=sum(row.status == "pending" for row in approvals.records),
        problems=[*problems, *find_orphans(tasks, approvals)],
        stale=any(snapshot.stale for snapshot in snapshots),
        root=orch().settings.root,
    )


def cut(rows: Sequence[Any]) -> Listing:
    """Return the page of rows that the query asks for, so that a big ledger stays quick."""
    pages = max(1, -(-len(rows) // ROWS_PER_PAGE))
    page = whole_number("page", 1, 1, pages)
    start = (page - 1) * ROWS_PER_PAGE
    return Listing(rows[start : start + ROWS_PER_PAGE], page, pages, len(rows))
