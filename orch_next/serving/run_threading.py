"""Run an app with a thread per connection, on the one such server here that has WebSockets.

Werkzeug's is meant for development: it is the fallback where neither eventlet nor gevent runs.
Waitress has no WebSockets; `waitress-serve wsgi:app` runs it (docs/operations.md).
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from orch_next.serving import limits
from orch_next.serving.framing import ClearFraming
from orch_next.serving.stopping import GOODBYE_SECONDS, STOP_SECONDS, Serving

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)
_TICK_SECONDS = 0.1


class _Server(ThreadedWSGIServer):
    """Counts the requests that are being answered, and knows when its listener is gone."""

    def __init__(self, listener: socket.socket, app: WSGIApplication) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__(host, port, app, _Quiet, fd=listener.fileno())
        self.answering: set[object] = set()
        self.gone: OSError | None = None
        self._is_full = False

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection; the caller drops what is raised and tries again at once."""
        try:
            accepted = super().get_request()
        except OSError as error:
            self._refuse(error)
            raise
        self._is_full = False
        return accepted

    def _refuse(self, error: OSError) -> None:
        if error.errno in limits.CLOSED:
            self.gone = error
        elif not self._is_full:
            log.warning("no connection can be accepted for now: %s", error.strerror)
            self._is_full = True
        time.sleep(limits.FULL_PAUSE_SECONDS)


class _Quiet(ClearFraming, WSGIRequestHandler):
    timeout = limits.IDLE_SECONDS

    def run_wsgi(self) -> None:
        answering: set[object] = self.server.answering  # type: ignore[attr-defined]  # _Server
        answering.add(self)
        try:
            super().run_wsgi()
        finally:
            answering.discard(self)

    def connection_dropped(self, *_: Any) -> None:
        """Read no further request: what a WebSocket left in the socket is none."""
        self.close_connection = True

    def log_request(self, *_: Any) -> None:
        """Write no access lines."""


def run(
    listener: socket.socket, app: WSGIApplication, serving: Serving, stop: threading.Event
) -> None:
    """Serve until `stop`, then end streams and connections within `STOP_SECONDS`."""
    server = _Server(listener, app)
    accepting = threading.Thread(target=server.serve_forever, args=(_TICK_SECONDS,), daemon=True)
    accepting.start()
    while not stop.is_set() and server.gone is None:
        time.sleep(_TICK_SECONDS)
    server.shutdown()
    serving.end_streams()
    _wait_for_answers(server, GOODBYE_SECONDS)
    serving.abort_streams()
    _wait_for_answers(server, STOP_SECONDS - GOODBYE_SECONDS)
    if server.gone is not None:  # better than silence
        raise server.gone


def _wait_for_answers(server: _Server, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while server.answering and time.monotonic() < deadline:
        time.sleep(_TICK_SECONDS / 5)
