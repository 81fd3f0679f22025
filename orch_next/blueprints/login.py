"""The login page of `ORCH_AUTH=token`: a token once, then a session cookie (docs/security.md)."""

from __future__ import annotations

from flask import Blueprint, current_app, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from orch_next.security import SESSION_KEY, door_identities

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
    identity = identities.find_by_token(request.form.get("token", "").strip())
    if identity is None:
        return _form(401, failed=True)
    # Nothing that was in the cookie before survives: no fixation.
    session.clear()
    session[SESSION_KEY] = identity.id
    return redirect(safe_target(request.form.get("next", "")), 303)


@bp.post("/logout")
def log_out() -> ResponseReturnValue:
    """Forget the session and show the form."""
    session.clear()
    return redirect(f"{request.script_root}/login", 303)


def safe_target(wanted: str) -> str:
    """Return a path of this site below its prefix; anything else becomes the start page."""
    is_local = wanted.startswith("/") and not wanted.startswith("//")
    if not is_local or "\\" in wanted or not wanted.isprintable():
        return _home()
    return request.script_root + wanted


def _home() -> str:
    return f"{request.script_root}/"


def _form(status: int, *, failed: bool = False) -> ResponseReturnValue:
    page = render_template(
        "login/login.html",
        wanted=request.values.get("next", ""),
        failed=failed,
        identity=g.get("identity"),
    )
    return page, status, {"Cache-Control": "no-store"}
