"""Run a WSGI app's views in real threads, so that none of them blocks the loop."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orch_next.offload import Loop

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


# Answered from memory (blueprints/health.py).
IN_LOOP = "/health"


class Offloaded:
    """A WSGI app whose call runs in a real thread; its body is read and answered in the loop.

    Sockets belong to the loop: the request's body is read before the thread starts, and what
    the app returned is iterated after it ended, so the generator of an event stream runs in the
    loop and must wait on `Loop.queue()` only.
    """

    def __init__(self, wsgi_app: WSGIApplication, loop: Loop, max_body_bytes: int) -> None:
        self.wsgi_app = wsgi_app
        self.loop = loop
        self.max_body_bytes = max_body_bytes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        if environ.get("PATH_INFO") == IN_LOOP:
            # All threads may wait for a database: a supervisor is not to kill us for that.
            return self.wsgi_app(environ, start_response)
        body = _read_body(environ, self.max_body_bytes)
        environ["wsgi.input"] = io.BytesIO(body)
        started: list[tuple[Any, ...]] = []

        def remember(*given: Any) -> Any:
            started[:] = [given]
            return _no_write

        answer = self.loop.run_blocking(lambda: self.wsgi_app(environ, remember))
        start_response(*started[0])
        return answer


def _read_body(environ: WSGIEnvironment, limit: int) -> bytes:
    """Read at most one byte more than `limit`: enough for the app to see that it is too long."""
    length = environ.get("CONTENT_LENGTH") or ""
    stream = environ["wsgi.input"]
    if length.isascii() and length.isdigit():
        wanted = int(length)
        data: bytes = stream.read(wanted) if wanted <= limit else b""
        return data
    if environ.get("wsgi.input_terminated"):
        chunked: bytes = stream.read(limit + 1)
        return chunked
    return b""


def _no_write(_data: bytes) -> None:
    raise RuntimeError("the write() of PEP 3333 is not offered; return an iterable")
