"""The embedded server of `orch-next serve`."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable
from importlib import import_module

from orch_next.config import Settings
from orch_next.errors import ConfigError
from orch_next.serving.limits import raise_file_limit
from orch_next.serving.patching import patch_for

_BACKLOG = 1024


def serve(
    settings: Settings,
    async_mode: str = "eventlet",
    *,
    announce: Callable[[str], object] = sys.stdout.write,
    app_module: str = "orch_next.app",
) -> int:
    """Serve until SIGINT or SIGTERM and return 0; `announce` gets a line with the URL.

    The module's `create_app` and `start_background` make the app; it is imported after patching.

    Raises `ConfigError` for a taken port, an unknown mode, or settings that cannot work.
    """
    patch_for(async_mode)
    raise_file_limit()
    listener = bind(settings.host, settings.port)
    # The app and its libraries are loaded after patching.
    from orch_next.serving.prepare import prepare_app

    module = import_module(app_module)
    app = module.create_app(settings, async_mode=async_mode)
    serving = prepare_app(app, settings)
    module.start_background(app)
    run = import_module(f"orch_next.serving.run_{async_mode}").run
    stop = _stop_on_signals()
    announce(f"ORCH-Next ({async_mode}): {_url(listener)}{settings.url_prefix}/\n")
    sys.stdout.flush()
    run(listener, app, serving, stop)
    return 0


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise `ConfigError` when the address is not to be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        # On Windows SO_REUSEADDR would take the port from a server that has it.
        reuse = "SO_EXCLUSIVEADDRUSE" if sys.platform == "win32" else "SO_REUSEADDR"
        listener.setsockopt(socket.SOL_SOCKET, getattr(socket, reuse), 1)
        # Connections inherit it; without it every small answer waits 40 ms for an ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host} port {port}: {error.strerror or error}; "
            "choose another with --port or ORCH_PORT"
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop
