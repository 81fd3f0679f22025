"""Start an application's background in a process of its own: what belongs to the process."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import threading
from collections.abc import Callable

from orch_next.logs import set_up_logging
from orch_next.runtime import CLOSING_SECONDS, Runtime
from orch_next.serving.hiding import hide_process

log = logging.getLogger(__name__)
# What hangs already is not waited for.
HUNG_SECONDS = 3.0


def start_in_process(runtime: Runtime) -> None:
    """Set the process up, start the runtime in it, and say aloud what runs.

    A process that ends waits until the dispatcher's commands have ended.
    """
    settings = runtime.settings
    set_up_logging(settings.log_format, settings.log_level)
    if settings.auth == "token":
        hide_process()  # a command core of the same user could read our secrets
    arguments = (runtime.stopping, runtime.ended, lambda: bool(runtime.control.hindrance()))
    threading.Thread(target=end_if_hung, args=arguments, name="orch-end", daemon=True).start()
    running = runtime.start()
    atexit.register(lambda: runtime.stopping.is_set() and runtime.ended.wait(CLOSING_SECONDS))
    spare_the_start()
    log.info("running in the background: %s", ", ".join(running))


def spare_the_start() -> None:
    """Let the garbage collector pass over what was made at the start: it lives as long as we do.

    Looking through all of it stalled every client for 50 to 70 ms, now and then.
    """
    gc.collect()
    gc.freeze()


def end_if_hung(
    stopping: threading.Event,
    ended: threading.Event,
    hangs: Callable[[], bool],
    end: Callable[[int], object] = os._exit,
    *,
    seconds: float = HUNG_SECONDS,
) -> None:
    """End a process that stops and whose dispatcher does not; for a thread of its own.

    A thread that waits for a disk cannot be interrupted, and the interpreter would wait for it.
    """
    stopping.wait()
    if not ended.wait(seconds if hangs() else CLOSING_SECONDS):
        log.error("the dispatcher's step did not end: the process ends without it")
        end(1)
