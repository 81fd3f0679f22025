"""The task visualizer's pictures (contract 1.2, v3); shapes in docs/http.md."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from orch_next.blueprints.context import runtime
from orch_next.blueprints.permits import sees_audit
from orch_next.core.locks import ROLE_STATUS, RoleFiles
from orch_next.core.views import HOURS, view_flow, view_heatmap, view_overview, view_timeline
from orch_next.errors import DamagedError, InputError
from orch_next.sensors.topology import Consoles, draw_topology

bp = Blueprint("visualizer", __name__)

MOST_HOURS = 24 * 365


@bp.get("/api/v3/task-overview")
def task_overview() -> Response:
    """Count tasks, approvals and milestones by status."""
    return remember("overview", lambda: view_overview(runtime().board.state, runtime().now()))


@bp.get("/api/v3/task-flow")
def task_flow() -> Response:
    """Return the statuses with their tasks and the moves between them; `flow_id` is one task."""
    board, task_id = runtime().board, request.args.get("flow_id") or None
    return remember(f"flow {task_id}", lambda: view_flow(board.state, board.journal, task_id))


@bp.get("/api/v3/console-topology")
def console_topology() -> Response:
    """Return server, roles, cores, agents and held tasks as nodes and edges."""
    return remember("topology", lambda: draw_topology(read_consoles()))


@bp.get("/api/v3/task-timeline")
def task_timeline() -> Response:
    """Return the changes of the last `hours`."""
    hours, parts = read_hours(request.args.get("hours", "")), runtime()
    journal, whole = parts.board.journal, sees_audit()
    return remember(
        f"timeline {hours} {whole}",
        lambda: view_timeline(journal, parts.now(), hours, with_security=whole),
    )


@bp.get("/api/v3/performance-heatmap")
def performance_heatmap() -> Response:
    """Return changes and attempts by weekday and hour."""
    return remember("heatmap", lambda: view_heatmap(runtime().board.journal, runtime().now()))


def remember(name: str, make: Any) -> Response:
    """Answer with a picture that is drawn at most every two seconds."""
    return jsonify(runtime().answers.get(("v3", name), make))


def read_hours(text: str) -> int:
    """Return the hours asked for, 24 without; raise `InputError`."""
    if not text:
        return HOURS
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MOST_HOURS):
        raise InputError(f"hours must be a whole number from 1 to {MOST_HOURS}, not {text!r}")
    return int(text[:9])


def read_consoles() -> Consoles:
    """Return what is known of the consoles; a role file that is broken tells nothing."""
    parts = runtime()
    try:
        roles = RoleFiles(parts.board.state.folder).read(ROLE_STATUS)
    except DamagedError:
        roles = {}
    return Consoles(
        parts.station.host(),
        parts.control.status()["processes"],
        parts.control.leases.store.held(),
        parts.agents.list_agents(),
        roles,
    )
