"""Every request gets an id, a measured time and one line in the log."""

from __future__ import annotations

import logging
import re
import uuid
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request

from orch_next.blueprints.context import runtime
from orch_next.ready import Headers, Observe
from orch_next.sensors.metrics import Metrics

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger("orch_next.requests")
HEADER = "X-Request-ID"
ENVIRON_HEADER = "HTTP_X_REQUEST_ID"
# Whoever asks may send any word as a method; the metrics have a label for these.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
_GIVEN = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True)
class Asked:
    """What is told of a request: method, path, its rule, and its id."""

    method: str
    path: str
    route: str
    request_id: str


def install(app: Flask) -> None:
    """Observe every request of one application; call it before other request hooks."""
    app.before_request(begin)
    app.after_request(finish)


def begin() -> None:
    """Take the caller's X-Request-ID, or make one (contract 0.1)."""
    g.request_id = id_of(request.headers.get(HEADER, ""))
    g.started = perf_counter()


def id_of(given: str) -> str:
    """Return the id that a caller gave, another one where it is none."""
    return given if _GIVEN.fullmatch(given) else str(uuid.uuid4())


def finish(response: Response) -> Response:
    """Answer with the id, measure, and log; streams count until their first byte."""
    route = request.url_rule.rule if request.url_rule else "(none)"
    asked = Asked(request.method, request.path, route, g.request_id)
    note(runtime().metrics, asked, response.status_code, perf_counter() - g.started)
    response.headers[HEADER] = g.request_id
    return response


def observe_ready(metrics: Metrics) -> Observe:
    """Return what observes the answers that need no view."""

    def observe(environ: WSGIEnvironment, route: str, status: int) -> Headers:
        request_id = id_of(environ.get(ENVIRON_HEADER, ""))
        path = str(environ.get("PATH_INFO", ""))
        asked = Asked(environ["REQUEST_METHOD"], path, route, request_id)
        note(metrics, asked, status, 0.0)
        return [(HEADER, request_id)]

    return observe


def note(metrics: Metrics, asked: Asked, status: int, seconds: float) -> None:
    """Measure and log one answer."""
    method = asked.method if asked.method in METHODS else OTHER
    metrics.request_seconds.labels(method, asked.route, str(status)).observe(seconds)
    if not log.isEnabledFor(logging.INFO):
        return
    extra: dict[str, Any] = {"cid": asked.request_id, "method": asked.method, "path": asked.path}
    extra |= {"status": status, "ms": round(seconds * 1000, 1)}
    log.info("%s %s %s", asked.method, asked.path, status, extra=extra)
