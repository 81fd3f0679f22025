"""Close the door: everything of this room, applied to one app in the order that works."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask

from orch_next.clock import utc_now
from orch_next.config import Settings
from orch_next.security.agents_access import load_agents_access
from orch_next.security.agents_guard import guard_agents
from orch_next.security.cors import answer_cors
from orch_next.security.exposure import check_exposure
from orch_next.security.failures import Failures, Record, record_nothing
from orch_next.security.guard import guard
from orch_next.security.identities import Identities
from orch_next.security.origins import make_policy
from orch_next.security.requests import FAILURES, DoorSessions, guard_requests
from orch_next.security.secret import load_secret_key
from orch_next.security.session_tokens import SessionTokens
from orch_next.security.third_party import policy_sources
from orch_next.security.writes import limit_writes

SESSION_HOURS = 12


def close_door(app: Flask, settings: Settings, record: Record = record_nothing) -> None:
    """Guard `app`; call it last, after `SocketIO(app)` and the blueprints (docs/security.md).

    `record` keeps what fails. Raise `ConfigError` for settings that would leave it open.
    """
    check_exposure(settings)
    _keep_sessions(app, settings)
    app.extensions[FAILURES] = Failures(key=_key(app), record=record)
    answer_cors(app, settings)
    if settings.auth == "token":
        guard_requests(app, Identities(settings.database, sessions=_session_tokens(app)))
        limit_writes(app, settings.writes_per_minute)
    guard_agents(app, load_agents_access(settings.moc_root), now=utc_now)
    # Outermost: Socket.IO has replaced `wsgi_app` by its own middleware before this.
    files = policy_sources(Path(app.static_folder or ""))
    app.wsgi_app = guard(  # type: ignore[assignment]
        app.wsgi_app, make_policy(settings), files
    )


def _session_tokens(app: Flask) -> SessionTokens:
    return SessionTokens(_key(app), now=utc_now, lifetime=timedelta(hours=SESSION_HOURS))


def _key(app: Flask) -> bytes:
    key = app.secret_key
    return key.encode() if isinstance(key, str) else key or b""


def _keep_sessions(app: Flask, settings: Settings) -> None:
    app.secret_key = load_secret_key(settings.secret_key_path)
    app.session_interface = DoorSessions()
    app.config.update(
        SESSION_COOKIE_NAME="orch_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
    )
