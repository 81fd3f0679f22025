"""Start what runs beside the requests of one process; nothing else starts a thread."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from flask import Flask

from orch_next.blueprints.context import Orch
from orch_next.dispatcher import monitor_loop
from orch_next.errors import BusyError, ConfigError, DatabaseError
from orch_next.logs import set_up_logging
from orch_next.realtime.room import Realtime
from orch_next.serving.hiding import hide_process
from orch_next.storage.database import OWN_NAME
from orch_next.storage.private import close_to_others, may_write

log = logging.getLogger(__name__)
# The dispatcher stops its commands within 10 s and writes down how they ended.
CLOSING_SECONDS = 12.0
DOCTOR = "run: orch-next doctor"
# What hangs already is not waited for.
HUNG_SECONDS = 3.0


def start_background(app: Flask) -> None:
    """Start what runs beside the requests, once per process, and say aloud what does."""
    orch: Orch = app.extensions["orch_next"]
    set_up_logging(orch.settings.log_format, orch.settings.log_level)
    if orch.settings.auth == "token":
        hide_process()  # a command core of the same user could read our secrets
    root = orch.settings.root
    close_to_others(private_places(root))
    open_journal(orch)
    warn_of_state(root / "STATE")
    start_pulse(orch)
    orch.station.is_mine = orch.inspector.is_mine = app.extensions["orch_realtime"].owner.is_mine
    running = app.extensions["orch_realtime"].start(orch.loop, orch.stopping)
    if orch.notifier is not None:
        notify = orch.notifier.run
        threading.Thread(
            target=notify, args=(orch.stopping,), name="orch-notify", daemon=True
        ).start()
        running.append("webhook out")
    orch.inspector.start(orch.stopping, orch.settings.rules_interval_seconds)
    orch.knowledge.start(orch.stopping)
    running += ["rules", "knowledge"]
    start_dispatcher(app.extensions["orch_realtime"], orch)
    running.append("dispatcher")
    spare_the_start()
    log.info("running in the background: %s", ", ".join(running))


def start_pulse(orch: Orch) -> None:
    """Look at ledgers and host in a thread of its own, and store what waits in the spool."""
    orch.pulse.beat()
    work = (orch.stopping, orch.board.journal.catch_up)
    threading.Thread(target=orch.pulse.run, args=work, name="orch-pulse", daemon=True).start()


def open_journal(orch: Orch) -> None:
    """Open the journal, or leave it to the spool; raise ConfigError where it can be neither."""
    journal = orch.board.journal
    try:
        journal.open()
    except DatabaseError as error:
        if error.lasting:
            raise ConfigError(f"nothing can be recorded: {told(error)}") from error
        try:
            journal.ready()
        except BusyError as refused:
            raise ConfigError(f"nothing can be recorded: {refused}; {DOCTOR}") from refused
        log.warning("%s; changes are kept in the journal's spool until it answers", error.reason)


def told(error: DatabaseError) -> str:
    """Return the reason with the command to run."""
    return error.reason if "run: " in error.reason else f"{error.reason}; {DOCTOR}"


def private_places(root: Path) -> Iterator[Path]:
    """Yield what beside and below the ORCH folder only the server's user has to read."""
    data = root.parent / "data"
    yield data
    for pattern in (f"{OWN_NAME}*", "*.key", "*.jsonl", "*.json"):
        yield from data.glob(pattern)
    jobs = root / "LOGS" / "jobs"
    yield jobs
    yield from jobs.glob("**/*")


def warn_of_state(state_folder: Path) -> None:
    """Say at the start that nobody can change anything, rather than at each change."""
    if not may_write(state_folder, *state_folder.glob("*.md"), *state_folder.glob(".*.lock")):
        log.warning("STATE cannot be written by this user: every change will be refused")


def spare_the_start() -> None:
    """Let the garbage collector pass over what was made at the start: it lives as long as we do.

    Looking through all of it stalled every client for 50 to 70 ms, now and then.
    """
    gc.collect()
    gc.freeze()


def start_dispatcher(live: Realtime, orch: Orch) -> None:
    """Run the dispatcher's loop; a process that ends waits until its commands have ended."""
    ended = threading.Event()
    end = partial(end_if_hung, orch.stopping, ended, lambda: bool(orch.control.hindrance()))
    threading.Thread(target=end, name="orch-end", daemon=True).start()

    def work() -> None:
        monitor_loop(orch.control, stopping=orch.stopping.is_set)
        ended.set()

    # The task waits in the server's loop; files, locks and commands are for a real thread.
    live.socketio.start_background_task(orch.loop.run_blocking, work)
    atexit.register(lambda: orch.stopping.is_set() and ended.wait(CLOSING_SECONDS))


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
