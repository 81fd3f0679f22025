"""CORS answers of Flask views and of Socket.IO, behind the guard (contract 0.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.config import Settings
from orch_next.realtime.sockets import make_socketio
from orch_next.security import close_door

APP = "https://app.example"
OTHER = "http://[::1]:5173"
ASKED = {
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "content-type, idempotency-key, x-evil, if-match",
}


def make_client(folder: Path, *origins: str) -> FlaskClient:
    settings = Settings(root=folder / "ORCH", cors_origins=origins)
    app = Flask(__name__)
    app.add_url_rule("/api/tasks", view_func=lambda: "[]", methods=["GET", "PUT"])
    make_socketio(app, "threading", "")
    close_door(app, settings)
    return app.test_client()


def cors_headers(client: FlaskClient, method: str, path: str, **headers: str) -> dict[str, Any]:
    """Return the answer's CORS headers, as lists, and its status."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.open(path, method=method, headers=sent)
    found = {
        name: answer.headers.getlist(name)
        for name, _ in answer.headers
        if name.startswith("Access-Control-") or name == "Vary"
    }
    return {"status": answer.status_code, **found}


def preflight(client: FlaskClient, origin: str, path: str = "/api/tasks") -> dict[str, Any]:
    return cors_headers(client, "OPTIONS", path, Origin=origin, **ASKED)


def test_preflight_of_a_configured_origin(tmp_path: Path) -> None:
    client = make_client(tmp_path, APP, OTHER)
    expected = {
        "status": 200,
        "Access-Control-Allow-Methods": ["DELETE, GET, OPTIONS, POST, PUT"],
        "Access-Control-Allow-Headers": ["content-type, idempotency-key, if-match"],
        "Vary": ["Origin"],
    }
    assert [preflight(client, origin) for origin in (APP, OTHER)] == [
        {**expected, "Access-Control-Allow-Origin": [APP]},
        {**expected, "Access-Control-Allow-Origin": [OTHER]},
    ]


def test_answers_to_a_configured_origin(tmp_path: Path) -> None:
    client = make_client(tmp_path, APP)
    got = [cors_headers(client, method, "/api/tasks", Origin=APP) for method in ("GET", "PUT")]
    assert got == [{"status": 200, "Access-Control-Allow-Origin": [APP], "Vary": ["Origin"]}] * 2


def test_an_unknown_path_answers_a_configured_origin_too(tmp_path: Path) -> None:
    assert cors_headers(make_client(tmp_path, APP), "GET", "/nowhere", Origin=APP) == {
        "status": 404,
        "Access-Control-Allow-Origin": [APP],
        "Vary": ["Origin"],
    }


@pytest.mark.parametrize("origins", [(), (APP,)])
@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.evil.example"])
def test_others_get_no_cors_header(tmp_path: Path, origins: tuple[str, ...], origin: str) -> None:
    client = make_client(tmp_path, *origins)
    assert (
        cors_headers(client, "GET", "/api/tasks", Origin=origin),
        preflight(client, origin),
        cors_headers(client, "PUT", "/api/tasks", Origin=origin),
        cors_headers(client, "GET", "/api/tasks"),
    ) == ({"status": 200}, {"status": 200}, {"status": 403}, {"status": 200})


def test_a_star_gives_the_legacys_answers(tmp_path: Path) -> None:
    client = make_client(tmp_path, "*")
    origin = "https://anything.example"
    assert (
        cors_headers(client, "GET", "/api/tasks"),
        cors_headers(client, "GET", "/api/tasks", Origin=origin),
        preflight(client, origin)["Access-Control-Allow-Origin"],
        cors_headers(client, "PUT", "/api/tasks", Origin="null"),
    ) == (
        {"status": 200, "Access-Control-Allow-Origin": ["*"]},
        {"status": 200, "Access-Control-Allow-Origin": [origin], "Vary": ["Origin"]},
        [origin],
        {"status": 403},
    )


# Engine.IO's own, as the legacy had it; the guard has decided before.
CREDENTIALS = {"Access-Control-Allow-Credentials": ["true"]}
POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, {"status": 200, **CREDENTIALS}),
        ({"Origin": APP}, {"status": 200, "Access-Control-Allow-Origin": [APP], **CREDENTIALS}),
        (
            {"Origin": "http://localhost"},
            {"status": 200, "Access-Control-Allow-Origin": ["http://localhost"], **CREDENTIALS},
        ),
        ({"Origin": "http://localhost:1"}, {"status": 403}),
        ({"Origin": "null"}, {"status": 403}),
        ({"Sec-Fetch-Site": "same-site"}, {"status": 403}),
    ],
)
def test_socket_polling(tmp_path: Path, headers: dict[str, str], expected: dict[str, Any]) -> None:
    assert cors_headers(make_client(tmp_path, APP), "GET", POLLING, **headers) == expected


def test_socket_preflight_of_a_stranger_is_refused(tmp_path: Path) -> None:
    client = make_client(tmp_path, APP)
    statuses = [
        preflight(client, origin, POLLING)["status"] for origin in (APP, "http://x.example")
    ]
    assert statuses == [200, 403]
