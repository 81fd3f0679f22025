"""Login, registration, the state of the door and its audit (contract 1.2, Security; D47)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from orch_next.blueprints.context import runtime
from orch_next.blueprints.door_notes import note_door
from orch_next.blueprints.errors import said
from orch_next.blueprints.inputs import Body, read_body, whole_number
from orch_next.clock import as_local_iso
from orch_next.core.security_log import count_events, list_security
from orch_next.errors import InputError
from orch_next.security import door_identities
from orch_next.security.failures import PER_MINUTE
from orch_next.security.identities import Identities, Identity, name_key
from orch_next.security.passwords import SHORTEST
from orch_next.security.requests import door_failures

bp = Blueprint("security", __name__)

UNAVAILABLE = "セキュリティマネージャーが利用できません"
MISSING = "ユーザー名とパスワードが必要です"
WRONG = "認証に失敗しました"
REGISTERED = "ユーザーが正常に登録されました"
REFUSED = "ユーザー登録に失敗しました"
# What the legacy's callers may send; our roles are taken as they are.
ROLE_NAMES = {"user": "viewer", "admin": "CMD"}
RECENT = timedelta(hours=24)
ACTIVE_SECONDS = 900.0


@bp.get("/api/security/status")
def status() -> Response:
    """Return what protects the server, and what happened at the door in the last 24 hours."""
    parts = runtime()
    identities, now = door_identities(current_app), parts.now()
    database = parts.board.journal.database
    failed: int = parts.answers.get(
        ("failed logins",), lambda: count_events(database, "login_failed", now - RECENT)
    )
    checks = check_door(identities is not None, failed)
    score = round(100 * sum(checks.values()) / len(checks))
    return jsonify(
        overall_status="healthy" if score >= 80 else "warning" if score >= 50 else "critical",
        active_sessions=identities.count_active(ACTIVE_SECONDS) if identities else 0,
        failed_login_attempts=failed,
        failed_attempts_count=failed,
        security_score=score,
        encryption_enabled=request.is_secure,
        audit_logging=True,
        ip_whitelist_enabled=False,
        security_policies=policies(),
        timestamp=as_local_iso(now),
        checks=checks,
    )


@bp.post("/api/security/login")
def log_in() -> ResponseReturnValue:
    """Trade name and password (or token) for a bearer token of twelve hours."""
    identities = door_identities(current_app)
    if identities is None or identities.sessions is None:
        return unavailable()
    name, password = credentials(read_body())
    identity, wait = check_password(identities, name, password)
    if wait:
        return refuse(429, "too many logins", {"Retry-After": str(wait)})
    if identity is None:
        return refuse(401, WRONG)
    note_door("login_succeeded", identity.name)
    token = identities.sessions.issue(identity.id, identity.generation)
    return jsonify(success=True, token=token)


@bp.post("/api/security/logout")
def log_out_everywhere() -> ResponseReturnValue:
    """End every session of who asks: cookies, login tokens, sockets and streams."""
    identities, identity = door_identities(current_app), g.get("identity")
    if identities is None:
        return unavailable()
    identities.end_sessions(identity)
    note_door("logged_out", identity.name)
    return jsonify(success=True)


@bp.post("/api/security/password")
def change_password() -> ResponseReturnValue:
    """Give who asks another password, and end every session but a new one for the caller."""
    identities, identity = door_identities(current_app), g.get("identity")
    if identities is None or identities.sessions is None:
        return unavailable()
    body = read_body()
    found, wait = check_password(identities, identity.name, body.required("password"))
    if wait:
        return refuse(429, "too many logins", {"Retry-After": str(wait)})
    if found is None:
        return refuse(403, WRONG)
    identities.set_password(identity, body.required("new_password"))
    note_door("password_changed", identity.name)
    fresh = identities.get(identity.name)
    return jsonify(success=True, token=identities.sessions.issue(fresh.id, fresh.generation))


@bp.post("/api/security/register")
def register() -> ResponseReturnValue:
    """Add an identity with a password; only CMD may (D47). Its token is shown this once."""
    identities = door_identities(current_app)
    if identities is None:
        return unavailable()
    body = read_body()
    name, password = credentials(body)
    role = body.text("role", "user")
    try:
        token = identities.add_with_password(name, ROLE_NAMES.get(role, role), password)[1]
    except InputError as error:
        return make_response(jsonify(error=REFUSED, detail=said(error)), 400)
    note_door("identity_registered", name)
    return jsonify(success=True, message=REGISTERED, token=token)


@bp.get("/api/security/audit")
def audit() -> ResponseReturnValue:
    """Return what happened at the door, newest first; for CMD and AUDIT."""
    limit = whole_number("limit", 100, 1, 1_000)
    return jsonify(logs=list_security(runtime().board.journal.database, limit))


def check_door(has_tokens: bool, failed: int) -> dict[str, bool]:
    """Return what is in order; the score is the share of these."""
    settings = runtime().settings
    return {
        "token_authentication": has_tokens,
        "no_wildcard_origin": "*" not in settings.cors_origins,
        "encrypted_or_local": request.is_secure or request.remote_addr in ("127.0.0.1", "::1"),
        "few_failed_logins": failed < PER_MINUTE,
        "no_secret_in_files": not any(
            one.rule_id == "rule_005" for one in runtime().inspector.peek().violations
        ),
    }


def policies() -> dict[str, Any]:
    """Return the rules of the door, without any secret."""
    settings = runtime().settings
    return {
        "auth": settings.auth,
        "trusted_hosts": list(settings.trusted_hosts),
        "cors_origins": list(settings.cors_origins),
        "max_body_bytes": settings.max_body_bytes,
        "password_min_length": SHORTEST,
        "logins_per_minute": PER_MINUTE,
    }


def check_password(identities: Identities, name: str, password: str) -> tuple[Identity | None, int]:
    """Return who logs in so, or None and when to try again; count and record failures."""
    failures, address, key = door_failures(current_app), request.remote_addr or "", name_key(name)
    wait = failures.wait(address, key)
    if wait:
        return None, wait
    found = identities.find_by_password(name, password)
    if found is not None:
        failures.succeed(key)
        return found, 0
    known = any(name_key(one.name) == key for one in identities.list_all())
    failures.note("login_failed", address, key, name if known else "")
    return None, 0


def credentials(body: Body) -> tuple[str, str]:
    """Return name and password; raise `InputError` as the legacy's 400 when one is missing."""
    name, password = body.text("username").strip(), body.text("password")
    if not name or not password:
        raise InputError(MISSING)
    return name, password


def unavailable() -> Response:
    """Answer that there are no identities: the server runs with `auth = open` (D27)."""
    return refuse(503, UNAVAILABLE)


def refuse(code: int, why: str, headers: dict[str, str] | None = None) -> Response:
    """Answer with the legacy's shape."""
    response = make_response(jsonify(error=why), code)
    response.headers.update(headers or {})
    return response


@bp.errorhandler(InputError)
def answer_bad_input(error: InputError) -> Response:
    """Answer 400 with the legacy's shape."""
    return refuse(400, said(error))
