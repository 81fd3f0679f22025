"""Jobs: tasks with their approvals, as scripts see them (contract 1.2, Jobs; D21, D26, D54)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson
from flask import Blueprint, Response, jsonify, request

from orch_next.blueprints.answers import answer_list, answer_ready
from orch_next.blueprints.context import runtime
from orch_next.blueprints.inputs import author, read_body, whole_number
from orch_next.core.approvals import Decision
from orch_next.core.schema import Task
from orch_next.core.state import State
from orch_next.errors import NotFoundError
from orch_next.ready import make_ready

bp = Blueprint("jobs", __name__)

COPIED = ("title", "owner", "due", "artifact", "notes")


@bp.get("/jobs")
def list_jobs() -> Response:
    """List one job per task; paged only when `page` or `per_page` is given (D26)."""
    state = runtime().board.state
    if "page" in request.args or "per_page" in request.args:
        return answer_ready(make_ready((), orjson.dumps(_one_page(all_jobs(state)))))
    sources = (state.tasks, state.approvals)
    return answer_list("jobs", sources, lambda: {"items": all_jobs(state), "next_page": None})


@bp.get("/jobs/<job_id>")
def get_job(job_id: str) -> Response:
    """Return one job."""
    state = runtime().board.state
    task = state.tasks.find(job_id)
    if task is None:
        raise NotFoundError("Job not found")
    rows = [a.as_json() for a in state.approvals.records if a.task_id == job_id]
    return jsonify(as_job(task, rows))


@bp.post("/jobs/<job_id>/approve", defaults={"status": "approved"})
@bp.post("/jobs/<job_id>/reject", defaults={"status": "rejected"})
def decide_job(job_id: str, status: str) -> Response:
    """Decide the job's first pending approval; the comment goes to the journal (D21)."""
    body = read_body()
    comment = body.text("comment") or body.text("reason")
    who = author(body, "approver", "approver_role", ("AUDIT", "AUDIT"))
    decision = Decision(status, who.actor, who.role, comment)
    runtime().board.approvals.decide_for_task(job_id, decision, who)
    return jsonify(success=True, message=f"Job {status} successfully")


def all_jobs(state: State) -> list[dict[str, Any]]:
    """Return a job for every task that has an id, each with its approvals."""
    approvals = defaultdict(list)
    for approval in state.approvals.records:
        approvals[approval.task_id].append(approval.as_json())
    return [as_job(task, approvals[task.id]) for task in state.tasks.records if task.id]


def as_job(task: Task, approvals: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the job's eight contract keys; an empty status reads UNKNOWN."""
    copied = {name: getattr(task, name) for name in COPIED}
    return {"id": task.id, "status": task.status or "UNKNOWN", **copied, "approvals": approvals}


def _one_page(jobs: list[dict[str, Any]]) -> dict[str, Any]:
    page = whole_number("page", 1, 1, 1_000_000)
    size = whole_number("per_page", 100, 1, 1000)
    more = page * size < len(jobs)
    items = jobs[(page - 1) * size : page * size]
    return {"items": items, "next_page": page + 1 if more else None}
