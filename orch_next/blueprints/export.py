"""Tasks and approvals as files: CSV, JSON, Markdown, and due dates as a calendar."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Response

from orch_next.blueprints.answers import with_rev
from orch_next.blueprints.context import runtime
from orch_next.core.export import as_calendar, as_csv
from orch_next.core.schema import APPROVAL, TASK, Approval, Snapshot, Task
from orch_next.core.texts import table_text

bp = Blueprint("export", __name__)

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
}


@bp.get("/api/export/tasks.<any(csv, json, md, ics):form>")
def export_tasks(form: str) -> Response:
    """Return the tasks as a file to save."""
    state = runtime().board.state
    if form == "ics":
        return _file("tasks.ics", as_calendar(state.tasks.records, runtime().now()))
    if form == "md":
        return _file("tasks.md", table_text(state, TASK).encode())
    if form == "csv":
        return _file("tasks.csv", as_csv(Task, state.tasks.records))
    return _file("tasks.json", _as_json("tasks", state.tasks))


@bp.get("/api/export/approvals.<any(csv, json, md):form>")
def export_approvals(form: str) -> Response:
    """Return the approvals as a file to save."""
    state = runtime().board.state
    if form == "md":
        return _file("approvals.md", table_text(state, APPROVAL).encode())
    if form == "csv":
        return _file("approvals.csv", as_csv(Approval, state.approvals.records))
    return _file("approvals.json", _as_json("approvals", state.approvals))


def _as_json(key: str, snapshot: Snapshot[Any]) -> bytes:
    records = [with_rev(record) for record in snapshot.records]
    return orjson.dumps(
        {key: records, "digest": snapshot.digest, "stale": snapshot.stale},
        option=orjson.OPT_INDENT_2,
    )


def _file(name: str, body: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return Response(body, headers=headers, content_type=TYPES[name.rpartition(".")[2]])
