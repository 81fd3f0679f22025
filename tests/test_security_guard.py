"""The guard as pure WSGI: hosts, origins, sites, methods and paths, bodies, headers."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.test import create_environ, run_wsgi_app

from orch_next.config import Settings
from orch_next.security.guard import guard, is_live_path
from orch_next.security.origins import make_policy

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; connect-src 'self' ws://127.0.0.1:5001 wss://127.0.0.1:5001; "
        "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SETTINGS = Settings(
    trusted_hosts=("orch.example",), cors_origins=("https://app.example",), max_body_bytes=10
)


def reading_app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response(
        "200 OK", [("Content-Type", "text/event-stream"), ("X-Own", "はい".encode().hex())]
    )
    return [b"read " + body]


def make_environ(
    method: str = "GET", path: str = "/", host: str | None = "127.0.0.1:5001", **more: Any
) -> dict[str, Any]:
    """Build the environ as a server does; keyword arguments are its own keys."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    if host is not None:
        environ["HTTP_HOST"] = host
    return {**environ, **more}


def ask(
    environ: dict[str, Any], settings: Settings = SETTINGS
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the guarded answer."""
    body, status, headers = run_wsgi_app(guard(reading_app, make_policy(settings)), environ)
    assert len({name.lower() for name, _ in headers}) == len(list(headers)), "doubled header"
    return int(status.split()[0]), dict(headers), b"".join(body)


METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "get")
CALM_PATHS = (
    *("/", "/api/tasks", "/jobs", "/jobs/022", "/audit/events", "/events.json", "/eventsx"),
    *("/static/socket.io.min.js", "/api/events/health/x", "/login", ""),
)
LIVE_PATHS = (
    *("/socket.io", "/socket.io/", "/socket.io/x", "//socket.io/", "/moc/socket.io/"),
    *("/events", "/events/", "/events/health", "/sse/events", "/jobs/022/events"),
    *("/jobs/タスク/events", "/jobs/a\nb/events", "/moc/events", "/moc/jobs/022/events"),
)
# Origin, Sec-Fetch-Site -> may it write or connect live? (docs/security.md)
SENDERS: dict[tuple[str | None, str | None], bool] = {
    (None, None): True,
    (None, "same-origin"): True,
    (None, "none"): True,
    (None, "same-site"): False,
    (None, "cross-site"): False,
    (None, ""): False,
    ("http://127.0.0.1:5001", None): True,
    ("http://127.0.0.1:5001", "same-origin"): True,
    ("http://127.0.0.1:5001", "cross-site"): True,
    ("https://app.example", "cross-site"): True,
    ("https://app.example", None): True,
    ("null", None): False,
    ("null", "same-origin"): False,
    ("", None): False,
    ("http://localhost:5001", "same-site"): False,
    ("http://127.0.0.1:5002", "same-site"): False,
    ("https://127.0.0.1:5001", "cross-site"): False,
    ("http://127.0.0.1", "cross-site"): False,
    ("http://evil.example", "cross-site"): False,
    ("http://evil.example", "same-origin"): False,
    ("http://127.0.0.1:5001.evil.example", None): False,
    ("http://127.0.0.1:5001@evil.example", None): False,
}


def is_reading(method: str) -> bool:
    return method in ("GET", "HEAD", "OPTIONS")


def with_sender(environ: dict[str, Any], origin: str | None, site: str | None) -> dict[str, Any]:
    given = {"HTTP_ORIGIN": origin, "HTTP_SEC_FETCH_SITE": site}
    return {**environ, **{key: value for key, value in given.items() if value is not None}}


@pytest.mark.parametrize(("sender", "admitted"), SENDERS.items(), ids=str)
def test_origin_matrix(sender: tuple[str | None, str | None], admitted: bool) -> None:
    statuses = {
        (method, path): ask(with_sender(make_environ(method, path), *sender))[0]
        for method, path in product(METHODS, CALM_PATHS + LIVE_PATHS)
    }
    assert statuses == {
        (method, path): 200 if admitted or (path in CALM_PATHS and is_reading(method)) else 403
        for method, path in product(METHODS, CALM_PATHS + LIVE_PATHS)
    }


HOSTS: dict[str | None, int] = {
    "127.0.0.1:5001": 200,
    "127.8.9.10": 200,
    "localhost:9": 200,
    "[::1]:5001": 200,
    "orch.example": 200,
    "orch.example:8443": 200,
    "evil.example": 421,
    "127.0.0.1.evil.example": 421,
    "localhost.": 421,
    "192.168.1.5:5001": 421,
    "0.0.0.0:5001": 421,
    None: 400,
    "": 400,
    "127.0.0.1:5001,evil.example": 400,
    "127.0.0.1:5001/": 400,
    "日本.example": 400,
}


@pytest.mark.parametrize(("host", "status"), HOSTS.items(), ids=str)
def test_host_matrix(host: str | None, status: int) -> None:
    kinds = product(METHODS, ("/", "/socket.io/", "/events"))
    assert {ask(make_environ(method, path, host))[0] for method, path in kinds} == {status}


@pytest.mark.parametrize("path", ["/", "/socket.io/", "/events"])
def test_dns_rebinding_is_refused_before_the_origin_is_looked_at(path: str) -> None:
    environ = make_environ("GET", path, "evil.example:5001", HTTP_ORIGIN="http://evil.example:5001")
    status, headers, body = ask(environ)
    assert (status, headers["Content-Type"], json.loads(body)) == (
        421,
        "application/json",
        {
            "success": False,
            "error": "evil.example is not served here; ORCH_TRUSTED_HOSTS can name it",
        },
    )


def test_origin_follows_the_scheme_that_a_proxy_told() -> None:
    same = with_sender(make_environ("POST", "/", "orch.example"), "https://orch.example", None)
    statuses = [ask({**same, "wsgi.url_scheme": scheme})[0] for scheme in ("https", "http")]
    assert statuses == [200, 403]


def test_refusal_says_what_to_do_and_does_not_reflect_markup() -> None:
    environ = make_environ("POST", HTTP_ORIGIN="http://<script>")
    status, headers, body = ask(environ)
    assert (status, json.loads(body), {k: headers[k] for k in HEADERS}) == (
        403,
        {
            "success": False,
            "error": "origin 'http://<script>' is not allowed; ORCH_CORS_ORIGINS can name it",
        },
        HEADERS,
    )


def test_an_answer_keeps_its_headers_and_gets_ours() -> None:
    assert ask(make_environ()) == (
        200,
        {"Content-Type": "text/event-stream", "X-Own": "はい".encode().hex(), **HEADERS},
        b"read ",
    )


def test_an_app_may_set_a_stricter_policy_itself() -> None:
    def strict(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("content-security-policy", "default-src 'none'")])
        return [b""]

    app = guard(strict, make_policy(SETTINGS))
    _body, _status, headers = run_wsgi_app(app, make_environ())
    assert headers.getlist("Content-Security-Policy") == ["default-src 'none'"]


def test_a_stream_is_passed_on_as_it_is() -> None:
    stream = iter([b"data: 1\n\n"])

    def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return stream

    guarded = guard(app, make_policy(SETTINGS))
    assert guarded(make_environ(), lambda *_args: lambda _data: None) is stream


def test_an_error_after_the_start_keeps_its_exc_info() -> None:
    seen: list[Any] = []

    def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("500 ERROR", [], (ValueError, ValueError("x"), None))
        return []

    def start(status: str, _headers: Any, info: Any = None) -> Any:
        seen.append((status, info[0]))

    guard(app, make_policy(SETTINGS))(make_environ(), start)
    assert seen == [("500 ERROR", ValueError)]


@pytest.mark.parametrize("path", ["/api/tasks", "/socket.io/"])
@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("10", 200),
        ("11", 413),
        ("9" * 5000, 413),
        ("0" * 20 + "11", 413),
        ("0" * 20 + "9", 200),
        ("-1", 400),
        ("1_0", 400),
        ("１０", 400),
    ],
)
def test_told_length_is_limited(path: str, length: str, status: int) -> None:
    environ = make_environ("POST", path, CONTENT_LENGTH=length)
    environ["wsgi.input"] = io.BytesIO(b"x" * 10)
    assert ask(environ)[0] == status


@pytest.mark.parametrize(("size", "status"), [(0, 200), (10, 200), (11, 413), (100_000, 413)])
def test_untold_length_is_counted(size: int, status: int) -> None:
    environ = make_environ("POST", HTTP_TRANSFER_ENCODING="chunked")
    environ["wsgi.input"] = io.BytesIO(b"x" * size)
    assert ask(environ)[0] == status


@pytest.mark.parametrize(("size", "status"), [(10, 200), (11, 413)])
def test_flask_does_not_cut_a_chunked_body_short(size: int, status: int) -> None:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 10
    app.add_url_rule("/", view_func=lambda: request.get_data(), methods=["POST"])
    environ = {
        **create_environ("/", "http://127.0.0.1:5001", method="POST"),
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": io.BytesIO(b"x" * size),
    }
    environ.pop("CONTENT_LENGTH", None)
    _body, answered, _headers = run_wsgi_app(
        guard(app.wsgi_app, make_policy(SETTINGS)), environ, buffered=True
    )
    assert int(answered.split()[0]) == status


@pytest.mark.parametrize("error", [OSError("切断"), ValueError("chunk size")])
def test_a_broken_body_is_a_bad_request(error: Exception) -> None:
    class Broken(io.RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            raise error

    environ = make_environ("POST", HTTP_TRANSFER_ENCODING="chunked")
    status, _headers, body = ask({**environ, "wsgi.input": Broken()})
    assert (status, json.loads(body)) == (
        400,
        {"success": False, "error": f"the chunked body is broken: {error}"},
    )


def test_the_input_object_stays_the_servers_own_without_chunks() -> None:
    seen: list[Any] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append(environ["wsgi.input"])
        start_response("200 OK", [])
        return []

    environ = make_environ()
    run_wsgi_app(guard(app, make_policy(SETTINGS)), environ)
    assert seen[0] is environ["wsgi.input"]


def test_a_configured_page_can_read_the_refusal_of_its_big_body() -> None:
    environ = make_environ("POST", CONTENT_LENGTH="11", HTTP_ORIGIN="https://app.example")
    status, headers, _body = ask(environ)
    assert (status, headers["Access-Control-Allow-Origin"], headers["Vary"]) == (
        413,
        "https://app.example",
        "Origin",
    )


def test_head_is_refused_without_a_body() -> None:
    status, headers, body = ask(make_environ("HEAD", host="evil.example"))
    assert (status, headers["Content-Type"], body) == (421, "application/json", b"")


def test_live_paths() -> None:
    assert [path for path in CALM_PATHS + LIVE_PATHS if is_live_path(path)] == list(LIVE_PATHS)
