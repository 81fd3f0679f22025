"""Tasks: the list, the five verbs, edits, and two URLs that create (contract 1.2, Ledger)."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify

from orch_next.blueprints.answers import answer_changed, answer_snapshot
from orch_next.blueprints.context import runtime
from orch_next.blueprints.errors import keep_legacy_refusals
from orch_next.blueprints.inputs import Body, author, idempotency_key, read_body
from orch_next.blueprints.markdown import render_cell
from orch_next.blueprints.permits import own_key, permit_change
from orch_next.core.events import Who
from orch_next.core.schema import Task
from orch_next.core.tasks import EDITABLE, TaskDraft

bp = Blueprint("tasks", __name__)
keep_legacy_refusals(bp)

CREATED = "タスクを作成しました"


@bp.get("/api/tasks")
def list_tasks() -> Response:
    """List all tasks in file order."""
    return answer_snapshot("tasks", runtime().board.state.tasks)


@bp.get("/api/tasks/<path:task_id>/notes")
def task_notes(task_id: str) -> Response:
    """Return a task's notes as HTML that is safe to show."""
    task = runtime().board.state.tasks.get(task_id)
    return jsonify(success=True, html=render_cell(task.notes), rev=task.rev)


@bp.post("/api/tasks/promote", defaults={"status": "READY"})
@bp.post("/api/tasks/approve_done", defaults={"status": "DONE"})
@bp.post("/api/tasks/request_fix", defaults={"status": "FIX"})
@bp.post("/api/tasks/hold", defaults={"status": "HOLD"})
@bp.post("/api/tasks/drop", defaults={"status": "DROP"})
def set_status(status: str) -> Response:
    """Give the task of the body's `task_id` the verb's status."""
    body = read_body()
    task_id, rev = body.required("task_id"), body.expected_rev()
    change = runtime().board.tasks.set_status
    return answer_changed("task", change(task_id, status, _author(body), rev, permit_change))


@bp.post("/api/tasks/update")
def update_task() -> Response:
    """Change title, owner, due, artifact or notes of the body's `task_id`; absent ones stay."""
    body = read_body()
    task_id, rev = body.required("task_id"), body.expected_rev()
    cells = {name: body.text(name) for name in EDITABLE if body.members.get(name) is not None}
    edit = runtime().board.tasks.edit
    return answer_changed("task", edit(task_id, cells, _author(body), rev, permit_change))


@bp.post("/api/tasks/create")
def create_task() -> Response:
    """Create a task from `title`, `owner`, `due_date` and `notes`."""
    task = _create(read_body())
    return answer_changed("task", task, id=task.id)


@bp.post("/api/task/create")
def create_from_page() -> Response:
    """Create a task as the page's form asks for it, with a message (D60)."""
    task = _create(read_body())
    return answer_changed("task", task, id=task.id, message=CREATED)


def _create(body: Body) -> Task:
    draft = TaskDraft(
        title=body.required("title"),
        owner=body.text("owner") or "CMD",
        due=body.text("due_date") or body.text("due"),
        notes=body.text("notes"),
    )
    return runtime().board.tasks.create(draft, _author(body), idempotency_key=_own_key())


def _own_key() -> str | None:
    """Return the identity's own key; what an earlier version began, its author may repeat."""
    key, identity = idempotency_key(), g.get("identity")
    # That version kept keys without their identity.
    is_old = key and identity and runtime().board.tasks.is_made_by(identity.name, key)
    return key if is_old else own_key()


def _author(body: Body) -> Who:
    # The legacy's page acted as CMD (contract 1.2: approver and role default to CMD).
    return author(body, "actor", "role", ("http", "CMD"))
