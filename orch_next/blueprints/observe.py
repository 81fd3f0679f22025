"""Every request gets an id, a measured time and one line in the log."""

from __future__ import annotations

import logging
import re
import uuid
from time import perf_counter

from flask import Flask, Response, g, request

from orch_next.blueprints.context import runtime

log = logging.getLogger("orch_next.requests")
HEADER = "X-Request-ID"
# Whoever asks may send any word as a method; the metrics have a label for these.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
_GIVEN = re.compile(r"[\x21-\x7e]{1,128}")


def install(app: Flask) -> None:
    """Observe every request of one application; call it before other request hooks."""
    app.before_request(begin)
    app.after_request(finish)


def begin() -> None:
    """Take the caller's X-Request-ID, or make one (contract 0.1)."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if _GIVEN.fullmatch(given) else str(uuid.uuid4())
    g.started = perf_counter()


def finish(response: Response) -> Response:
    """Answer with the id, measure, and log; streams count until their first byte."""
    seconds = perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule else "(none)"
    method = request.method if request.method in METHODS else OTHER
    labels = (method, route, str(response.status_code))
    runtime().metrics.request_seconds.labels(*labels).observe(seconds)
    response.headers[HEADER] = g.request_id
    log.info(
        "%s %s %s",
        request.method,
        request.path,
        response.status_code,
        extra={
            "cid": g.request_id,
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
        },
    )
    return response
