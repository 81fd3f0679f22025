"""Test tool: a tiny WSGI server that plays the legacy: our own server's answers, altered."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tests.patience import PATIENCE

Alter = Callable[[Any], Any]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def legacy(behind: str, altered: Mapping[str, Alter | tuple[int, bytes]]) -> Iterator[str]:
    """Serve what `behind` answers; a path's JSON is altered, or its status and body are given."""

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        path = environ["PATH_INFO"]
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        given = altered.get(path)
        if isinstance(given, tuple):
            start(f"{given[0]} Given", [("Content-Type", "application/json")])
            return [given[1]]
        status, headers, body = _ask(behind, path + query, environ.get("HTTP_ACCEPT", "*/*"))
        if given is not None:
            body = json.dumps(given(json.loads(body))).encode()
        start(f"{status} Passed", [*headers, ("Content-Length", str(len(body)))])
        return [body]

    with make_server("127.0.0.1", 0, app, _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _ask(behind: str, path: str, accept: str) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection(behind.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        answer = connection.getresponse()
        kind = answer.headers.get("Content-Type", "")
        is_stream = kind.startswith("text/event-stream")
        body = b"".join(_one_event(answer)) if is_stream else answer.read()
        kept = [(name, answer.headers[name]) for name in ("Content-Type", "Location")]
        return answer.status, [(name, value) for name, value in kept if value], body
    finally:
        connection.close()


def _one_event(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    seen = False
    for line in answer:
        yield line
        seen = seen or line.startswith(b"data:")
        if seen and not line.strip():
            return
