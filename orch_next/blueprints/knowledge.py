"""Work outcomes and full-text search (contract 1.2, ML and knowledge; D27)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from orch_next.blueprints.context import runtime
from orch_next.blueprints.errors import said
from orch_next.blueprints.inputs import read_body, whole_number
from orch_next.blueprints.permits import sees_audit
from orch_next.clock import as_local_iso, parse_micros
from orch_next.errors import BusyError, DamagedError
from orch_next.knowledge.documents import Document
from orch_next.knowledge.outcomes import WorkOutcome, parse_outcome
from orch_next.knowledge.search import excerpt

bp = Blueprint("knowledge", __name__)

SAVED = "作業結果を保存しました"
NOT_SAVED = "保存に失敗しました"
NO_DATABASE = "DB機能が利用できません"


@bp.get("/api/knowledge/work_outcomes/<task_id>")
def list_outcomes(task_id: str) -> ResponseReturnValue:
    """List a task's outcomes, newest first, the dispatcher's attempts among them."""
    knowledge = runtime().knowledge
    try:
        knowledge.attempts.catch_up()
        outcomes = knowledge.store.get_work_outcomes_by_task(task_id)
    except BusyError:
        return jsonify(error=NO_DATABASE), 503
    return jsonify(work_outcomes=[as_outcome(one) for one in outcomes])


@bp.post("/api/knowledge/save_outcome")
def save_outcome() -> ResponseReturnValue:
    """Store an outcome once; the same content again changes nothing."""
    outcome = parse_outcome(read_body().members, runtime().now())
    try:
        new = runtime().knowledge.store.save_work_outcome(outcome)
    except BusyError as error:
        return jsonify(success=False, message=NOT_SAVED, error=said(error)), 500
    return jsonify(success=True, message=SAVED, outcome_hash=outcome.outcome_hash, new=new)


@bp.get("/api/knowledge/search")
def search() -> ResponseReturnValue:
    """Find `q` in outcomes, the journal and the tasks' notes; `source` narrows, `limit` 1..200."""
    query, parts = request.args.get("q", ""), runtime()
    parts.knowledge.attempts.catch_up()
    found = parts.knowledge.search.find(
        query,
        _readable_tasks(),
        limit=whole_number("limit", 50, 1, 200),
        source=request.args.get("source") or None,
        with_security=sees_audit(),
    )
    results = [_as_result(document, query) for document in found.documents]
    return jsonify(query=query, count=len(results), complete=found.complete, results=results)


def as_outcome(outcome: WorkOutcome) -> dict[str, Any]:
    """Return the contract's keys; the time is local (contract 0.2, style 1)."""
    return {**outcome.as_json(), "timestamp": as_local_iso(outcome.timestamp)}


def _readable_tasks() -> Any:
    try:
        return runtime().board.state.tasks.records
    except DamagedError:
        return ()


def _as_result(document: Document, query: str) -> dict[str, Any]:
    return {
        "source": document.source,
        "id": document.ref,
        "task_id": document.task_id,
        "title": document.title,
        "excerpt": excerpt(document, query),
        "timestamp": as_local_iso(parse_micros(document.ts)) if document.ts else None,
    }
