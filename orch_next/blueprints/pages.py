"""The HTML pages: dashboard, tasks, approvals, console (contract 4.1; D33, D65)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request

from orch_next.blueprints.context import orch
from orch_next.blueprints.inputs import whole_number
from orch_next.blueprints.panel import read_panel
from orch_next.blueprints.words import choose_words, tell_problem
from orch_next.core.schema import KINDS, LedgerKind, Problem, Snapshot
from orch_next.core.state import State
from orch_next.errors import DamagedError

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


# The pages that show the dispatcher (contract 4.1).
WITH_PANEL = ("index", "console")
SEVERITIES = ("damage", "row", "warning")
UNKNOWN = "—"


@dataclass(frozen=True)
class Listing:
    """One page of rows out of `count` rows of the wanted status.

    `lost`: the ledger is missing or was never readable; `writable`: its file is sound.
    """

    rows: Sequence[Any]
    page: int
    pages: int
    count: int
    lost: bool
    writable: bool


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
    snapshots = [look(state, kind) for kind in KINDS]
    tasks, approvals = snapshots[:2]
    wanted = request.args.get("status", "")
    words = choose_words(request.args.get("lang", ""), request.accept_languages)
    pending_first = sorted(approvals.records, key=lambda row: row.status != "pending")
    return render_template(
        f"pages/{view}.html",
        t=words,
        view=view,
        tasks=cut(tasks, [t for t in tasks.records if wanted in ("", t.status)]),
        approvals=cut(approvals, pending_first),
        wanted=wanted,
        statuses=STATUSES,
        offered=OFFERED,
        counts=Counter(task.status for task in tasks.records),
        figures=count(tasks, approvals),
        problems=[(p, tell_problem(words, p)) for p in collect_problems(state)],
        lost=[ledger.kind.file_name for ledger in (tasks, approvals) if is_lost(ledger)],
        stale=any(snapshot.stale for snapshot in snapshots),
        root=orch().settings.root,
        panel=read_panel(orch().control) if view in WITH_PANEL else None,
    )


def look(state: State, kind: LedgerKind[Any]) -> Snapshot[Any]:
    """Return a ledger's rows; one that was never readable counts as missing, with its damage."""
    try:
        snapshot: Snapshot[Any] = getattr(state, f"{kind.name}s")
    except DamagedError:
        ours = [p for p in state.problems() if p.file == kind.file_name]
        damage = tuple(p for p in ours if p.severity == "damage")
        return Snapshot(kind, "", (), damage, missing=True)
    return snapshot


def is_lost(snapshot: Snapshot[Any]) -> bool:
    """Tell whether nothing at all is known of the ledger (D11)."""
    return snapshot.missing and not snapshot.stale


def count(tasks: Snapshot[Any], approvals: Snapshot[Any]) -> Mapping[str, object]:
    """Return the numbers of the page; a ledger nobody could read has none (D11)."""
    statuses = Counter(task.status for task in tasks.records)
    figures: dict[str, object] = {
        "total": len(tasks.records),
        "active": statuses["READY"] + statuses["DOING"],
        "done": statuses["DONE"],
        "READY": statuses["READY"],
        "DOING": statuses["DOING"],
    }
    if is_lost(tasks):
        figures = dict.fromkeys(figures, UNKNOWN)
    pending = sum(row.status == "pending" for row in approvals.records)
    return {**figures, "pending": UNKNOWN if is_lost(approvals) else pending}


def collect_problems(state: State) -> list[Problem]:
    """Return what a person should see to, the worst first."""
    found = [problem for problem in state.problems() if problem.severity in SEVERITIES]
    return sorted(found, key=lambda problem: SEVERITIES.index(problem.severity))


def cut(snapshot: Snapshot[Any], rows: Sequence[Any]) -> Listing:
    """Return the page of rows that the query asks for, so that a big ledger stays quick."""
    pages = max(1, -(-len(rows) // ROWS_PER_PAGE))
    page = whole_number("page", 1, 1, pages)
    start = (page - 1) * ROWS_PER_PAGE
    shown = rows[start : start + ROWS_PER_PAGE]
    lost = is_lost(snapshot)
    return Listing(shown, page, pages, len(rows), lost, not lost and not snapshot.stale)
