"""Find out who asks: bearer token, session cookie, or the `auth` of a Socket.IO connect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Request, g, jsonify, redirect, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue

from orch_next.errors import ForbiddenError
from orch_next.security.actions import READING_METHODS, action_of
from orch_next.security.failures import Failures
from orch_next.security.guard import is_foreign
from orch_next.security.identities import Identities, Identity
from orch_next.security.roles import require

EXTENSION = "orch_next_identities"
FAILURES = "orch_next_failures"
SESSION_KEY = "identity"
_OPEN_PATHS = (
    *("/login", "/logout", "/health", "/favicon.ico", "/callbacks/terminal"),
    "/api/security/login",
)
_ANYBODYS = "/health"
_FORMS = ("/login", "/logout")
# What a page of another origin can send without asking first (Fetch, CORS-safelisted).
_SIMPLE_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
_NOT_JSON = "with a session cookie the Content-Type must be application/json"
_OPEN_FOLDER = "/static/"


class _CookieOfName(SecureCookieSessionInterface):
    """Reads the cookie of one name: Flask's own knows one for all requests."""

    def __init__(self, name: str) -> None:
        self._name = name

    def get_cookie_name(self, app: Flask) -> str:
        return self._name


class DoorSessions(SecureCookieSessionInterface):
    """Signed session cookies that fit the request: Secure with https, below its URL prefix."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Tell whether this answer's cookie may travel by https only."""
        return request.is_secure

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name of this answer's cookie; with https no other host can set it."""
        return cookie_name(app, request)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the session of any request, also outside of its context."""
        reader = _CookieOfName(cookie_name(app, request))
        return reader.open_session(app, request)

    def get_cookie_path(self, app: Flask) -> str:
        """Return the path that the browser sends the cookie to."""
        return request.script_root or "/"


def cookie_name(app: Flask, request: Request) -> str:
    """Return the session cookie's name: bound to host and https by its prefix where both are.

    Browsers take `__Host-` for the path `/` only, `__Secure-` below a URL prefix as well.
    """
    name: str = app.config["SESSION_COOKIE_NAME"]
    if not request.is_secure:
        return name
    return f"__Secure-{name}" if request.script_root else f"__Host-{name}"


def guard_requests(app: Flask, identities: Identities) -> None:
    """Set `g.identity` before every view; answer 401, 403 or the login page without one."""
    app.extensions[EXTENSION] = identities

    @app.before_request
    def identify() -> ResponseReturnValue | None:
        if request.path == _ANYBODYS:
            g.identity = None
            return None  # it asks no database who is there
        token = bearer_token(request.headers.get("Authorization", ""))
        reads = request.method in READING_METHODS
        foreign = is_foreign(request.environ)
        kept = None if foreign else session.get(SESSION_KEY)
        g.identity = _find(identities, token, kept, reads=reads)
        if request.method == "OPTIONS":
            return None  # a preflight never carries credentials (D40)
        if request.method == "POST" and request.path in _FORMS and foreign:
            return jsonify(success=False, error="another origin logs nobody in or out"), 403
        if _is_open(request.path):
            return None
        if g.identity is None:
            wait = note_bad_token(app, token, request.remote_addr) if token else 0
            return _too_many(wait) if wait else _ask_who(_detail(token))
        if token is None and not reads and sent_type() in _SIMPLE_TYPES:
            return jsonify(success=False, error=_NOT_JSON), 400
        return _forbidden(g.identity)


def identify_socket(auth: Any, environ: Mapping[str, Any]) -> Identity | None:
    """Return who connects by Socket.IO, None for nobody; needs no context, in any thread.

    `auth` is what the client sent with its connect (`{"token": ...}`); programs may send
    the `Authorization` header, browsers the session cookie.
    """
    app: Flask = environ["flask.app"]  # set by Flask-SocketIO
    identities = door_identities(app)
    if identities is None:
        return None
    token = _auth_token(auth) or bearer_token(environ.get("HTTP_AUTHORIZATION", ""))
    opened = app.session_interface.open_session(app, app.request_class(dict(environ)))
    # What a socket does is listening.
    kept = opened.get(SESSION_KEY) if opened and not is_foreign(dict(environ)) else None
    found = _find(identities, token, kept, reads=True)
    if found is None and token:
        note_bad_token(app, token, environ.get("REMOTE_ADDR"))
    return found


def door_identities(app: Flask) -> Identities | None:
    """Return the identities of an app in token mode, None in open mode."""
    found: Identities | None = app.extensions.get(EXTENSION)
    return found


def door_failures(app: Flask) -> Failures:
    """Return the count of what fails at this application's door."""
    found: Failures = app.extensions[FAILURES]
    return found


def note_bad_token(app: Flask, token: str, address: str | None) -> int:
    """Count and record a token that opens nothing; return when the next may be tried."""
    identities, parts = door_identities(app), token.split("_")
    # A token names whose it is; what is behind the name is nobody's to keep.
    of = parts[1] if len(parts) == 3 and len(parts[1]) == 12 else ""
    known = identities.find(of, reads=True) if identities and of else None
    shown = known.name if known else ""
    return door_failures(app).note("token_refused", address or "", f"id:{of}" if of else "", shown)


def sent_type() -> str:
    """Return the media type that the request names, empty for none."""
    # Eventlet's server says text/plain of a request that names no type.
    sent = request.environ.get("headers_raw")
    if sent is not None and "content-type" not in {name.lower() for name, _ in sent}:
        return ""
    return request.mimetype


def bearer_token(authorization: str) -> str | None:
    """Return the token of an `Authorization: Bearer` header, None for other schemes."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _auth_token(auth: Any) -> str | None:
    token = auth.get("token") if isinstance(auth, dict) else None
    return token if isinstance(token, str) and token else None


def _find(
    identities: Identities, token: str | None, session: object, *, reads: bool
) -> Identity | None:
    # A wrong token is not made good by a cookie.
    if token is not None:
        return identities.find_by_token(token, reads=reads)
    return identities.find_session(session, reads=reads)


def _is_open(path: str) -> bool:
    return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDER)


def _forbidden(identity: Identity) -> ResponseReturnValue | None:
    try:
        require(identity, action_of(request.method, request.endpoint, request.view_args))
    except ForbiddenError as error:
        return jsonify(success=False, error=str(error)), 403
    return None


def _ask_who(detail: str) -> ResponseReturnValue:
    if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
        return _to_login()
    answer = jsonify(success=False, error="unauthorized", detail=detail)
    return answer, 401, {"WWW-Authenticate": 'Bearer realm="ORCH-Next"'}


def _detail(token: str | None) -> str:
    return "invalid_token" if token else "missing_credentials"


def _too_many(wait: int) -> ResponseReturnValue:
    answer = jsonify(success=False, error="too many failures", detail="invalid_token")
    return answer, 429, {"Retry-After": str(wait)}


def _to_login() -> ResponseReturnValue:
    query = urlencode({"next": request.full_path.removesuffix("?")})
    answer = redirect(f"{request.script_root}/login?{query}")
    answer.headers["Cache-Control"] = "no-store"
    return answer
