"""`orch_next.ready`: what is answered without a view is what the view would answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from orch_next.blueprints.context import runtime
from orch_next.config import load_settings
from orch_next.core.kinds import TASK
from orch_next.ready import ReadyAnswers, make_ready
from orch_next.security import Identities
from orch_next.serving.prepare import prepare_app
from tests.patience import until
from tests.servers import Server, running_server

PAGES = ("/", "/tasks", "/tasks/new", "/approvals", "/security")
LISTS = ("/api/tasks", "/api/approvals", "/api/milestones")
ID = {"X-Request-ID": "要求-1".encode().decode("latin-1")}
MakeApp: TypeAlias = Callable[..., Flask]
Served: TypeAlias = tuple[FlaskClient, list[str]]


def serve(app: Flask, **settings: Any) -> Served:
    """Return a client of a served app, and the paths that came to its views."""
    seen: list[str] = []
    app.before_request(lambda: seen.append(request.path))
    prepare_app(app, load_settings({}, settings))
    return app.test_client(), seen


@pytest.fixture
def served(make_app: MakeApp, orch_root: Path) -> Served:
    """Serve the sample's ledgers in open mode, old enough that a `stat` tells of a change."""
    app = make_app()
    until(partial(is_settled, app))
    return serve(app, root=orch_root)


def is_settled(app: Flask) -> bool:
    with app.app_context():
        state = runtime().board.state
    return state.tasks is state.store(TASK).unchanged()


def shown(headers: Headers) -> dict[str, str]:
    """Return an answer's headers without its id."""
    return {name: value for name, value in headers.items() if name != "X-Request-ID"}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_the_same_with_and_without_its_view(served: Served, path: str) -> None:
    client, seen = served
    first, second = client.get(path), client.get(path)
    assert (second.data, second.status, shown(second.headers)) == (
        first.data,
        first.status,
        shown(first.headers),
    )
    assert (seen, second.headers["X-Request-ID"] != "") == ([path], True)


def test_head_and_if_none_match_need_no_view(served: Served) -> None:
    client, seen = served
    etag = client.get("/").headers["ETag"]
    head, same = client.head("/"), client.get("/", headers={"If-None-Match": etag})
    other = client.get("/", headers={"If-None-Match": '"another"'})
    assert [(one.status_code, one.data == b"") for one in (head, same, other)] == [
        (200, True),
        (304, True),
        (200, False),
    ]
    assert (seen, head.headers["ETag"], same.headers["ETag"]) == (["/", "/"], etag, etag)


def test_languages_do_not_mix(served: Served) -> None:
    client, seen = served
    for _ in range(2):
        for wish, lang in (("ja", "ja"), ("en-GB,en", "en"), ("fr", "en"), ("*", "ja")):
            page = client.get("/tasks", headers={"Accept-Language": wish})
            assert f'<html lang="{lang}">'.encode() in page.data
    assert len(seen) == 4


def test_a_cookie_chooses_the_language(served: Served) -> None:
    client, _seen = served
    assert b'<html lang="ja">' in client.get("/").data
    asked = client.get("/?lang=en")
    assert b'<html lang="en">' in asked.data
    assert "orch_lang=en" in asked.headers["Set-Cookie"]
    for _ in range(2):
        answer = client.get("/")
        assert (b'<html lang="en">' in answer.data, "Set-Cookie" in answer.headers) == (True, False)


