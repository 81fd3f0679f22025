"""The outermost WSGI middleware: hosts, origins, body limits and security headers.

It reaches what Flask's own hooks do not: `/socket.io` and every stream.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from orch_next.security.actions import READING_METHODS
from orch_next.security.bodies import count_untold_body, told_length
from orch_next.security.headers import security_headers
from orch_next.security.origins import Host, Policy, own_origin, parse_host, parse_origin

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


# Paths where even a GET acts or keeps a connection: `(?:/.*)?` stands for a URL prefix.
_LIVE_PATHS = re.compile(
    r"(?:/.*)?/(?:socket\.io(?:/.*)?|(?<!/audit/)events|events/health|sse/events|jobs/.+/events)/*",
    re.DOTALL,
)
# What werkzeug keeps of the request as the last proxy sent it.
_BEFORE_PROXIES = "werkzeug.proxy_fix.orig"
# Whose headers are not put together anew for each request.
KNOWN_HOSTS = 64
_OWN_SITES = ("same-origin", "none")


@dataclass(frozen=True)
class Refusal:
    """Why a request does not come in: an HTTP status and a message for people."""

    status: int
    error: str


def guard(
    app: WSGIApplication, policy: Policy, foreign_files: Sequence[str] = ()
) -> WSGIApplication:
    """Wrap `app`: refused requests never reach it, every answer has the security headers.

    `foreign_files`: URLs of scripts and styles elsewhere that our pages may load.
    """

    @lru_cache(KNOWN_HOSTS)
    def headers_for(host: Host | None, https: bool) -> list[tuple[str, str]]:
        return security_headers(host, foreign_files, https=https)

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = parse_host(environ.get("HTTP_HOST", ""))
        https = environ["wsgi.url_scheme"] == "https"
        start = _adding(headers_for(host, https), start_response)
        refused = refusal(environ, host, policy) or _raw_host_fault(environ, policy)
        if refused is not None:
            return _refuse(refused, environ, start, policy)
        count_untold_body(environ, policy.max_body_bytes)
        try:
            return app(environ, start)
        except RequestEntityTooLarge:
            return _refuse(_too_large(policy.max_body_bytes), environ, start, policy)
        except BadRequest as error:
            return _refuse(Refusal(400, str(error.description)), environ, start, policy)

    return guarded


def refusal(environ: WSGIEnvironment, host: Host | None, policy: Policy) -> Refusal | None:
    """Return why the request must not come in, or None (docs/security.md)."""
    if host is None:
        return Refusal(400, "the Host header is missing or is not 'name' or 'name:port'")
    if not policy.trusts(host):
        return Refusal(421, f"{host.name} is not served here; ORCH_TRUSTED_HOSTS can name it")
    return _foreign(environ, policy) or _oversize(environ, policy.max_body_bytes)


def is_foreign(environ: WSGIEnvironment) -> bool:
    """Tell whether another origin's page made the request: its cookie is not the person's wish.

    Navigation is: a link in a mail shall show the page.
    """
    origin, host = environ.get("HTTP_ORIGIN"), parse_host(environ.get("HTTP_HOST", ""))
    if origin is not None:
        theirs = parse_origin(origin)
        return host is None or theirs != own_origin(environ["wsgi.url_scheme"], host)
    site = environ.get("HTTP_SEC_FETCH_SITE", "none")
    navigates = environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
    return site not in _OWN_SITES and not navigates


def _raw_host_fault(environ: WSGIEnvironment, policy: Policy) -> Refusal | None:
    """Refuse a Host that a proxy's header replaced: a rebound page can send that header."""
    sent = environ.get(_BEFORE_PROXIES, {}).get("HTTP_HOST")
    host = None if sent is None else parse_host(sent)
    if sent is None or (host is not None and policy.trusts(host)):
        return None
    return Refusal(421, f"{sent[:200]!r} is not served here; ORCH_TRUSTED_HOSTS can name it")


def is_live_path(path: str) -> bool:
    """Tell whether a path is Socket.IO's or an event stream's, also below a URL prefix."""
    return _LIVE_PATHS.fullmatch(path) is not None


def _foreign(environ: WSGIEnvironment, policy: Policy) -> Refusal | None:
    reading = environ["REQUEST_METHOD"] in READING_METHODS
    if reading and not is_live_path(environ.get("PATH_INFO", "")):
        return None
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        if policy.admits(origin, environ["wsgi.url_scheme"], environ["HTTP_HOST"]):
            return None
        return Refusal(
            403, f"origin {origin[:200]!r} is not allowed; ORCH_CORS_ORIGINS can name it"
        )
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is None or site in _OWN_SITES:
        return None
    return Refusal(403, f"a {site[:40]!r} request without an Origin is not allowed")


def _oversize(environ: WSGIEnvironment, limit: int) -> Refusal | None:
    length = told_length(environ)
    if length is None:
        return Refusal(400, "the Content-Length header is not a number")
    return _too_large(limit) if length > limit else None


def _too_large(limit: int) -> Refusal:
    return Refusal(413, f"the body is larger than {limit} bytes (ORCH_MAX_BODY_BYTES)")


def _adding(added: list[tuple[str, str]], start_response: StartResponse) -> StartResponse:
    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        present = {name.lower() for name, _ in headers}
        missing = [pair for pair in added if pair[0].lower() not in present]
        return start_response(status, [*headers, *missing], exc_info)

    return start


def _refuse(
    refused: Refusal, environ: WSGIEnvironment, start: StartResponse, policy: Policy
) -> list[bytes]:
    body = json.dumps({"success": False, "error": refused.error}).encode() + b"\n"
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start(
        f"{refused.status} {HTTPStatus(refused.status).phrase}",
        headers + _readable_by(environ.get("HTTP_ORIGIN", ""), policy),
    )
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _readable_by(origin: str, policy: Policy) -> list[tuple[str, str]]:
    # flask-cors is further inside; a configured page shall read the guard's reasons too.
    theirs = parse_origin(origin)
    if theirs is None or not policy.is_configured(theirs):
        return []
    return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
