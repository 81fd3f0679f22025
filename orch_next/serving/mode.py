"""Which server runs this process: the async mode follows it and nothing else."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from orch_next.errors import ConfigError

COMMANDS = (
    "gunicorn -k eventlet -w 1 wsgi:app",
    "gunicorn -k gthread --threads 100 -w 1 wsgi:app",
    "gunicorn -k gevent -w 1 wsgi:app",
)


def detect_async_mode() -> str:
    """Return "eventlet", "gevent" or "threading", as the running server needs it.

    Raises `ConfigError` for a gunicorn worker that cannot serve Socket.IO or our loop.
    """
    worker = gunicorn_worker()
    return _patched_mode() if worker is None else _worker_mode(worker)


def gunicorn_worker() -> Any | None:
    """Return the gunicorn worker that serves in this process, or None.

    gunicorn hands it to no app, but it answers the process's signals before it imports one.
    """
    kind = getattr(sys.modules.get("gunicorn.workers.base"), "Worker", None)
    if kind is None:
        return None
    answering = (getattr(signal.getsignal(one), "__self__", None) for one in signal.valid_signals())
    return next((one for one in answering if isinstance(one, kind)), None)


def request_threads() -> int | None:
    """Return how many threads serve requests; None: each connection gets its own."""
    worker = gunicorn_worker()
    is_threaded = worker is not None and type(worker).__module__ == "gunicorn.workers.gthread"
    return int(worker.cfg.threads) if worker is not None and is_threaded else None


def use_instead() -> str:
    """Return the commands that work, for a message that refuses another one."""
    return f"use: {' or '.join(COMMANDS)}"


def _worker_mode(worker: Any) -> str:
    mode = getattr(worker, "async_mode", None)
    if mode is not None:
        return str(mode)
    if type(worker).__module__ == "gunicorn.workers.gthread":
        return "threading"
    if type(worker).__module__ == "gunicorn.workers.ggevent":
        raise ConfigError(
            "gunicorn's own gevent worker patches the locks that our threads share; "
            "use: gunicorn -k orch_next.serving.GeventWorker -w 1 wsgi:app"
        )
    raise ConfigError(f"gunicorn's {type(worker).__name__} serves no Socket.IO; {use_instead()}")


def _patched_mode() -> str:
    eventlet = sys.modules.get("eventlet.patcher")
    if eventlet is not None and eventlet.is_monkey_patched("socket"):
        return "eventlet"
    gevent = sys.modules.get("gevent.monkey")
    if gevent is not None and gevent.is_module_patched("socket"):
        return "gevent"
    return "threading"


def is_preloading() -> bool:
    """Tell whether gunicorn's master imports the app, before it forks its workers."""
    is_gunicorn = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn/")
    # A program that a worker started has the variable as well, but not the module.
    return is_gunicorn and "gunicorn.arbiter" in sys.modules and gunicorn_worker() is None
