"""The dispatcher over HTTP: sessions, reasons, job logs, leases (contract 1.2, Dispatcher)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from orch_next.blueprints.context import runtime
from orch_next.blueprints.errors import answer_refused, answer_with, count_refusal, said
from orch_next.blueprints.inputs import (
    author,
    idempotency_key,
    parse_object,
    read_body,
    whole_number,
)
from orch_next.blueprints.panel import describe_dispatcher
from orch_next.blueprints.permits import identity_id, prove_claimant, require_own_core
from orch_next.dispatcher.sessions import MISSING_CORE
from orch_next.errors import ConfigError, InputError, OrchError

bp = Blueprint("dispatch", __name__)

NOT_STARTED = "Dispatcher起動に失敗しました"
MOST_OFFSET = 2**53


@bp.errorhandler(OrchError)
def refuse(error: OrchError) -> Response:
    """Answer the legacy's routes with `success` and `message`, others as everywhere."""
    if not request.path.startswith("/dispatch"):
        return answer_refused(error)
    count_refusal(error)
    body: dict[str, object] = {"success": False, "message": said(error)}
    if isinstance(error, ConfigError):
        body |= {"message": NOT_STARTED, "detail": said(error)}
    return answer_with(body, error)


@bp.post("/dispatch")
def start() -> Response:
    """Open a session for a core; the one that runs already is answered (D34 to D37)."""
    # Whatever the Content-Type says, as in the legacy.
    return jsonify(runtime().control.start(parse_object(request.get_data(cache=False)).members))


@bp.post("/dispatch/stop")
def stop() -> Response:
    """Stop one core, or all without a readable body (contract 1.2); `stopped_pids` is D63's."""
    return jsonify(runtime().control.stop(_members_or_nothing()))


@bp.post("/dispatch/drain")
def drain() -> Response:
    """Let one core, or all, finish and take no more."""
    return jsonify(runtime().control.drain(_members()))


@bp.post("/dispatch/nudge")
def nudge() -> Response:
    """Let one core, or all, look for a task now."""
    return jsonify(runtime().control.nudge(_members()))


@bp.get("/api/dispatch/explain/<path:task_id>")
def explain(task_id: str) -> Response:
    """Say why a task is not running."""
    return jsonify(runtime().control.explain(task_id, request.args.get("coreId") or None))


@bp.get("/api/dispatch/dry-run")
def dry_run() -> Response:
    """Say what a core would take now."""
    core_id = request.args.get("coreId", "")
    if not core_id:
        raise InputError(MISSING_CORE)
    return jsonify(runtime().control.dry_run(core_id))


@bp.get("/jobs/<path:job_id>/log")
def job_log(job_id: str) -> Response:
    """Return an attempt's output from a byte offset on."""
    attempt = whole_number("attempt", 0, 0, 2**31 - 1) or None
    offset = whole_number("offset", 0, 0, MOST_OFFSET)
    return jsonify(runtime().control.job_log(job_id, offset, attempt))


@bp.get("/jobs/<path:job_id>/attempts")
def attempts(job_id: str) -> Response:
    """List a task's attempts, the first one first."""
    return jsonify(attempts=runtime().control.attempts(job_id))


@bp.get("/api/leases")
def leases() -> Response:
    """List leases, locks that are not ours, tasks that failed too often, and the sessions."""
    control = runtime().control
    foreign = [lock.as_json() for lock in control.foreign_locks()]
    return jsonify(
        leases=control.held(),
        foreign=foreign,
        alerts=control.alerts(),
        dispatcher=describe_dispatcher(control),
    )


@bp.post("/api/leases/sweep")
def sweep() -> Response:
    """Clear the expired locks that are not ours, as a person asks."""
    who = author(read_body(), "actor", "role", ("http", "CMD"))
    swept = runtime().control.sweep(who)
    return jsonify(success=True, swept=[task.id for task in swept])


@bp.post("/api/agents/claim")
def claim() -> Response:
    """Give a pull core its next task, or the one it names, with the lease's token."""
    body = read_body()
    core_id = body.text("coreId") or body.text("id")
    if not core_id:
        raise InputError(MISSING_CORE)
    require_own_core(core_id)
    request_of = (idempotency_key(), identity_id())
    claimed = runtime().control.claim(core_id, body.text("task_id") or None, *request_of)
    return jsonify({"success": True, **(claimed or {"task": None})})


@bp.post("/api/leases/renew")
def renew() -> Response:
    """Extend the lease that the token holds."""
    body = read_body()
    return jsonify(
        success=True,
        **runtime().control.pull.renew(
            body.required("job_id"),
            body.required("token"),
            _seconds(body.members.get("seconds")),
            prove_claimant,
        ),
    )


@bp.post("/api/leases/report")
def report() -> Response:
    """End the lease that the token holds, or renew it with the status DOING."""
    body = read_body()
    job_id, token, status = (body.required(name) for name in ("job_id", "token", "status"))
    texts = (body.text("artifact"), body.text("message"))
    said = runtime().control.report(job_id, token, status, *texts, prove_claimant)
    return jsonify(success=True, **said)


def _members() -> Any:
    data = request.get_data(cache=False)
    return parse_object(data).members if data.strip() else None


def _members_or_nothing() -> Any:
    try:
        return _members()
    except InputError:
        return None


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError("seconds must be a number")
    return float(value)
