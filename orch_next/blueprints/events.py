"""Server-sent events: one task's status, all changes, signs of life (contract 1.2; D25, D68)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, g, jsonify, make_response, request

from orch_next.blueprints.context import runtime
from orch_next.errors import DamagedError
from orch_next.realtime.room import Realtime
from orch_next.realtime.streams import (
    JobStatus,
    Stream,
    format_problem,
    health,
    heartbeat,
    parse_cursor,
    ping,
    show_all,
    show_nothing,
)

bp = Blueprint("events", __name__)

EVENT_STREAM = "text/event-stream"
JOB_TYPE = "text/event-stream; charset=utf-8"  # as the legacy sent it for jobs (contract 1.2)


@bp.get("/jobs/<job_id>/events")
def job_events(job_id: str) -> Response:
    """Stream the job's status: at once, then whenever it changes; a ping every 15 s."""
    live, since = realtime(), cursor()
    beat, seq = ping(live.now), live.hub.current  # before the row: events tell what is later
    try:
        task = runtime().board.state.tasks.find(job_id)
    except DamagedError as error:
        stream = Stream(live.hub, None, show_nothing, beat, format_problem(f"init: {error}"))
        return answer(stream, JOB_TYPE)
    if task is None:
        return make_response(jsonify(error="Job not found"), 404)
    job = JobStatus(job_id, task.status or "UNKNOWN", now=live.now)
    first = job.first(seq) if since is None else ""
    return answer(
        Stream(live.hub, seq if since is None else since, job.show, beat, first), JOB_TYPE
    )


@bp.get("/events")
@bp.get("/sse/events")
def all_events() -> Response:
    """Stream every change under its name, and the host's figures every 3 s."""
    live = realtime()
    beat = heartbeat(live.readings.vitals, live.now)
    return answer(Stream(live.hub, cursor(), show_all, beat))


@bp.get("/events/health")
def health_events() -> Response:
    """Stream `{status: ok}` every 5 s."""
    live = realtime()
    return answer(Stream(live.hub, None, show_nothing, health(live.now)))


def realtime() -> Realtime:
    """Return the realtime room of the application that answers this request."""
    return runtime().live


def cursor() -> int | None:
    """Return the number of the last event that the client has, if it says so."""
    told = request.headers.get("Last-Event-ID") or request.args.get("last_event_id")
    return parse_cursor(told)


def answer(stream: Stream, content_type: str = EVENT_STREAM) -> Response:
    """Answer with a stream, and the headers that keep proxies from holding it back."""
    ours = replace(stream, holder=g.get("identity"))
    response = Response(iter(ours), content_type=content_type)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"
    if not _server_says_connection(request.environ):
        response.headers["Connection"] = "keep-alive"
    return response


def _server_says_connection(environ: Mapping[str, Any]) -> bool:
    """Tell whether the server below writes that header itself, or forbids it (waitress)."""
    if re.match("waitress|Werkzeug", environ.get("SERVER_SOFTWARE", "")):
        return True
    asked = environ.get("HTTP_CONNECTION", "").lower()
    is_old = environ.get("SERVER_PROTOCOL") != "HTTP/1.1"
    return "eventlet.posthooks" in environ and (is_old or asked in ("keep-alive", "close"))
