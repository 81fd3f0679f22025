"""Token mode: who gets in by header, cookie and Socket.IO, and who is turned away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, request, session
from flask.testing import FlaskClient
from flask_socketio import SocketIO

from orch_next.config import Settings
from orch_next.security import (
    SESSION_KEY,
    Identities,
    close_door,
    door_identities,
    identify_socket,
)

METHODS = ["GET", "POST"]
# An endpoint that no line of the actions names is CMD's alone.
PATHS = {
    "/": "pages.home",
    "/api/tasks": "tasks.update_task",
    "/api/tasks/hold": "new.view",
    "/health": "health.health",
    "/callbacks/terminal": "callbacks.take_terminal",
    "/events": "events.all_events",
}


def who() -> dict[str, Any]:
    identity = g.get("identity")
    return {"name": identity.name if identity else None}


def become(identity_id: str) -> str:
    session[SESSION_KEY] = identity_id
    return "ok"


def make_app(folder: Path, auth: str = "token", **more: Any) -> Flask:
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    for path, endpoint in PATHS.items():
        app.add_url_rule(path, endpoint=endpoint, view_func=who, methods=METHODS)
    # Below /static/, the only open folder, so that a test may log in without a form.
    app.add_url_rule("/static/become/<identity_id>", view_func=become)
    close_door(app, Settings(root=folder / "ORCH", auth=auth, **more))
    return app


def identities_of(app: Flask) -> Identities:
    identities = door_identities(app)
    assert identities is not None
    return identities


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_open_mode_asks_nobody(tmp_path: Path) -> None:
    app = make_app(tmp_path, "open")
    answers = [app.test_client().open(path, method=m) for path in ("/", "/events") for m in METHODS]
    assert ([a.json for a in answers], door_identities(app)) == ([{"name": None}] * 4, None)


@pytest.mark.parametrize(
    "path",
    ["/", "/api/tasks", "/events", "/nowhere", "/healthz", "/login/x", "/staticx", "/static"],
)
def test_nobody_gets_401_on_every_path(tmp_path: Path, path: str) -> None:
    client = make_app(tmp_path).test_client()
    answers = [client.open(path, method=method) for method in METHODS]
    assert [(a.status_code, a.headers["WWW-Authenticate"], a.json) for a in answers] == [
        (
            401,
            'Bearer realm="ORCH-Next"',
            {"success": False, "error": "unauthorized", "detail": "missing_credentials"},
        )
    ] * 2


def test_a_browser_is_led_to_the_login_page(tmp_path: Path) -> None:
    client = make_app(tmp_path).test_client()
    answer = client.get("/api/tasks?status=保留&x=1", headers={"Accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["Location"], answer.headers["Cache-Control"]) == (
        302,
        "/login?next=%2Fapi%2Ftasks%3Fstatus%3D%E4%BF%9D%E7%95%99%26x%3D1",
        "no-store",
    )


@pytest.mark.parametrize("path", ["/health", "/callbacks/terminal"])
def test_open_paths_need_no_identity(tmp_path: Path, path: str) -> None:
    client = make_app(tmp_path).test_client()
    assert [client.open(path, method=method).status_code for method in METHODS] == [200, 200]


def test_a_preflight_needs_no_identity(tmp_path: Path) -> None:
    answer = make_app(tmp_path).test_client().options("/api/tasks")
    assert (answer.status_code, answer.allow.as_set()) == (200, {"get", "head", "options", "post"})


def test_a_token_opens(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    _identity, token = identities_of(app).add("田中", "WORK")
    answers = [
        app.test_client().post("/api/tasks", headers={"Authorization": f"{scheme} {token}"})
        for scheme in ("Bearer", "bearer", "Basic")
    ]
    assert [(a.status_code, (a.json or {}).get("name")) for a in answers] == [
        (200, "田中"),
        (200, "田中"),
        (401, None),
    ]


def test_a_wrong_token_is_not_made_good_by_a_cookie(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    identity, token = identities_of(app).add("田中", "CMD")
    client = app.test_client()
    client.get(f"/static/become/{identity.id}")
    answers = [client.get("/api/tasks", headers=h) for h in ({}, bearer(token[:-1] + "!"))]
    assert [(a.status_code, a.json) for a in answers] == [
        (200, {"name": "田中"}),
        (401, {"success": False, "error": "unauthorized", "detail": "invalid_token"}),
    ]


def statuses(client: FlaskClient, headers: dict[str, str]) -> list[int]:
    asked = [("GET", "/api/tasks"), ("POST", "/api/tasks"), ("POST", "/api/tasks/hold")]
    return [client.open(path, method=method, headers=headers).status_code for method, path in asked]


def test_roles_are_kept(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    tokens = {r: identities_of(app).add(r, r)[1] for r in ("CMD", "WORK", "AUDIT", "viewer")}
    client = app.test_client()
    assert {role: statuses(client, bearer(token)) for role, token in tokens.items()} == {
        "CMD": [200, 200, 200],
        "WORK": [200, 200, 403],
        "AUDIT": [200, 200, 403],
        "viewer": [200, 403, 403],
    }


def test_a_refused_role_is_told_which_one_is_needed(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    _identity, token = identities_of(app).add("閲覧者", "viewer")
    answer = app.test_client().post("/api/tasks/hold", headers=bearer(token))
    assert answer.json == {"success": False, "error": "administer needs the role CMD, not viewer"}


def test_a_removed_identity_loses_its_session(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    identity, _token = identities_of(app).add("田中", "CMD")
    client = app.test_client()
    client.get(f"/static/become/{identity.id}")
    before = client.get("/api/tasks").status_code
    identities_of(app).remove("田中")
    assert (before, client.get("/api/tasks").status_code) == (200, 401)


def test_another_installations_cookie_is_worth_nothing(tmp_path: Path) -> None:
    ours, theirs = make_app(tmp_path / "a"), make_app(tmp_path / "b")
    identity, _token = identities_of(ours).add("田中", "CMD")
    forger, client = theirs.test_client(), ours.test_client()
    forger.get(f"/static/become/{identity.id}")
    cookie = forger.get_cookie("orch_session")
    assert cookie is not None
    client.set_cookie("orch_session", cookie.value)
    assert client.get("/api/tasks").status_code == 401


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("http://localhost", {"orch_session", "HttpOnly", "SameSite=Lax", "Path=/"}),
        (
            "https://localhost",
            {"__Host-orch_session", "HttpOnly", "SameSite=Lax", "Path=/", "Secure"},
        ),
        ("http://localhost/moc", {"orch_session", "HttpOnly", "SameSite=Lax", "Path=/moc"}),
    ],
)
def test_the_cookie_is_kept_from_scripts_and_other_sites(
    tmp_path: Path, base: str, expected: set[str]
) -> None:
    answer = make_app(tmp_path).test_client().get("/static/become/x", base_url=base)
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert {name.split("=")[0], *attributes} == expected


def connect(app: Flask, auth: Any, client: FlaskClient | None = None, **headers: str) -> str:
    """Connect by Socket.IO and return whom the server saw, "refused" when it did."""
    socketio = SocketIO(app, async_mode="threading", cors_allowed_origins="*")

    def on_connect(auth: Any = None) -> bool:
        environ = request.environ
        with ThreadPoolExecutor(1) as thread:  # as the server does: no context there
            identity = thread.submit(identify_socket, auth, environ).result()
        socketio.emit("hello", identity.name if identity else "")
        return identity is not None

    socketio.on_event("connect", on_connect)
    connected = socketio.test_client(app, auth=auth, flask_test_client=client, headers=headers)
    if not connected.is_connected():
        return "refused"
    [packet] = connected.get_received()
    return str(packet["args"][0])


@pytest.mark.parametrize("auth", [None, {}, "text", {"token": 7}, {"token": "orch_x"}, [1]])
def test_a_socket_without_a_good_token_is_refused(tmp_path: Path, auth: Any) -> None:
    assert connect(make_app(tmp_path), auth) == "refused"


def test_a_socket_with_a_token_connects(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    _identity, token = identities_of(app).add("田中", "viewer")
    assert [
        connect(app, {"token": token}),
        connect(app, None, Authorization=f"Bearer {token}"),
        connect(app, {"token": token[:-1] + "!"}),
    ] == ["田中", "田中", "refused"]


def test_a_socket_with_the_session_cookie_connects(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    identity, _token = identities_of(app).add("田中", "viewer")
    client = app.test_client()
    client.get(f"/static/become/{identity.id}")
    assert connect(app, None, client) == "田中"


def test_open_mode_knows_nobody(tmp_path: Path) -> None:
    environ = {"flask.app": make_app(tmp_path, "open")}
    assert identify_socket({"token": "anything"}, environ) is None


def test_an_identity_writes_so_often_in_a_minute(tmp_path: Path) -> None:
    app = make_app(tmp_path, writes_per_minute=3)
    tokens = [identities_of(app).add(name, "WORK")[1] for name in ("一", "二")]
    client = app.test_client()
    first, second = map(bearer, tokens)
    writes = [client.post("/api/tasks", headers=first).status_code for _ in range(5)]
    assert writes == [200, 200, 200, 429, 429]
    refused = client.post("/api/tasks", headers=first)
    assert refused.json == {"success": False, "error": "rate_limit_exceeded", "limit": 3}
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    others = (client.get("/api/tasks", headers=first), client.post("/api/tasks", headers=second))
    assert [one.status_code for one in others] == [200, 200]


def test_nobody_counts_writes_where_the_limit_is_nought(tmp_path: Path) -> None:
    app = make_app(tmp_path, writes_per_minute=0)
    headers = bearer(identities_of(app).add("一", "WORK")[1])
    answers = {app.test_client().post("/api/tasks", headers=headers).status_code for _ in range(20)}
    assert answers == {200}
