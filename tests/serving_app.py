"""A small app with streams and slow views, for tests of the servers alone."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from flask_socketio import SocketIO

from orch_next.clock import utc_now
from orch_next.config import Settings
from orch_next.events import EventBus
from orch_next.offload import make_loop
from orch_next.ready import ReadyAnswers
from orch_next.sensors.metrics import Metrics
from orch_next.serving import detect_async_mode, load_app

bp = Blueprint("small", __name__)


def create_app(settings: Settings, *, async_mode: str) -> Flask:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    socketio = SocketIO(app, async_mode=async_mode)
    socketio.on_event("ask", lambda data: data)
    app.extensions["orch_next"] = SimpleNamespace(
        stopping=threading.Event(),
        loop=make_loop(async_mode),
        socketio=socketio,
        ready_answers=ReadyAnswers(),
        metrics=Metrics(EventBus(), utc_now),
        lock=threading.Lock(),
        gate=threading.Event(),
        held=[],
    )
    app.register_blueprint(bp)
    return app


def start_background(_app: Flask) -> None:
    """Nothing runs beside this app."""


def load() -> Flask:
    return load_app(create_app, start_background)


def orch() -> Any:
    return current_app.extensions["orch_next"]


def wait_for(waiting: Any, seconds: float) -> None:
    try:
        waiting.get(timeout=seconds)
    except queue.Empty:
        return


@bp.get("/health")
def health() -> dict[str, str]:
    return {"mode": detect_async_mode()}


@bp.get("/held")
def held() -> str:
    """Hold a real lock in a real wait, as SQLite and `flock` do, until `/free`."""
    here = orch()
    here.held.append(1)
    with here.lock:
        here.gate.wait()
    return ""


@bp.get("/holding")
def holding() -> dict[str, int]:
    return {"held": len(orch().held)}


@bp.post("/free")
def free() -> str:
    orch().gate.set()
    return ""


@bp.post("/echo")
def echo() -> bytes:
    return request.get_data()


@bp.get("/exit")
def leave() -> str:
    """Do what a library may do that is a program as well."""
    raise SystemExit("用済み")


@bp.get("/where")
def where() -> dict[str, str | None]:
    return {"url": request.url, "root": request.root_path, "client": request.remote_addr}


@bp.get("/stream")
def stream() -> Response:
    """Send until the server stops."""
    here, log = orch(), current_app.logger

    def lines() -> Iterator[str]:
        waiting = here.loop.queue()
        try:
            while not here.stopping.is_set():
                yield "data: 拍\n\n"
                wait_for(waiting, 0.2)
        finally:
            log.warning("stream closed")

    return Response(lines(), mimetype="text/event-stream")


@bp.get("/first")
def first() -> Response:
    """Send one event and nothing more until the server stops."""
    here = orch()

    def lines() -> Iterator[str]:
        waiting = here.loop.queue()
        yield "data: 拍\n\n"
        while not here.stopping.is_set():
            wait_for(waiting, 0.2)

    return Response(lines(), mimetype="text/event-stream")


@bp.get("/stuck")
def stuck() -> Response:
    """Never look whether the server stops."""
    here, log = orch(), current_app.logger

    def lines() -> Iterator[str]:
        try:
            yield "data: 拍\n\n"
            wait_for(here.loop.queue(), 600.0)
        finally:
            log.warning("stuck stream closed")

    return Response(lines(), mimetype="text/event-stream")


@bp.post("/broadcast")
def broadcast() -> str:
    here, payload = orch(), request.get_json()
    here.loop.post(lambda: here.socketio.emit("news", payload))
    return ""
