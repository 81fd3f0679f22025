from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orch_next.errors import ConfigError
from orch_next.serving.mode import detect_async_mode, gunicorn_worker, is_preloading
from orch_next.serving.patching import patch_for
from tests.sample import REPOSITORY

pytest.importorskip("gunicorn", reason="gunicorn runs on POSIX systems only")
from gunicorn.workers.base import Worker

PATCHED = """
import json, os, select, socket, subprocess, threading, time, _thread
before = {"socket": socket.socket, "select": select.select, "sleep": time.sleep,
          "thread": _thread.start_new_thread, "lock": threading.Lock, "fork": os.fork,
          "popen": subprocess.Popen, "read": os.read}
from orch_next.serving.patching import patch_for
patch_for(MODE)
after = {"socket": socket.socket, "select": select.select, "sleep": time.sleep,
         "thread": _thread.start_new_thread, "lock": threading.Lock, "fork": os.fork,
         "popen": subprocess.Popen, "read": os.read}
ran = []
if MODE != "threading":
    __import__(MODE).spawn(ran.append, "others run while the loop's thread sleeps")
time.sleep(0.01)
print(json.dumps([sorted(name for name in before if before[name] is not after[name]), ran]))
"""


class FakeWorker(Worker):  # type: ignore[misc]  # gunicorn ships no types
    """Import the app as a worker of gunicorn does: when it answers the signals."""

    def __init__(self, mode: str | None = None) -> None:
        self.async_mode = mode

    def load(self) -> str:
        with answering(self):
            return detect_async_mode()

    def find(self) -> object:
        with answering(self):
            return gunicorn_worker()


@contextmanager
def answering(worker: Worker) -> Iterator[None]:
    former = signal.signal(signal.SIGWINCH, worker.handle_winch)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, former)


def named(module: str, name: str) -> FakeWorker:
    kind = type(name, (FakeWorker,), {"__module__": module})
    worker: FakeWorker = kind()
    return worker


@pytest.mark.parametrize("mode", ["eventlet", "gevent"])
def test_our_workers_say_their_mode(mode: str) -> None:
    worker = FakeWorker(mode)
    assert (worker.load(), worker.find()) == (mode, worker)


def test_threads_serve_under_gthread() -> None:
    assert named("gunicorn.workers.gthread", "ThreadWorker").load() == "threading"


def test_without_gunicorn_the_patches_tell_the_mode() -> None:
    assert (gunicorn_worker(), detect_async_mode(), is_preloading()) == (None, "threading", False)


@pytest.mark.parametrize(
    ("module", "name", "reason"),
    [
        (
            *("gunicorn.workers.sync", "SyncWorker"),
            "gunicorn's SyncWorker serves no Socket.IO; use: gunicorn -k eventlet -w 1 wsgi:app or "
            "gunicorn -k gthread --threads 100 -w 1 wsgi:app or gunicorn -k gevent -w 1 wsgi:app",
        ),
        (
            *("gunicorn.workers.ggevent", "GeventWorker"),
            "gunicorn's own gevent worker patches the locks that our threads share; "
            "use: gunicorn -k orch_next.serving.GeventWorker -w 1 wsgi:app",
        ),
    ],
)
def test_workers_that_cannot_serve_are_refused(module: str, name: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        named(module, name).load()
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("mode", "patched"),
    [
        ("eventlet", ["select", "sleep", "socket"]),
        ("gevent", ["select", "sleep", "socket"]),
        ("threading", []),
    ],
)
def test_what_waits_is_patched_and_threads_and_processes_never(
    mode: str, patched: list[str]
) -> None:
    if mode == "gevent":
        pytest.importorskip("gevent", reason="gevent is an extra")
    code = PATCHED.replace("MODE", repr(mode))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, check=True, timeout=60
    )
    others = ["others run while the loop's thread sleeps"] if patched else []
    assert json.loads(done.stdout) == [patched, others]


def test_another_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be eventlet, threading or gevent, not 'asyncio'"):
        patch_for("asyncio")
