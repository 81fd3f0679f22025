"""Join an app to the server that runs it: real threads, WebSockets, proxies, an end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from flask import Flask

from orch_next.blueprints.observe import observe_ready
from orch_next.config import Settings
from orch_next.internals import end_polls, engine_of, replace_driver, wrap_views
from orch_next.offload import Loop
from orch_next.ready import ReadyAnswers
from orch_next.sensors.metrics import Metrics
from orch_next.serving.mode import request_threads
from orch_next.serving.offloaded import Offloaded
from orch_next.serving.proxy import behind_proxy
from orch_next.serving.stopping import Serving
from orch_next.serving.websocket import WebSockets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Around: TypeAlias = Callable[["WSGIApplication"], "WSGIApplication"]


class Parts(Protocol):
    """What a server needs of an app's `extensions["orch_next"]`.

    Whoever feeds a stream posts through the loop and watches `stopping`.
    """

    loop: Loop
    stopping: threading.Event
    ready_answers: ReadyAnswers
    metrics: Metrics


def prepare_app(app: Flask, settings: Settings) -> Serving:
    """Wrap `app` for the server that runs it; call it once, in the loop's thread."""
    parts: Parts = app.extensions["orch_next"]
    loop = parts.loop
    socketio = app.extensions.get("socketio")  # an app may be without
    end = partial(_end_polls, socketio)
    serving = Serving(loop, parts.stopping, WebSockets(loop.lock), end)
    ready = partial(parts.ready_answers.around, observe=observe_ready(parts.metrics))
    _offload_views(app, socketio, loop, settings.max_body_bytes, ready)
    _install_websockets(app, socketio, serving.websockets)
    _spare_threads(app)
    behind_proxy(app, settings)
    app.extensions["orch_next_serving"] = serving
    return serving


def _offload_views(
    app: Any, socketio: Any | None, loop: Loop, max_body_bytes: int, ready: Around
) -> None:
    def around(views: WSGIApplication) -> WSGIApplication:
        whole = _without_exits(views)
        is_green = loop.async_mode != "threading"
        return ready(Offloaded(whole, loop, max_body_bytes) if is_green else whole)

    if socketio is None:
        app.wsgi_app = around(app.wsgi_app)
    else:
        wrap_views(socketio, around)


def _without_exits(wsgi_app: WSGIApplication) -> WSGIApplication:
    """Make a view that exits an error: most servers would end, and this client have no answer."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return wsgi_app(environ, start_response)
        except SystemExit as error:
            raise RuntimeError(f"a view raised SystemExit: {error}") from error

    return serve


def _spare_threads(app: Flask) -> None:
    """Leave threads to requests where sockets share them."""
    threads, live = request_threads(), getattr(app.extensions["orch_next"], "live", None)
    if threads is not None and live is not None:
        live.sockets.gate.limit_threads(threads)


def _end_polls(socketio: Any | None) -> None:
    if socketio is not None:
        end_polls(engine_of(socketio))


def _install_websockets(app: Any, socketio: Any | None, websockets: WebSockets) -> None:
    if socketio is not None:
        app.wsgi_app = websockets.around(app.wsgi_app)
        replace_driver(engine_of(socketio), lambda _former: websockets.driver)