def test_ready_answers_are_counted_and_logged(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    client, _seen = served
    with caplog.at_level("INFO", "orch_next.requests"):
        for number in range(3):
            client.get("/tasks", headers={"X-Request-ID": f"r{number}"})
    lines = [(record.__dict__["cid"], record.__dict__["path"]) for record in caplog.records]
    assert lines == [("r0", "/tasks"), ("r1", "/tasks"), ("r2", "/tasks")]
    text = client.get("/metrics").get_data(as_text=True)
    labels = 'method="GET",route="/tasks",status="200"'
    assert f"orch_http_request_duration_seconds_count{{{labels}}} 3.0" in text


def test_nothing_is_kept_where_there_are_identities(make_app: MakeApp, orch_root: Path) -> None:
    app = make_app(auth="token")
    identities: Identities = app.extensions["orch_next_identities"]
    people = (("花子", "CMD"), ("太郎", "WORK"))
    tokens = {name: identities.add(name, role)[1] for name, role in people}
    client, seen = serve(app, root=orch_root, auth="token")
    for _ in range(2):
        for name, token in tokens.items():
            page = client.get("/tasks", headers={"Authorization": f"Bearer {token}"}).data.decode()
            assert [other in page for other in tokens] == [other == name for other in tokens]
        assert client.get("/tasks").status_code == 401
    assert len(seen) == 4  # the door answers 401 before


def test_foreign_hosts_and_origins_get_no_ready_answer(served: Served) -> None:
    client, _seen = served
    client.get("/tasks")
    assert client.get("/tasks", headers={"Host": "evil.example"}).status_code == 421
    assert "Access-Control-Allow-Origin" not in client.get("/tasks").headers


def answers_with(sources: list[Any]) -> Callable[..., tuple[bytes, list[Any]]]:
    """Return what asks a tiny app whose one answer is kept while `sources` stay."""
    answers, made = ReadyAnswers(), [0]

    def views(environ: Any, start: Any) -> list[bytes]:
        made[0] += 1
        ready = make_ready(tuple(sources), f"{made[0]} 課題".encode())
        answers.keep(environ, "/x", ready, lambda: tuple(sources))
        start("200 OK", [])
        return [ready.body]

    whole = answers.around(views, lambda _environ, _route, _status: [])

    def ask(path: str = "/x", **more: Any) -> tuple[bytes, list[Any]]:
        environ = EnvironBuilder(path=path, **more).get_environ()
        body, _status, _headers = run_wsgi_app(whole, environ)
        return b"".join(body), made

    return ask


def test_an_answer_is_repeated_until_a_source_changes() -> None:
    sources = [object(), "+09:00"]
    ask = answers_with(sources)
    assert [ask()[0].decode() for _ in range(3)] == ["1 課題"] * 3
    sources[0] = object()
    assert [ask()[0].decode() for _ in range(2)] == ["2 課題"] * 2
    sources[1] = "+10:00"
    assert ask()[0].decode() == "3 課題"


@pytest.mark.parametrize(
    "more",
    [
        {"query_string": "a=1"},
        {"method": "POST"},
        {"data": b"x"},
        {"headers": {"Origin": "http://localhost"}},
        {"headers": {"Authorization": "Bearer x"}},
        {"headers": {"Cookie": "a=b"}},
        {"headers": {"Accept-Language": "en"}},
        {"headers": {"Range": "bytes=0-1"}},
        {"base_url": "http://localhost/prefix"},
        {"path": "/y"},
    ],
)
def test_another_request_is_for_the_views(more: dict[str, Any]) -> None:
    ask = answers_with([1])
    ask()
    assert ask(**more)[0].decode() == "2 課題"


def is_repeated(server: Server, path: str) -> bool:
    """Ask for a list, and tell whether one was answered without its view: that takes no time."""
    server.get(path)
    lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    return any(line.get("path") == path and line["ms"] == 0.0 for line in lines)


@pytest.mark.parametrize("mode", ["serve", "serve-threading"])
def test_a_list_shows_a_save_at_once(tmp_path: Path, mode: str) -> None:
    with running_server(tmp_path, mode, env={"ORCH_LOG_FORMAT": "json"}) as server:
        file = server.orch_root / "STATE" / "TASKS.md"
        text = file.read_text(encoding="utf-8")
        for path in LISTS:
            until(partial(is_repeated, server, path))
        for number in range(20):
            file.write_text(text.replace("READY", f"P{number:03d}"), encoding="utf-8")
            assert f'"P{number:03d}"'.encode() in server.get("/api/tasks")
