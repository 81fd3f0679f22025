"""The application factory: settings -> board -> app -> live room -> views -> door."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from flask import Flask

from orch_next.blueprints import (
    approvals,
    audit,
    errors,
    events,
    health,
    jobs,
    login,
    metrics,
    milestones,
    observe,
    pages,
    status,
    tasks,
)
from orch_next.blueprints.answers import OrjsonProvider
from orch_next.blueprints.context import Orch
from orch_next.config import Settings, load_settings
from orch_next.core.board import open_board
from orch_next.core.events import Emit
from orch_next.logs import set_up_logging
from orch_next.realtime.room import attach_realtime
from orch_next.security import close_door, identify_socket
from orch_next.sensors.host import HostSensor
from orch_next.sensors.metrics import Gauges, Metrics
from orch_next.sensors.readings import LiveReadings

log = logging.getLogger(__name__)
BLUEPRINTS = (
    pages,
    tasks,
    approvals,
    milestones,
    jobs,
    status,
    audit,
    health,
    events,
    login,
    metrics,
)


def utc_now() -> datetime:
    """Return the time of day, aware and in UTC."""
    return datetime.now(timezone.utc)


def create_app(
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    now: Callable[[], datetime] = utc_now,
    async_mode: str = "threading",
) -> Flask:
    """Build one independent application for the server's mode; it starts nothing.

    Raises `ConfigError` for settings that cannot work.
    """
    chosen = settings if isinstance(settings, Settings) else load_settings(os.environ, settings)
    app = new_flask(chosen)
    orch = make_orch(chosen, now)
    app.extensions["orch_next"] = orch
    attach_live_room(app, orch, chosen, async_mode)
    observe.install(app)
    for module in BLUEPRINTS:
        app.register_blueprint(module.bp)
    errors.install(app)
    close_door(app, chosen)
    return app


def new_flask(settings: Settings) -> Flask:
    """Return a Flask application without views: folders, JSON, size limit."""
    app = Flask(
        "orch_next",
        template_folder=str(shipped_folder("templates")),
        static_folder=str(shipped_folder("static")),
    )
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    return app


def make_orch(settings: Settings, now: Callable[[], datetime]) -> Orch:
    """Open the board and the sensors of one application."""
    listeners: list[Emit] = []
    board = open_board(
        settings.state_folder,
        settings.database,
        governance=settings.governance,
        lock_timeout=settings.lock_timeout_seconds,
        now=now,
        listeners=listeners,
    )
    host = HostSensor(settings.root.anchor, now=now)
    metrics = Metrics()
    listeners.append(metrics.count_change)
    return Orch(settings, board, now, host, metrics, listeners)


def attach_live_room(app: Flask, orch: Orch, settings: Settings, async_mode: str) -> None:
    """Give the app Socket.IO and the hub, and let the board tell them every change."""
    live = attach_realtime(
        app,
        orch.board,
        settings,
        async_mode,
        readings=LiveReadings(orch.board.state, orch.host, orch.now, orch.metrics.note_alerts),
        now=orch.now,
        identify=identify_socket if settings.auth == "token" else None,
    )
    orch.listeners.append(live.offer)
    live.hub.listen(lambda item: orch.metrics.note_event(getattr(item, "payload", {}), orch.now()))
    figures = {"orch_clients_connected": lambda: float(live.sockets.clients + live.hub.streams)}
    orch.metrics.gauges(
        Gauges(orch.board.state, orch.host, settings.moc_root, now=orch.now, live=figures)
    )


def start_background(app: Flask) -> None:
    """Start what runs beside the requests, once per process, and say aloud what does."""
    orch: Orch = app.extensions["orch_next"]
    set_up_logging(orch.settings.log_format, orch.settings.log_level)
    running = app.extensions["orch_realtime"].start(orch.loop, orch.stopping)
    log.info("running in the background: %s", ", ".join(running))


def shipped_folder(name: str) -> Path:
    """Return a folder that comes with us: inside the package in a wheel, else beside it."""
    here = Path(__file__).resolve().parent
    inside = here / name
    return inside if inside.exists() else here.parent / name
