"""Join an app to the server that runs it: real threads, WebSockets, proxies, an end."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask

from orch_next.config import Settings
from orch_next.offload import Loop, make_loop
from orch_next.serving.offloaded import Offloaded
from orch_next.serving.proxy import behind_proxy
from orch_next.serving.stopping import Serving
from orch_next.serving.websocket import WebSockets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def prepare_app(app: Flask, settings: Settings, async_mode: str) -> Serving:
    """Wrap `app` for the server that runs it; call it once, in the loop's thread.

    It sets `loop` and takes `stopping` of `app.extensions["orch_next"]`: whoever feeds a stream
    posts through the one and watches the other.
    """
    loop = make_loop(async_mode)
    orch: Any = app.extensions["orch_next"]
    orch.loop = loop
    end_polls = partial(_end_polls, app.extensions.get("socketio"))
    serving = Serving(loop, orch.stopping, WebSockets(loop.lock), end_polls)
    _offload_views(app, loop, settings.max_body_bytes)
    _install_websockets(app, serving.websockets)
    behind_proxy(app, settings)
    app.extensions["orch_next_serving"] = serving
    return serving


def _offload_views(app: Flask, loop: Loop, max_body_bytes: int) -> None:
    socketio = app.extensions.get("socketio")
    # Flask-SocketIO keeps Flask's own WSGI app behind Engine.IO, which must stay in the loop.
    inner: Any = app if socketio is None else socketio.sockio_mw
    inner.wsgi_app = _without_exits(inner.wsgi_app)
    if loop.async_mode != "threading":
        inner.wsgi_app = Offloaded(inner.wsgi_app, loop, max_body_bytes)


def _without_exits(wsgi_app: WSGIApplication) -> WSGIApplication:
    """Make a view that exits an error: most servers would end, and this client have no answer."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return wsgi_app(environ, start_response)
        except SystemExit as error:
            raise RuntimeError(f"a view raised SystemExit: {error}") from error

    return serve


def _end_polls(socketio: Any) -> None:
    """Answer requests that wait for packets; without it each would hold up the stop."""
    clients = [] if socketio is None else list(socketio.server.eio.sockets.values())
    for client in clients:
        if not client.upgraded:
            client.close(wait=False)


def _install_websockets(app: Flask, websockets: WebSockets) -> None:
    socketio = app.extensions.get("socketio")
    if socketio is not None:
        app.wsgi_app = websockets.around(app.wsgi_app)  # type: ignore[assignment,method-assign]
        engine = socketio.server.eio
        # A copy: the original belongs to every server of this mode in the process.
        engine._async = {**engine._async, "websocket": websockets.driver}
