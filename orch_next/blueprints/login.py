"""The login page of `ORCH_AUTH=token`: a token once, then a session cookie (docs/security.md)."""

from __future__ import annotations

from flask import Blueprint, current_app, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from orch_next.blueprints.door_notes import note_door
from orch_next.security import SESSION_KEY, door_identities
from orch_next.security.requests import note_bad_token

bp = Blueprint("login", __name__)


@bp.get("/login")
def show_login() -> ResponseReturnValue:
    """Show the form; without token authentication there is nothing to log in to."""
    if door_identities(current_app) is None:
        return redirect(_home())
    return _form(200)


@bp.post("/login")
def log_in() -> ResponseReturnValue:
    """Trade a token for a session cookie and go where the person wanted to."""
    identities = door_identities(current_app)
    if identities is None:
        return redirect(_home())
    token = request.form.get("token", "").strip()
    identity = identities.find_by_token(token)
    if identity is None:
        wait = note_bad_token(current_app, token, request.remote_addr)
        return _form(429 if wait else 401, failed=True, wait=wait)
    # Nothing that was in the cookie before survives: no fixation.
    session.clear()
    session[SESSION_KEY] = [identity.id, identity.generation]
    note_door("login_succeeded", identity.name)
    return redirect(safe_target(request.form.get("next", "")), 303)


@bp.post("/logout")
def log_out() -> ResponseReturnValue:
    """End every session of who asks, also copied ones, and show the form."""
    identities, identity = door_identities(current_app), g.get("identity")
    if identities is not None and identity is not None:
        identities.end_sessions(identity)
        note_door("logged_out", identity.name)
    session.clear()
    answer = redirect(f"{request.script_root}/login", 303)
    answer.headers["Cache-Control"] = "no-store"
    # Not "cookies": that is every cookie of the host, also of other programs on it.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def safe_target(wanted: str) -> str:
    """Return a path of this site below its prefix; anything else becomes the start page."""
    is_local = wanted.startswith("/") and not wanted.startswith("//")
    if not is_local or "\\" in wanted or not wanted.isprintable():
        return _home()
    return request.script_root + wanted


def _home() -> str:
    return f"{request.script_root}/"


def _form(status: int, *, failed: bool = False, wait: int = 0) -> ResponseReturnValue:
    page = render_template(
        "login/login.html",
        wanted=request.values.get("next", ""),
        failed=failed,
        identity=g.get("identity"),
    )
    headers = {"Retry-After": str(wait)} if wait else {}
    return page, status, {"Cache-Control": "no-store", **headers}
