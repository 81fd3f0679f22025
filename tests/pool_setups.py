"""Set the pool of real threads up in bare processes; count those that answer.

Each is a fork of one small process that has imported the loop's library and no more, and asks
while another thread imports modules, as at a server's start.
"""

from __future__ import annotations

import importlib
import os
import signal
import threading
import time

from orch_next.offload import make_loop
from orch_next.serving.patching import patch_for

PATIENCE_SECONDS = 60.0
CALLS = 5
_IMPORTED = ("colorsys", "sched", "stringprep", "plistlib")


def answered(mode: str, count: int) -> int:
    """Return how many of `count` processes got every answer, each from a real thread."""
    importlib.import_module(mode)
    return sum(_fork(mode) for _ in range(count))


def _fork(mode: str) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if _ask(mode) else 1)
        finally:
            os._exit(2)
    return _wait(child)


def _ask(mode: str) -> bool:
    if mode == "eventlet":
        importlib.import_module("eventlet.hubs").use_hub()
    patch_for(mode)
    home = threading.get_native_id()
    loop = make_loop(mode)
    threading.Thread(target=_import, daemon=True).start()
    return home not in {loop.run_blocking(threading.get_native_id) for _ in range(CALLS)}


def _import() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)


def _wait(child: int) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.0005)
