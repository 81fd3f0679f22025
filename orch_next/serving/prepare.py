"""Join an app to the server that runs it: real threads, WebSockets, proxies, an end."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Flask

from orch_next.config import Settings
from orch_next.offload import Loop, make_loop
from orch_next.serving.mode import request_threads
from orch_next.serving.offloaded import Offloaded
from orch_next.serving.proxy import behind_proxy
from orch_next.serving.stopping import Serving
from orch_next.serving.websocket import WebSockets


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
    _spare_threads(app)
    behind_proxy(app, settings)
    app.extensions["orch_next_serving"] = serving
    return serving


def _offload_views(app: Flask, loop: Loop, max_body_bytes: int) -> None:
    if loop.async_mode == "threading":
        return
    socketio = app.extensions.get("socketio")
    # Flask-SocketIO keeps Flask's own WSGI app behind Engine.IO, which must stay in the loop.
    inner: Any = app if socketio is None else socketio.sockio_mw
    inner.wsgi_app = Offloaded(inner.wsgi_app, loop, max_body_bytes)


def _end_polls(socketio: Any) -> None:
    """Answer requests that wait for packets; without it each would hold up the stop."""
    clients = [] if socketio is None else list(socketio.server.eio.sockets.values())
    for client in clients:
        if not client.upgraded:
            client.close(wait=False)


def _spare_threads(app: Flask) -> None:
    """Leave threads to requests where sockets share them."""
    threads, live = request_threads(), app.extensions.get("orch_realtime")
    if threads is not None and live is not None:
        live.sockets.gate.limit_threads(threads)


def _install_websockets(app: Flask, websockets: WebSockets) -> None:
    socketio = app.extensions.get("socketio")
    if socketio is not None:
        app.wsgi_app = websockets.around(app.wsgi_app)  # type: ignore[assignment,method-assign]
        engine = socketio.server.eio
        # A copy: the original belongs to every server of this mode in the process.
        engine._async = {**engine._async, "websocket": websockets.driver}
