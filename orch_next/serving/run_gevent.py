"""Run an app on gevent's own WSGI server."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

import gevent
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from orch_next.serving import limits
from orch_next.serving.framing import has_clear_framing
from orch_next.serving.stopping import GOODBYE_SECONDS, STOP_SECONDS, Serving

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CONNECTIONS = 20_000
_TICK_SECONDS = 0.1


class _WithSocket(WSGIHandler):  # type: ignore[misc]  # gevent's stubs leave it untyped
    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        return {**environ, "orch_next.socket": self.socket, "orch_next.leave": self._leave}

    def read_request(self, raw_requestline: str) -> bool:
        return bool(super().read_request(raw_requestline)) and has_clear_framing(self.headers)

    def _leave(self) -> None:
        self.close_connection = True


class _Server(WSGIServer):  # type: ignore[misc]  # gevent's stubs leave it untyped
    gone: BaseException | None = None

    def is_fatal_error(self, ex: BaseException) -> bool:
        """Keep what ended the listener; gevent itself only closes it."""
        is_fatal: bool = super().is_fatal_error(ex)
        if is_fatal:
            self.gone = ex
        return is_fatal

    def handle(self, client: Any, address: Any) -> None:
        client.settimeout(limits.IDLE_SECONDS)
        super().handle(client, address)


def run(
    listener: socket.socket, app: WSGIApplication, serving: Serving, stop: threading.Event
) -> None:
    """Serve until `stop`, then end streams and connections within `STOP_SECONDS` and a bit."""
    server = _Server(
        gevent.socket.socket(listener.family, fileno=listener.detach()),
        app,
        spawn=Pool(CONNECTIONS),
        handler_class=_WithSocket,
        log=None,
        error_log=logging.getLogger("orch_next.serving"),
    )
    server.start()
    while not stop.is_set() and server.gone is None:
        gevent.sleep(_TICK_SECONDS)
    server.close()
    serving.end_streams()
    gevent.spawn_later(GOODBYE_SECONDS, serving.abort_streams)
    server.stop(timeout=STOP_SECONDS)
    if server.gone is not None:  # better than silence
        raise server.gone
