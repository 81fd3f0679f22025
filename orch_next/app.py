"""The application factory: settings -> runtime -> views -> door; starts nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import CodeType
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from orch_next.blueprints import (
    agents,
    approvals,
    audit,
    callbacks,
    custom,
    debug,
    dispatch,
    errors,
    events,
    evidence,
    export,
    git,
    health,
    jobs,
    knowledge,
    language,
    ledgers,
    login,
    metrics,
    milestones,
    ml,
    monitoring,
    observe,
    pages,
    quality,
    rules,
    security_routes,
    static_files,
    stats,
    status,
    system,
    tasks,
    undo,
    visualizer,
    work,
)
from orch_next.blueprints.answers import OrjsonProvider
from orch_next.blueprints.door_notes import recorder
from orch_next.clock import utc_now
from orch_next.config import Settings, load_settings
from orch_next.internals import SharedRule
from orch_next.offload import make_loop
from orch_next.realtime.sockets import make_socketio
from orch_next.runtime import Door, build_runtime
from orch_next.security import Identity, close_door, door_identities, identify_socket
from orch_next.serving.starting import start_in_process

__all__ = ["create_app", "shipped_folder", "start_background"]

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
    agents,
    callbacks,
    dispatch,
    quality,
    system,
    monitoring,
    git,
    work,
    debug,
    visualizer,
    rules,
    security_routes,
    undo,
    export,
    evidence,
    ledgers,
    stats,
    knowledge,
    ml,
)


class CompiledTemplates(BytecodeCache):
    """Jinja's code of each template's latest text, for all applications of one process."""

    def __init__(self) -> None:
        self._code: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket if its template was compiled as it is now."""
        checksum, code = self._code.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what a template was compiled to."""
        if bucket.code is not None:
            self._code[bucket.key] = (bucket.checksum, bucket.code)


class OrchFlask(Flask):
    """Flask whose URL rules and templates are compiled once in a process."""

    url_rule_class = SharedRule
    jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledTemplates()}  # noqa: RUF012


def create_app(
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    now: Callable[[], datetime] = utc_now,
    async_mode: str = "threading",
) -> Flask:
    """Build one independent application for the server's mode, in the thread of its loop.

    It starts nothing but the loop's own threads. Raises `ConfigError` for settings that
    cannot work.
    """
    chosen = settings if isinstance(settings, Settings) else load_settings(os.environ, settings)
    app = new_flask(chosen)
    loop = make_loop(async_mode)
    socketio = make_socketio(app, async_mode, chosen.redis_url)
    runtime = build_runtime(chosen, socketio, loop, now=now, door=door_of(app, chosen))
    app.extensions["orch_next"] = runtime
    observe.install(app)
    for module in BLUEPRINTS:
        app.register_blueprint(module.bp)
    errors.install(app)
    language.install(app)
    static_files.install(app)
    custom.install(app, chosen)
    close_door(app, chosen, recorder(app))
    return app


def start_background(app: Flask) -> None:
    """Start what runs beside the requests, once per process, and say aloud what does."""
    start_in_process(app.extensions["orch_next"])


def door_of(app: Flask, settings: Settings) -> Door:
    """Return who may open sockets; the door itself is closed last, around everything."""

    def is_standing(identity: Identity) -> bool:
        identities = door_identities(app)
        return identities is None or identities.is_standing(identity)

    return Door(identify_socket, is_standing) if settings.auth == "token" else Door()


def new_flask(settings: Settings) -> Flask:
    """Return a Flask application without views: folders, JSON, size limit."""
    app = OrchFlask(
        "orch_next",
        template_folder=str(shipped_folder("templates")),
        static_folder=str(shipped_folder("static")),
    )
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    return app


def shipped_folder(name: str) -> Path:
    """Return a folder that comes with us: inside the package in a wheel, else beside it."""
    here = Path(__file__).resolve().parent
    inside = here / name
    return inside if inside.exists() else here.parent / name
