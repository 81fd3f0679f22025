"""Run an app on eventlet's own WSGI server."""

from __future__ import annotations

import logging
import re
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import eventlet
import eventlet.wsgi
from greenlet import GreenletExit

from orch_next.serving import limits
from orch_next.serving.framing import ClearFraming
from orch_next.serving.listening import PatientSocket
from orch_next.serving.stopping import GOODBYE_SECONDS, STOP_SECONDS, Serving

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CONNECTIONS = 20_000
_TICK_SECONDS = 0.1
_GONE = re.compile(r"\n(?:BrokenPipeError|ConnectionResetError)\b[^\n]*\s*\Z")


class _ServerLog:
    """Eventlet writes access lines and tracebacks to one `info`: keep the tracebacks.

    That a client has gone while it was answered is no news.
    """

    def __init__(self) -> None:
        self._log = logging.getLogger("orch_next.serving")

    def info(self, message: str, *args: object) -> None:
        if message.startswith("Traceback") and not _GONE.search(message):
            self._log.error(message, *args)

    def error(self, message: str, *args: object) -> None:
        self._log.error(message, *args)

    def debug(self, message: str, *args: object) -> None:
        self._log.debug(message, *args)


class _Protocol(ClearFraming, eventlet.wsgi.HttpProtocol):  # type: ignore[misc]
    """Eventlet's reader of requests, strict about where they end."""


def run(
    listener: socket.socket, app: WSGIApplication, serving: Serving, stop: threading.Event
) -> None:
    """Serve until `stop`, then end streams and connections within `STOP_SECONDS` and a bit."""
    pool = eventlet.GreenPool(CONNECTIONS)
    server = eventlet.spawn(
        eventlet.wsgi.server,
        PatientSocket(listener),
        app,
        custom_pool=pool,
        protocol=_Protocol,
        log=_ServerLog(),
        log_format="",
        debug=False,  # a client never sees a traceback
        minimum_chunk_size=1,  # events leave at once
        socket_timeout=limits.IDLE_SECONDS,
    )
    while not stop.is_set() and not server.dead:  # a dead one raises below: better than silence
        eventlet.sleep(_TICK_SECONDS)
    serving.end_streams()
    eventlet.spawn_after(GOODBYE_SECONDS, serving.abort_streams)
    server.kill()  # it accepts no more, and ends when its connections have
    with suppress(GreenletExit), eventlet.Timeout(STOP_SECONDS, False):
        server.wait()
    for thread in list(pool.coroutines_running):
        eventlet.kill(thread)
    eventlet.sleep(_TICK_SECONDS)
