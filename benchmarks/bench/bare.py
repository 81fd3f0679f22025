"""Yardsticks that serve ready bytes on eventlet: bare Flask, bare WSGI.

`python -m benchmarks.bench.bare KIND PORT FOLDER` serves the files that FOLDER/routes.json names.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import eventlet
import eventlet.wsgi

from benchmarks.live import PROJECT, wait_for_port
from tests.servers import free_port

Bodies = dict[str, tuple[bytes, str]]


def fetch(port: int, paths: Sequence[str]) -> Bodies:
    """Return body and content type of each path of a server."""
    found = {}
    for path in paths:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            found[path] = (answer.read(), answer.headers["Content-Type"])
    return found


@contextmanager
def bare_server(kind: str, bodies: Bodies) -> Iterator[int]:
    """Serve these bytes in a process of its own; give its port."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        routes = {}
        for number, (path, (body, content_type)) in enumerate(bodies.items()):
            (Path(folder) / str(number)).write_bytes(body)
            routes[path] = (str(number), content_type)
        (Path(folder) / "routes.json").write_text(json.dumps(routes), encoding="utf-8")
        line = [sys.executable, "-m", "benchmarks.bench.bare", kind, str(port), folder]
        with subprocess.Popen(line, cwd=PROJECT) as process:
            try:
                wait_for_port(port)
                yield port
            finally:
                process.kill()


def make_flask(bodies: Bodies) -> Callable[..., Any]:
    """Return an app of one view for each path."""
    from flask import Flask, Response

    app = Flask(__name__)
    for path, (body, content_type) in bodies.items():

        def view(body: bytes = body, content_type: str = content_type) -> Response:
            return Response(body, content_type=content_type)

        app.add_url_rule(path, path, view)
    return app


def make_wsgi(bodies: Bodies) -> Callable[..., Any]:
    """Return a callable that looks the path up."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body, content_type = bodies[environ["PATH_INFO"]]
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    return app


def main(kind: str, port: str, folder: str) -> None:
    """Serve until killed."""
    eventlet.monkey_patch()
    routes = json.loads((Path(folder) / "routes.json").read_text(encoding="utf-8"))
    bodies = {
        path: ((Path(folder) / file).read_bytes(), what) for path, (file, what) in routes.items()
    }
    app = {"flask": make_flask, "wsgi": make_wsgi}[kind](bodies)
    listener = eventlet.listen(("127.0.0.1", int(port)))
    # Head and body are sent apart: without this the body of some answers waits 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    eventlet.wsgi.server(listener, app, log_output=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
