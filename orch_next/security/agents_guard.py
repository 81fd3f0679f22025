"""The guard of `/api/agents/*`: rate limit first, then credentials (contract 1.2, GUARD)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

import jwt
from flask import Flask, g, jsonify, request
from flask.typing import ResponseReturnValue

from orch_next.security.agents_access import CONFIG, SECRETS, AgentsAccess
from orch_next.security.requests import bearer_token, door_failures
from orch_next.security.signatures import is_signed
from orch_next.security.windows import Windows

log = logging.getLogger(__name__)
MISSING = "missing_credentials"
_FOLDER = "/api/agents/"


def guard_agents(
    app: Flask, access: AgentsAccess, windows: Windows | None = None, *, now: Callable[[], datetime]
) -> None:
    """Guard the agents' routes of `app`; call it behind `guard_requests`."""
    windows = windows or Windows(access.limit)
    if access.required and not (access.jwt_secret or access.hmac_secret):
        log.warning("%s asks for credentials, but %s has no real secret", CONFIG, SECRETS)

    @app.before_request
    def check() -> ResponseReturnValue | None:
        if not request.path.startswith(_FOLDER) or request.method == "OPTIONS":
            return None  # a preflight never carries credentials (D40)
        wait = windows.admit(request.remote_addr or "")
        if wait:
            return _too_many(access.limit, wait)
        # An identity of ORCH_AUTH=token has proved itself already.
        if not access.required or g.get("identity") is not None:
            return None
        detail = find_fault(access, now())
        if not detail:
            return None
        if detail != MISSING:
            door_failures(app).note("agent_refused", request.remote_addr or "", "", "agents")
        return _unauthorized(detail)


def find_fault(access: AgentsAccess, now: datetime) -> str:
    """Return why this request's credentials are no good, empty when they are."""
    token = bearer_token(request.headers.get("Authorization", ""))
    if token is not None and access.kind == "jwt":
        return check_token(token, access)
    header = request.headers.get("X-Signature", "")
    if not header:
        return MISSING
    fits = is_signed(header, request.get_data(), (access.hmac_secret,), now)
    return "" if fits else "invalid_signature"


def check_token(token: str, access: AgentsAccess) -> str:
    """Return why an HS256 JWT is no good, empty when it is; `exp` is required (D40)."""
    if not access.jwt_secret:
        return "auth_exception:no real secret is configured"
    try:
        jwt.decode(
            token,
            access.jwt_secret,
            algorithms=["HS256"],
            issuer=access.issuer,
            audience=access.audience,
            options={"require": ["exp"]},
        )
    except jwt.InvalidIssuerError:
        return "invalid_issuer"
    except jwt.InvalidAudienceError:
        return "invalid_audience"
    except jwt.PyJWTError as error:
        return f"jwt_error:{error}"
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        return f"auth_exception:{type(error).__name__}"
    return ""


def _too_many(limit: int, wait: int) -> ResponseReturnValue:
    answer = jsonify(success=False, error="rate_limit_exceeded", limit=limit)
    return answer, 429, {"Retry-After": str(wait)}


def _unauthorized(detail: str) -> ResponseReturnValue:
    answer = jsonify(success=False, error="unauthorized", detail=detail)
    return answer, 401, {"WWW-Authenticate": 'Bearer realm="ORCH-Next agents"'}
