"""The login page: a token once, then a cookie; nowhere else to be led to."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from orch_next.app import shipped_folder
from orch_next.blueprints import language, login, pages
from orch_next.clock import utc_now
from orch_next.config import Settings
from orch_next.core.journal import Journal
from orch_next.security import Identities, close_door, door_identities


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path, "token")


def make_app(folder: Path, auth: str) -> Flask:
    app = Flask("orch_next", template_folder=str(shipped_folder("templates")))
    language.install(app)
    app.register_blueprint(pages.bp)
    app.register_blueprint(login.bp)
    app.add_url_rule("/whoami", view_func=lambda: g.identity.name)
    settings = Settings(root=folder / "ORCH", auth=auth)
    close_door(app, settings)
    journal = Journal(settings.database, now=utc_now, spool=folder / "spool.jsonl")
    board = SimpleNamespace(journal=journal)
    app.extensions["orch_next"] = SimpleNamespace(board=board, now=utc_now)
    return app


@pytest.fixture
def token(app: Flask) -> str:
    return identities_of(app).add("田中", "AUDIT")[1]


def identities_of(app: Flask) -> Identities:
    identities = door_identities(app)
    assert identities is not None
    return identities


def log_in(client: FlaskClient, token: str, wanted: str = "/") -> tuple[int, str | None]:
    answer = client.post("/login", data={"token": token, "next": wanted})
    return answer.status_code, answer.headers.get("Location")


def test_a_token_becomes_a_session_that_can_end(app: Flask, token: str) -> None:
    client = app.test_client()
    steps = [
        log_in(client, f"  {token}\n", "/tasks?status=保留"),
        client.get("/whoami").text,
        client.post("/logout").headers["Location"],
        client.get("/whoami").status_code,
    ]
    assert steps == [(303, "/tasks?status=%E4%BF%9D%E7%95%99"), "田中", "/login", 401]


@pytest.mark.parametrize("wrong", ["", "orch_", "田中", "orch_000000000000_" + "A" * 43])
def test_a_wrong_token_opens_nothing(app: Flask, wrong: str) -> None:
    client = app.test_client()
    answer = client.post("/login?lang=en", data={"token": wrong, "next": '/tasks"><b>'})
    assert (answer.status_code, "This token is not valid." in answer.text) == (401, True)
    assert (
        'value="/tasks&#34;&gt;&lt;b&gt;"' in answer.text,
        client.get("/whoami").status_code,
    ) == (
        True,
        401,
    )


def test_what_was_in_the_cookie_before_is_gone(app: Flask, token: str) -> None:
    client = app.test_client()
    with client.session_transaction() as planted:
        planted["planted"] = "by somebody else"
    log_in(client, token)
    with client.session_transaction() as session:
        assert list(session) == ["identity"]


@pytest.mark.parametrize(
    "wanted",
    [
        *("", "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example"),
        *("tasks", "javascript:alert(1)", "/\t/evil.example", "/x\r\nSet-Cookie: a=b", "///evil"),
    ],
)
def test_nobody_is_led_away(app: Flask, token: str, wanted: str) -> None:
    assert log_in(app.test_client(), token, wanted) == (303, "/")


def test_a_prefix_is_kept(app: Flask, token: str) -> None:
    client = app.test_client()
    base = "http://localhost/moc"
    answers = [
        client.get("/tasks", base_url=base, headers={"Accept": "text/html"}),
        client.post("/login", base_url=base, data={"token": token, "next": "/tasks"}),
        client.post("/logout", base_url=base),
    ]
    assert [a.headers["Location"] for a in answers] == [
        "/moc/login?next=%2Ftasks",
        "/moc/tasks",
        "/moc/login",
    ]


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, ["ログイン", "トークン"]),
        ({"Accept-Language": "en-GB,en;q=0.9"}, ["Log in", "Token"]),
    ],
)
def test_the_form_speaks_both_languages(
    app: Flask, headers: dict[str, str], words: list[str]
) -> None:
    answer = app.test_client().get("/login?next=/tasks", headers=headers)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert [word for word in (*words, 'value="/tasks"') if word not in answer.text] == []


def test_the_form_runs_no_inline_code(app: Flask) -> None:
    text = app.test_client().get("/login").text
    found = [
        part
        for part in ("<script>", "<style", " style=", " onclick", "javascript:")
        if part in text
    ]
    assert found == []


def test_who_is_logged_in_is_told_and_may_leave(app: Flask, token: str) -> None:
    client = app.test_client()
    log_in(client, token)
    text = client.get("/login?lang=en").text
    expected = ["You are logged in as 田中 (AUDIT).", 'action="/logout"', "Log out"]
    assert [part for part in expected if part not in text] == []


def test_another_site_cannot_log_somebody_in(app: Flask, token: str) -> None:
    answer = app.test_client().post(
        "/login", data={"token": token}, headers={"Origin": "https://evil.example"}
    )
    assert (answer.status_code, answer.headers.get("Set-Cookie")) == (403, None)


def test_open_mode_has_nothing_to_log_in_to(tmp_path: Path) -> None:
    client = make_app(tmp_path, "open").test_client()
    answers = [client.get("/login"), client.post("/login", data={"token": "x"})]
    assert [(a.status_code, a.headers["Location"]) for a in answers] == [(302, "/")] * 2
