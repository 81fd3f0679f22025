"""The owner's own pages: what is served, what is not, and under which policy."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.config import load_settings
from orch_next.errors import ConfigError

PAGE = """<!doctype html><title>{{ title }}</title>
<link rel="stylesheet" href="{{ url_for('static', filename='css/会社.css') }}">
<script src="https://cdn.socket.io/4.7.2/socket.io.min.js" integrity="sha384-x"></script>
<script src='https://cdn.jsdelivr.net/npm/chart.js'></script>
<img src="/static/logo.png"><img src="/static/icon.svg">
<a href="{{ url_for('tasks') }}">{{ request.path }}</a>{{ missing }}{{ "<b>" }}
"""
FILES = {
    "templates/custom/orch_dashboard.html": PAGE,
    "templates/custom/課/board.html": "{% include 'part.html' %}<p>板</p>",
    "templates/custom/part.html": "<i>部品</i>",
    "templates/custom/broken.html": "{% if %}",
    "templates/custom/zero.html": "{{ 1 / 0 }}",
    "templates/custom/sly.html": "{{ ''.__class__.__mro__ }}",
    "static/custom/css/会社.css": "p { color: red }",
    "static/custom/logo.png": "PNG",
    "static/custom/js/own.js": "own()",
    "static/custom/js/main.js": "never()",
    "secret.txt": "SECRET",
}
ON = {"custom_pages": True}


@pytest.fixture
def serve(orch_root: Path, make_app: Callable[..., Flask]) -> Callable[..., FlaskClient]:
    for name, text in FILES.items():
        path = orch_root.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(**settings: object) -> FlaskClient:
        return make_app(**settings).test_client()

    return build


def test_nothing_is_served_unless_it_is_set(serve: Callable[..., FlaskClient]) -> None:
    client = serve()
    paths = ("/custom/orch_dashboard.html", "/custom/static/logo.png", "/static/logo.png")
    assert [client.get(path).status_code for path in paths] == [404, 404, 404]


def test_a_page_is_rendered_as_the_legacy_did(serve: Callable[..., FlaskClient]) -> None:
    answer = serve(**ON).get("/custom/orch_dashboard.html")
    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert 'href="/custom/static/css/%E4%BC%9A%E7%A4%BE.css"' in text
    assert '<script src="/static/vendor/socket.io.min.js"></script>' in text
    assert "<script src='/static/vendor/chart.umd.min.js'></script>" in text
    assert '<img src="/custom/static/logo.png"><img src="/static/icon.svg">' in text
    assert '<a href="/tasks">/custom/orch_dashboard.html</a>&lt;b&gt;' in text


def test_the_policy_lets_inline_code_run_and_data_go_nowhere_else(
    serve: Callable[..., FlaskClient],
) -> None:
    client = serve(**ON, custom_hosts=["https://cdn.jsdelivr.net"])
    policy = client.get("/custom/orch_dashboard.html").headers["Content-Security-Policy"]
    rules = dict(one.strip().partition(" ")[::2] for one in policy.split(";"))
    assert rules["script-src"] == "'self' 'unsafe-inline' https://cdn.jsdelivr.net"
    assert rules["connect-src"] == "'self' ws://localhost wss://localhost"
    assert (rules["frame-ancestors"], rules["base-uri"]) == ("'none'", "'none'")
    assert "allow-top-navigation" not in rules["sandbox"]
    ours = client.get("/ledger").headers["Content-Security-Policy"]
    assert "unsafe-inline" not in ours


def test_pages_include_parts_and_lie_in_folders(serve: Callable[..., FlaskClient]) -> None:
    text = serve(**ON).get("/custom/課/board.html").get_data(as_text=True)
    assert text == "<i>部品</i><p>板</p>"


@pytest.mark.parametrize(
    "path",
    [
        *("/custom/none.html", "/custom/../../secret.txt", "/custom/%2e%2e/%2e%2e/secret.txt"),
        *("/custom/static/../../secret.txt", "/custom/static/%2e%2e/%2e%2e/secret.txt"),
        *("/static/%2e%2e/secret.txt", "/custom/a%00b", f"/custom/{'x' * 5000}", "/custom/課"),
    ],
)
def test_what_is_no_page_is_not_found(serve: Callable[..., FlaskClient], path: str) -> None:
    answer = serve(**ON).get(path)
    assert (answer.status_code, b"SECRET" in answer.data) == (404, False)


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_out_is_not_followed(orch_root: Path, serve: Callable[..., FlaskClient]) -> None:
    client = serve(**ON)
    for folder in ("templates", "static"):
        link = orch_root.parent / folder / "custom" / "out.html"
        link.symlink_to(orch_root.parent / "secret.txt")
    paths = ("/custom/out.html", "/custom/static/out.html", "/static/out.html")
    assert [client.get(path).status_code for path in paths] == [404, 404, 404]


@pytest.mark.parametrize("name", ["broken", "zero", "sly"])
def test_a_wrong_template_tells_nothing_but_that(
    serve: Callable[..., FlaskClient], name: str
) -> None:
    answer = serve(**ON).get(f"/custom/{name}.html")
    text = answer.get_data(as_text=True)
    assert (answer.status_code in (200, 500), "mro" in text, "object" in text) == (
        True,
        False,
        False,
    )


def test_scripts_find_their_files_at_the_old_urls_and_ours_stay(
    serve: Callable[..., FlaskClient],
) -> None:
    client = serve(**ON)
    urls = ("/static/js/own.js", "/static/js/main.js", "/custom/static/js/main.js")
    found = {}
    for url in urls:
        with client.get(url) as answer:
            found[url] = answer.data
    assert (found[urls[0]], found[urls[2]]) == (b"own()", b"never()")
    assert b"never()" not in found[urls[1]]


def test_a_page_takes_a_url(serve: Callable[..., FlaskClient]) -> None:
    client = serve(**ON, custom_urls=["/=orch_dashboard.html", "/board/課=課/board.html"])
    main = client.get("/")
    assert "<title>ORCH統合管理システム</title>" in main.get_data(as_text=True)
    assert "unsafe-inline" in main.headers["Content-Security-Policy"]
    assert "<p>板</p>" in client.get("/board/課").get_data(as_text=True)
    assert client.get("/ledger").status_code == 200


@pytest.mark.parametrize(
    "urls",
    ["orch_dashboard.html", "/=", "/api/tasks=a.html", "/login=a.html", "/api/own=a.html", "x=a"],
)
def test_only_a_page_of_ours_gives_way(serve: Callable[..., FlaskClient], urls: str) -> None:
    with pytest.raises(ConfigError, match="custom_urls"):
        serve(**ON, custom_urls=[urls])


@pytest.mark.parametrize("hosts", ["*", "cdn.example", "https://a.example; script-src *"])
def test_hosts_are_origins(hosts: str) -> None:
    with pytest.raises(ConfigError, match="custom_hosts"):
        load_settings({}, {**ON, "custom_hosts": [hosts]})


def test_urls_without_the_pages_are_told() -> None:
    with pytest.raises(ConfigError, match="need custom_pages"):
        load_settings({}, {"custom_urls": ["/=a.html"]})


def test_with_tokens_nobody_unknown_sees_them(serve: Callable[..., FlaskClient]) -> None:
    client = serve(**ON, auth="token", custom_urls=["/board=課/board.html"])
    paths = ("/custom/orch_dashboard.html", "/custom/static/logo.png", "/board")
    assert [client.get(path).status_code in (302, 303, 401) for path in paths] == [True] * 3
