"""The HTML pages: one shell and the widgets of each view (contract 1.2 Pages, 4; docs/http.md)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue

from orch_next.blueprints.context import runtime
from orch_next.core.agents import STATUSES as AGENT_STATUSES
from orch_next.core.schema import Task
from orch_next.errors import DamagedError
from orch_next.security import allowed_actions, sources

bp = Blueprint("pages", __name__)

# URL -> template below templates/pages/ and endpoint; the task's own page has an id besides.
VIEWS = {
    "/": "index",
    "/tasks": "tasks",
    "/approvals": "approvals",
    "/ledger": "ledger",
    "/history": "history",
    "/timeline": "timeline",
    "/flow": "flow",
    "/realtime": "realtime",
    "/monitoring": "monitoring",
    "/console": "console",
    "/agents": "agents",
    "/ml": "ml",
    "/ps1": "ps1",
    "/results": "results",
    "/rules": "rules",
    "/git": "git",
    "/security": "security",
}
# What main.js imports, told early so that nothing waits for a chain of imports.
MODULES = (
    "main",
    *(f"lib/{name}" for name in ("api", "conflict", "dom", "edit", "i18n", "live", "query")),
    *(f"lib/{name}" for name in ("reasons", "role", "store", "ui", "undo", "vendor")),
    *(f"shell/{name}" for name in ("banner", "bar", "create", "details", "keys")),
    *(f"shell/{name}" for name in ("pending", "search")),
)


def show(view: str, **values: Any) -> ResponseReturnValue:
    """Render one view; the scripts fill it from the API."""
    page = render_template(f"pages/{view}.html", view=view, **shell_values(), **values)
    response = make_response(page)
    response.cache_control.no_cache = True
    return response


for _url, _view in VIEWS.items():
    bp.add_url_rule(_url, _view, partial(show, _view))


@bp.get("/tasks/new")
def new_task() -> ResponseReturnValue:
    """Show the tasks with the form for a new one open."""
    return show("tasks", new=True)


@bp.get("/tasks/<path:task_id>")
def task(task_id: str) -> ResponseReturnValue:
    """Show one task; 404 for an id that no row has."""
    return show("task", task_id=task_id, task=_known(task_id))


def _known(task_id: str) -> Task | None:
    """Return the task; None while the ledger was never readable, which the page tells."""
    try:
        found = runtime().board.state.tasks.find(task_id)
    except DamagedError:
        return None
    return found or abort(404, f"no task has the id {task_id}")


@bp.get("/dashboard")
def dashboard() -> ResponseReturnValue:
    """Lead to the overview, as the legacy did."""
    return redirect(f"{request.script_root}/")


def shell_values() -> dict[str, Any]:
    """Return what the shell needs on every page."""
    static = Path(current_app.static_folder or "")
    return {
        "root": runtime().settings.root,
        "agent_statuses": AGENT_STATUSES,
        "vendor": sources(static, f"{request.script_root}/static"),
        "widget_styles": _stems(static / "css" / "widgets"),
        # The legacy's stamps name no zone (contract 0.2): the page must know the server's.
        "utc_offset": runtime().now().astimezone().isoformat()[-6:],
        "may": " ".join(allowed_actions(g.get("identity"))),
        # What is not installed here is not asked for.
        "extras": "learning" if runtime().knowledge.learning else "none",
        "modules": MODULES,
    }


def _stems(folder: Path) -> frozenset[str]:
    return frozenset(path.stem for path in folder.iterdir()) if folder.is_dir() else frozenset()
