"""Monkey-patching for the green modes: sockets, select and time, but never threads.

Application code runs in real threads (`orch_next.offload`), so its locks must be real ones: a
patched lock that two threads share hangs now and then. Processes are started from those
threads too, so `os` and `subprocess` stay real as well.
"""

from __future__ import annotations

from orch_next.errors import ConfigError


def patch_for(async_mode: str) -> None:
    """Patch the standard library for `async_mode`; `ConfigError` when it is not installed."""
    if async_mode == "eventlet":
        patch_eventlet()
    elif async_mode == "gevent":
        patch_gevent()
    elif async_mode != "threading":
        raise ConfigError(f"async mode must be eventlet, threading or gevent, not {async_mode!r}")


def patch_eventlet() -> None:
    """Let sockets, select and sleep wait in eventlet's hub."""
    import eventlet

    eventlet.monkey_patch(socket=True, select=True, time=True)


def patch_gevent() -> None:
    """Let sockets, select and sleep wait in gevent's hub."""
    try:
        from gevent import monkey
    except ImportError as error:
        raise ConfigError("gevent is not installed; pip install 'orch-next[all]'") from error
    monkey.patch_time()
    monkey.patch_socket()
    monkey.patch_select()
    monkey.patch_ssl()
