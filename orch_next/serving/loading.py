"""Make the app for the WSGI server that imports `wsgi.py`, or refuse with one clear line."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NoReturn

from flask import Flask

from orch_next.config import Settings, load_settings
from orch_next.errors import ConfigError
from orch_next.security import check_exposure
from orch_next.serving.limits import raise_file_limit
from orch_next.serving.mode import (
    detect_async_mode,
    gunicorn_worker,
    is_preloading,
    use_instead,
)
from orch_next.serving.prepare import prepare_app
from orch_next.serving.stopping import stop_under_gunicorn


def load_app(create_app: Callable[..., Flask], start_background: Callable[[Flask], None]) -> Flask:
    """Return the app, joined to its server, with its background work running.

    Settings come from the environment. A server or settings that cannot work end the start.
    """
    try:
        settings = load_settings(os.environ)
        async_mode = check_server(settings)
        raise_file_limit()
        app = create_app(settings, async_mode=async_mode)
        stop_under_gunicorn(prepare_app(app, settings))
        start_background(app)
    except ConfigError as error:
        _refuse(error)
    return app


def check_server(settings: Settings) -> str:
    """Return the async mode; raise `ConfigError` naming the command to use instead.

    Refused are an open bind without tokens, a worker without sockets, several workers without
    Redis (two lost 20 to 60 % of the events) and an app loaded before the fork.
    """
    if is_preloading():
        raise ConfigError(f"--preload starts background work in the wrong process; {use_instead()}")
    worker = gunicorn_worker()
    if worker is not None:
        _check_worker(worker, settings)
    return detect_async_mode()


def _check_worker(worker: Any, settings: Settings) -> None:
    if worker.cfg.workers > 1 and not settings.redis_url:
        raise ConfigError(
            f"{worker.cfg.workers} workers lose events without Redis; {use_instead()}, "
            "or set ORCH_REDIS_URL"
        )
    # gunicorn's own addresses count, not ORCH_HOST; a path of a Unix socket is local.
    binds = [bind if isinstance(bind, str) else bind[0] for bind in worker.cfg.address]
    check_exposure(settings, [f"unix:{bind}" if "/" in bind else bind for bind in binds])


def _refuse(error: ConfigError) -> NoReturn:
    if gunicorn_worker() is None:
        raise SystemExit(f"orch-next: {error}") from error
    from gunicorn.errors import AppImportError

    # The one exception that gunicorn prints without a traceback and does not retry.
    raise AppImportError(f"orch-next: {error}") from error
