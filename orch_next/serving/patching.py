"""Monkey-patching for the green modes: sockets, select and time, but never threads.

Application code runs in real threads (`orch_next.offload`), so its locks must be real ones: a
patched lock that two threads share hangs now and then. Processes are started from those
threads too, so `os` and `subprocess` stay real as well. `time.sleep` is green in the loop's
thread only: in another it would need a hub, which is two file descriptors for each thread.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, SupportsIndex

from orch_next.errors import ConfigError
from orch_next.serving.limits import THREAD_PAUSE_SECONDS

log = logging.getLogger(__name__)
_NO_FILES = tuple(os.strerror(code) for code in (errno.EMFILE, errno.ENFILE))


def patch_for(async_mode: str) -> None:
    """Patch the standard library for `async_mode`; `ConfigError` when it is not installed."""
    if async_mode == "eventlet":
        patch_eventlet()
    elif async_mode == "gevent":
        patch_gevent()
    elif async_mode != "threading":
        raise ConfigError(f"async mode must be eventlet, threading or gevent, not {async_mode!r}")


def patch_eventlet() -> None:
    """Let sockets, select and the loop's sleep wait in eventlet's hub."""
    import eventlet

    with _threads_sleep_really():
        eventlet.monkey_patch(socket=True, select=True, time=True)


def patch_gevent() -> None:
    """Let sockets, select and the loop's sleep wait in gevent's hub."""
    try:
        import gevent
        from gevent import monkey
    except ImportError as error:
        raise ConfigError("gevent is not installed; pip install 'orch-next[all]'") from error
    real_sleep = time.sleep
    with _threads_sleep_really():
        monkey.patch_time()
    monkey.patch_socket()
    monkey.patch_select()
    monkey.patch_ssl()
    _let_threads_wait_for_files(gevent.get_hub(), real_sleep)


@contextmanager
def _threads_sleep_really() -> Iterator[None]:
    home, real = threading.get_ident(), time.sleep
    yield
    green = time.sleep

    def sleep(seconds: float | SupportsIndex) -> None:
        (green if threading.get_ident() == home else real)(seconds)

    time.sleep = sleep


def _let_threads_wait_for_files(hub: Any, pause: Callable[[float], object]) -> None:
    """Let a thread that finds no file descriptor for a hub of its own try again, and say so.

    A socket in a real thread makes such a hub. libev tells the first hub when that fails, whose
    own answer, an exception in another thread, makes libev abort the whole process.
    """
    home, former = threading.get_ident(), hub.handle_error

    def handle_error(context: Any, kind: Any, value: Any, traceback: Any) -> None:
        if threading.get_ident() == home or not str(value).endswith(_NO_FILES):
            former(context, kind, value, traceback)
            return
        log.warning("a thread waits for a free file descriptor: %s", value)
        pause(THREAD_PAUSE_SECONDS)

    hub.handle_error = handle_error
