"""What a border of a green mode does in its bad hours; prints one JSON object.

Run `python -m tests.offload_program eventlet ours`, in a process of its own.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
import threading
import traceback
import weakref
from _queue import SimpleQueue  # no library patches this one
from collections.abc import Callable
from functools import partial
from typing import Any

from greenlet import GreenletExit

from orch_next.offload import REAL_THREADS, make_loop
from orch_next.serving.patching import patch_for

ERRORS = (
    LookupError("課題"),
    StopIteration("終"),
    SystemExit(3),
    KeyboardInterrupt(),
    GeneratorExit(),
    GreenletExit("止"),
)
WAITERS, ORDERED, POSTS = 20, 100, 3000


class Thing:
    """A result that can be watched."""


class Trial:
    """One loop and what is tried with it."""

    def __init__(self, mode: str) -> None:
        self.green: Any = importlib.import_module(mode)
        self.home = threading.get_native_id()
        self.loop = make_loop(mode)

    def errors(self) -> list[list[str]]:
        """Return what the caller of failing work sees: the error and where it was raised."""
        return [self.error(error) for error in ERRORS]

    def error(self, error: BaseException) -> list[str]:
        def fail() -> None:
            raise error

        try:
            self.loop.run_blocking(fail)
        except BaseException as found:  # noqa: BLE001 - they are what is tried
            return [repr(found), traceback.extract_tb(found.__traceback__)[-1].name]
        return []

    def elsewhere(self) -> bool:
        """Tell whether work leaves the loop's thread while another thread imports."""
        held: SimpleQueue[bool] = SimpleQueue()
        done: SimpleQueue[bool] = SimpleQueue()
        holder = self.green.spawn(self.loop.run_blocking, lambda: hold_imports(held, done))
        self.until(lambda: not held.empty())
        where = self.loop.run_blocking(threading.get_native_id)
        done.put(True)
        self.until_dead([holder])
        return where != self.home

    def given_up(self) -> dict[str, int]:
        """Kill some that wait and let others time out; count answers after it and what leaked."""
        gate: SimpleQueue[bool] = SimpleQueue()
        made: list[weakref.ref[Thing]] = []

        def work() -> Thing:
            gate.get()
            thing = Thing()
            made.append(weakref.ref(thing))
            return thing

        killed = [self.green.spawn(self.loop.run_blocking, work) for _ in range(WAITERS)]
        late = [self.green.spawn(self.time_out, work) for _ in range(WAITERS)]
        self.green.sleep(0.05)
        for waiter in killed:
            waiter.kill()
        self.until_dead([*killed, *late])
        for _ in range(2 * WAITERS):
            gate.put(True)
        self.until(lambda: len(made) == 2 * WAITERS)
        answers = sum(self.loop.run_blocking(lambda: 1) for _ in range(2 * REAL_THREADS))
        del killed, late, waiter  # they hold what they waited for
        gc.collect()
        return {"answers": answers, "leaked": sum(thing() is not None for thing in made)}

    def time_out(self, work: Callable[[], object]) -> None:
        with self.green.Timeout(0.05, False):
            self.loop.run_blocking(work)

    def in_order(self) -> bool:
        """Tell whether one free thread does what waits in the order it came."""
        gate: SimpleQueue[bool] = SimpleQueue()
        for _ in range(REAL_THREADS):
            self.green.spawn(self.loop.run_blocking, gate.get)
        self.green.sleep(0)
        seen: list[int] = []
        for n in range(ORDERED):
            self.green.spawn(self.loop.run_blocking, partial(seen.append, n))
        self.green.sleep(0)
        gate.put(True)
        self.until(lambda: len(seen) == ORDERED)
        for _ in range(REAL_THREADS - 1):
            gate.put(True)
        return seen == [*range(ORDERED)]

    def posts_to_a_busy_loop(self) -> bool:
        """Post more than the wake-up pipe holds while the loop does not listen."""
        feed, posted = self.loop.queue(), SimpleQueue[bool]()

        def post_all() -> None:
            for n in range(POSTS):
                self.loop.post(partial(feed.put, n))
            posted.put(True)

        self.green.spawn(self.loop.run_blocking, post_all)
        self.green.sleep(0)
        posted.get()  # blocks the loop
        return [feed.get(timeout=10) for _ in range(POSTS)] == [*range(POSTS)]

    def until_dead(self, waiters: list[Any]) -> None:
        self.until(lambda: all(waiter.dead for waiter in waiters))

    def until(self, true: Callable[[], bool]) -> None:
        with self.green.Timeout(30):
            while not true():
                self.green.sleep(0.001)


def hold_imports(held: SimpleQueue[bool], done: SimpleQueue[bool]) -> None:
    """Hold the lock that every import takes for a moment."""
    lock = importlib.import_module("_imp")
    lock.acquire_lock()
    held.put(True)
    done.get()
    lock.release_lock()


def patch(mode: str, what: str) -> None:
    """Patch what our servers patch, or everything with the threads, as some programs do."""
    if what == "ours":
        patch_for(mode)
    elif mode == "eventlet":
        importlib.import_module("eventlet").monkey_patch()
    else:
        importlib.import_module("gevent.monkey").patch_all()


def main(mode: str, patched: str) -> None:
    """Try everything and print what was seen."""
    patch(mode, patched)
    trial = Trial(mode)
    seen = {
        "errors": trial.errors(),
        "elsewhere": trial.elsewhere(),
        "given_up": trial.given_up(),
        "in_order": trial.in_order(),
        "posts": trial.posts_to_a_busy_loop(),
        "tpool": "eventlet.tpool" in sys.modules,
    }
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
