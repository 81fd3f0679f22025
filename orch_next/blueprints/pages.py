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

from orch_next.blueprints.answers import answer_ready, keep_answer
from orch_next.blueprints.context import Runtime, runtime
from orch_next.blueprints.first_rows import first_rows
from orch_next.blueprints.language import VARY, language
from orch_next.core.agents import STATUSES as AGENT_STATUSES
from orch_next.core.kinds import TASK
from orch_next.core.schema import Snapshot, Task
from orch_next.errors import DamagedError
from orch_next.ready import Sources, is_same, make_ready
from orch_next.security import allowed_actions, sources

bp = Blueprint("pages", __name__)
HTML = "text/html; charset=utf-8"

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
# These show the ledger's first rows before their scripts have come.
WITH_ROWS = ("index", "tasks")
# What main.js imports, told early so that nothing waits for a chain of imports.
MODULES = (
    "main",
    *(f"lib/{name}" for name in ("api", "conflict", "dom", "edit", "i18n", "live", "query")),
    *(f"lib/{name}" for name in ("reasons", "role", "store", "ui", "undo", "vendor")),
    *(f"shell/{name}" for name in ("banner", "bar", "create", "details", "keys")),
    *(f"shell/{name}" for name in ("pending", "search")),
)


def show(view: str, *, new: bool = False) -> ResponseReturnValue:
    """Answer one view, rendered once for all who would get the same; the scripts fill it."""
    parts, snapshot = runtime(), first_snapshot(view)
    sources = (*page_sources(), snapshot)
    identity = g.get("identity")
    who = (identity.name, identity.role) if identity else None
    key = (view, new, language(), request.script_root, request.query_string, who)
    page = parts.pages.get(key)
    if page is None or not is_same(page.sources, sources):
        page = make_ready(sources, render(view, new=new, first=first_rows(snapshot)).encode(), HTML)
        parts.pages.put(key, page)
    # One that asks for a language gets a cookie; without rows the ledger is to be looked at.
    if not request.query_string and (snapshot is not None or view not in WITH_ROWS):
        keep_answer(page, partial(_present, parts, view), [("Vary", ", ".join(VARY))])
    return answer_ready(page)


def render(view: str, **values: Any) -> str:
    """Return the page of one view."""
    return render_template(f"pages/{view}.html", view=view, **shell_values(), **values)


def first_snapshot(view: str) -> Snapshot[Task] | None:
    """Return the tasks whose first rows a view shows; none for a search, which scripts read."""
    if view not in WITH_ROWS or set(request.args) - {"lang"}:
        return None
    try:
        snapshot = runtime().board.state.tasks
    except DamagedError:
        return None
    return None if snapshot.stale or snapshot.missing else snapshot


def _present(parts: Runtime, view: str) -> Sources:
    store = parts.board.state.store(TASK)
    return *page_sources(parts), store.unchanged() if view in WITH_ROWS else None


def page_sources(parts: Runtime | None = None) -> Sources:
    """Return what pages show beside what was asked for and who asks."""
    parts = parts or runtime()
    # The legacy's stamps name no zone (contract 0.2): the page must know the server's.
    offset = parts.now().astimezone().isoformat()[-6:]
    return offset, "learning" if parts.knowledge.learning else "none"


for _url, _view in VIEWS.items():
    bp.add_url_rule(_url, _view, partial(show, _view))


@bp.get("/tasks/new")
def new_task() -> ResponseReturnValue:
    """Show the tasks with the form for a new one open."""
    return show("tasks", new=True)


@bp.get("/tasks/<path:task_id>")
def task(task_id: str) -> ResponseReturnValue:
    """Show one task; 404 for an id that no row has."""
    response = make_response(render("task", task_id=task_id, task=_known(task_id)))
    response.cache_control.no_cache = True
    return response


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
    offset, extras = page_sources()
    return {
        "root": runtime().settings.root,
        "agent_statuses": AGENT_STATUSES,
        "vendor": sources(static, f"{request.script_root}/static"),
        "widget_styles": _stems(static / "css" / "widgets"),
        "utc_offset": offset,
        "may": " ".join(allowed_actions(g.get("identity"))),
        # What is not installed here is not asked for.
        "extras": extras,
        "modules": MODULES,
    }


def _stems(folder: Path) -> frozenset[str]:
    return frozenset(path.stem for path in folder.iterdir()) if folder.is_dir() else frozenset()
