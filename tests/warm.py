"""Test tool: a process per mode that has imported the program once and forks servers from there.

A server's imports cost a second of computing, its start a hundredth of that. What it imports, in
which order and patched how is what `orch-next serve` does; the tests about starting
(test_serving_*, test_cli_serve) start it as users do (`running_server(..., plain=True)`).

Run as a program it takes orders as lines of JSON: `python -m tests.warm MODE`.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
CAN_FORK = hasattr(os, "fork")
MODULES = (
    *("orch_next.cli.serve", "orch_next.serving.embedded", "orch_next.serving.prepare"),
    "orch_next.app",
)
PATIENCE_SECONDS = 60.0


@dataclass
class Forked:
    """A server that was forked: what `subprocess.Popen` offers of it."""

    pid: int
    returncode: int | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def poll(self) -> int | None:
        """Return the exit status, None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status; `subprocess.TimeoutExpired` when it runs on."""
        if not self.ended.wait(timeout):
            raise subprocess.TimeoutExpired(f"server {self.pid}", timeout or 0.0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to it while it runs."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


class Warm:
    """One warm process: it forks servers and tells how they ended."""

    def __init__(self, mode: str) -> None:
        command = [sys.executable, "-m", "tests.warm", mode]
        pipe = subprocess.PIPE
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("ORCH_", "COV_"))}
        environ = {**clean, "PYTHONPATH": str(PROJECT), "PYTHONFAULTHANDLER": "1"}
        self._process = subprocess.Popen(command, cwd=PROJECT, env=environ, stdin=pipe, stdout=pipe)
        self._started: queue.Queue[Forked] = queue.Queue()
        self._running: dict[int, Forked] = {}
        threading.Thread(target=self._listen, daemon=True).start()
        atexit.register(self.close)

    def start(self, words: Sequence[str], environ: Mapping[str, str], log: Path) -> Forked:
        """Fork a process that runs `orch-next` with these words."""
        assert self._process.stdin
        order = {"words": words, "environ": dict(environ), "log": str(log)}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return self._started.get(timeout=PATIENCE_SECONDS)

    def close(self) -> None:
        """End the process; servers that run still end with it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(PATIENCE_SECONDS)

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            what, pid, *status = line.decode().split()
            forked = self._running.setdefault(int(pid), Forked(int(pid)))
            if what == "started":
                self._started.put(forked)
            else:
                forked.returncode = int(status[0])
                forked.ended.set()
                # The system may give the number to another server.
                del self._running[int(pid)]


@cache
def warm(mode: str) -> Warm:
    """Return this process's warm process of a mode, started on first use."""
    return Warm(mode)


def tell(*words: object) -> None:
    """Write a line at once and whole."""
    os.write(1, f"{' '.join(map(str, words))}\n".encode())


def reap(*_: object) -> None:
    """Tell how each child ended that has."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        tell("ended", pid, os.waitstatus_to_exitcode(status))


def fork_servers(orders: Any) -> dict[str, Any] | None:
    """Fork one child for each order; return its order to a child, None to the parent at the end."""
    children: list[int] = []
    for line in orders:
        # A child that ends at once is told of after it was told that it started.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            found: dict[str, Any] = json.loads(line)
            return found
        children.append(pid)
        tell("started", pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    for pid in children:
        _end(pid)
    return None


def _end(pid: int) -> None:
    try:
        if os.waitpid(pid, os.WNOHANG) == (0, 0):
            os.kill(pid, signal.SIGTERM)
    except ChildProcessError:
        return


def become(order: Mapping[str, Any]) -> None:
    """Take a new process's environment, standard input and output."""
    os.environ.clear()
    os.environ.update(order["environ"])
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(log)
    os.close(nothing)


def main(mode: str) -> int:
    """Import what a server imports, then fork servers until standard input ends."""
    from orch_next.serving.patching import patch_for

    patch_for(mode)
    for name in (*MODULES, f"orch_next.serving.run_{mode}"):
        import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, reap)
    order = fork_servers(sys.stdin.buffer)
    if order is None:
        return 0
    become(order)
    # Not before: what is imported first is patched first.
    from orch_next.cli import main as run

    return run(order["words"])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
