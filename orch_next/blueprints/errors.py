"""The one table of exceptions and HTTP statuses, and the two shapes of an error answer."""

from __future__ import annotations

import errno
import os
import re

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
)
from werkzeug.exceptions import HTTPException

from orch_next.blueprints.context import runtime
from orch_next.clock import as_local_iso
from orch_next.errors import (
    BusyError,
    ConfigError,
    ConflictError,
    DamagedError,
    ForbiddenError,
    InputError,
    LedgerError,
    NotFoundError,
    OrchError,
    RowError,
    RuleError,
    UncertainError,
)

# The first class that fits; what is not named is a 500.
# What the disk refuses: nothing is wrong with the request, nor with us.
_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_FOLDERS = re.compile(r"(?<![\w.:/-])(?:[A-Za-z]:)?[/\\](?:[^\n/\\:'\"]+[/\\])+")

STATUSES: tuple[tuple[type[OrchError], int], ...] = (
    (InputError, 400),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (RuleError, 409),
    (ConflictError, 409),
    (RowError, 409),
    (DamagedError, 409),
    (BusyError, 503),
)
API_PATHS = (
    *("/api/", "/jobs", "/status", "/health", "/audit/", "/callbacks/", "/dispatch"),
    *("/events", "/sse/", "/metrics"),
)
READING = ("GET", "HEAD")


def install(app: Flask) -> None:
    """Answer every error of one application here."""
    app.register_error_handler(OrchError, answer_refused)
    app.register_error_handler(UncertainError, answer_uncertain)
    app.register_error_handler(HTTPException, answer_http_error)


def keep_legacy_refusals(bp: Blueprint) -> None:
    """Refuse unknown ids and broken rules with 200 `success: false`, as clients test it (D10)."""
    bp.register_error_handler(NotFoundError, answer_refused_softly)
    bp.register_error_handler(RuleError, answer_refused_softly)


def answer_refused_softly(error: OrchError) -> Response:
    """Answer 200 `success: false` with the reason."""
    count_refusal(error)
    return jsonify(success=False, error=said(error))


def answer_refused(error: OrchError) -> Response:
    """Answer with the table's status and the reason; a failed read has no `success` key."""
    status = status_of(error)
    count_refusal(error)
    if status >= 500:
        current_app.logger.error("%s %s: %s", request.method, request.path, error)
    if not _is_api():
        return _page(status, said(error))
    return answer_with(_refusal(error), error)


def answer_with(body: dict[str, object], error: OrchError) -> Response:
    """Answer with a body in the table's status, and when to come back."""
    response = make_response(jsonify(body), status_of(error))
    if isinstance(error, BusyError):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def said(error: BaseException) -> str:
    """Return an error for a client: no folder of this machine, nor what a database said."""
    text, root = str(error), str(runtime().settings.root.parent)
    text = text.replace(f"{root}{os.sep}", "").replace(root, ".")
    is_about_files = isinstance(error, (LedgerError, ConfigError, BusyError))
    return _FOLDERS.sub("", text) if is_about_files else text


def count_refusal(error: OrchError) -> None:
    """Count a change that was not made by what was in the way (`/metrics`)."""
    if request.method not in READING:
        reason = type(error).__name__.removesuffix("Error").lower()
        runtime().metrics.refusals.labels(reason).inc()


def status_of(error: OrchError) -> int:
    """Return the HTTP status; damage that leaves nothing to read is 500 (D11)."""
    if isinstance(error, DamagedError) and request.method in READING:
        return 500
    if isinstance(error, LedgerError) and isinstance(error.__cause__, OSError):
        if error.__cause__.errno in _FULL:
            return 507
        if error.__cause__.errno in _REFUSED:
            return 503
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def _refusal(error: OrchError) -> dict[str, object]:
    if request.method in READING:
        return {"error": said(error)}
    body: dict[str, object] = {"success": False, "error": said(error)}
    if isinstance(error, ConflictError):
        body |= error.facts
        if error.present is not None:
            body["present"] = error.present
    return body


def answer_uncertain(error: UncertainError) -> Response:
    """Answer that the change is in place although the disk did not confirm it."""
    current_app.logger.error("%s %s: %s", request.method, request.path, error)
    return jsonify(success=True, durable=False, warning=said(error))


def answer_http_error(error: HTTPException) -> Response:
    """Answer a routing, size or internal error with its own status (D38, contract 8.4)."""
    response = error.get_response()
    status = error.code or 500
    if not _is_api():
        return _page(status, error.description or error.name)
    shape = jsonify(
        success=False,
        error="internal_error" if status in (404, 405, 500) else f"{error.description}",
        detail=f"{status} {error.name}: {error.description}",
        timestamp=as_local_iso(runtime().now()),
    )
    # The exception's own headers stay: Allow of a 405.
    response.set_data(shape.get_data())
    response.content_type = "application/json"
    return make_response(response)


def _is_api() -> bool:
    return request.path.startswith(API_PATHS) or not request.accept_mimetypes.accept_html


def _page(status: int, message: str) -> Response:
    page = render_template("errors/error.html", status=status, message=message)
    return make_response(page, status)
