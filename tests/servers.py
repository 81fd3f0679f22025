"""Test tool: a real server process on a free port over a temporary ORCH copy."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.patience import PATIENCE
from tests.stages import STAGES
from tests.warm import CAN_FORK, Forked, warm
from tests.warm import PROJECT as PROJECT

_SERVE = [sys.executable, "-m", "orch_next", "serve", "--port", "{port}", "--async-mode"]
_GUNICORN = [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:{port}", "wsgi:app"]
_WAITRESS = [sys.executable, "-m", "waitress"]
COMMANDS: Mapping[str, Sequence[str]] = {
    "serve": [*_SERVE, "eventlet"],
    "serve-threading": [*_SERVE, "threading"],
    "serve-gevent": [*_SERVE, "gevent"],
    "eventlet": [*_GUNICORN, "-k", "eventlet", "-w", "1"],
    "gthread": [*_GUNICORN, "-k", "gthread", "--threads", "100", "-w", "1"],
    "gevent": [*_GUNICORN, "-k", "gevent", "-w", "1"],
    "waitress": [*_WAITRESS, "--listen=127.0.0.1:{port}", "--threads=50", "wsgi:app"],
}


@dataclass
class Server:
    """A running server: where it listens, its files, its process and what it printed."""

    port: int
    orch_root: Path
    process: subprocess.Popen[bytes] | Forked
    log_path: Path
    ready_seconds: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def get(self, path: str, timeout: float = PATIENCE) -> bytes:
        """Return the body of a GET; `urllib.error.HTTPError` for 4xx and 5xx."""
        with urllib.request.urlopen(self.url + path, timeout=timeout) as answer:
            body: bytes = answer.read()
        return body

    def stop(self, number: int = signal.SIGTERM, patience: float = PATIENCE) -> float:
        """Ask the process to end and return the seconds it took; kill it after `patience`."""
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return time.monotonic() - started


def stop_limit(server: Server) -> float:
    """Return the seconds that a stop may take: 5, and what this machine needs for a start.

    Open streams have 3 s; the rest is work, and that of a start is a multiple of it.
    """
    return 5.0 + server.ready_seconds


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now.

    Not one of the system's own choice: outgoing connections get those, and another test's
    client could take the port before the server does. Each xdist worker of each stage has its
    own range.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    stage = STAGES.index(os.environ.get("PYTEST_STAGE") or STAGES[0])
    while True:
        port = 10_000 + 2_000 * worker + 1_000 * stage + secrets.randbelow(1_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class SilentServer(RuntimeError):
    """The server runs and does not answer; the message tells where its threads stand."""


def wait_until_ready(server: Server, path: str = "/health") -> None:
    """Poll `path` until it answers 200; `RuntimeError` with the log when it never does."""
    started = time.monotonic()
    said: Exception | None = None
    while time.monotonic() - started < PATIENCE:
        if server.process.poll() is not None:
            break
        try:
            server.get(path, timeout=PATIENCE / 10)
        except (OSError, urllib.error.HTTPError) as error:
            said = error
            time.sleep(0.02)
        else:
            server.ready_seconds = time.monotonic() - started
            return
    kind = SilentServer if server.process.poll() is None else RuntimeError
    # Python's fault handler writes where every thread stands into the log.
    server.stop(getattr(signal, "SIGABRT", signal.SIGTERM), 5.0)
    status = server.process.poll()
    raise kind(f"not ready ({said!r}), exit status {status}\n{server.log()}")


def copy_orch(folder: Path, source: Path | None = None) -> Path:
    """Copy an ORCH folder (the sample by default) to `folder`/MOC/ORCH, once, and return it."""
    target = folder / "MOC" / "ORCH"
    if not target.exists():
        shutil.copytree(source or PROJECT / "ORCH", target)
    return target


def start_server(
    folder: Path,
    mode: str = "serve",
    *,
    command: Sequence[str] | None = None,
    env: Mapping[str, str] | None = None,
    source: Path | None = None,
    cwd: Path = PROJECT,
    port: int | None = None,
    plain: bool = False,
) -> Server:
    """Start a server without waiting; `{port}` in the command is replaced by its port.

    `orch-next serve` is forked from a warm process where the system can; `plain` starts it as
    users do.
    """
    root = copy_orch(folder, source)
    port = port or free_port()
    words = [word.replace("{port}", str(port)) for word in command or COMMANDS[mode]]
    log_path = folder / f"server-{port}.log"
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ORCH_", "COV_"))}
    environ = {**clean, "PYTHONPATH": str(PROJECT), "ORCH_ROOT": str(root)}
    environ |= {"PYTHONFAULTHANDLER": "1", **(env or {})}
    if CAN_FORK and not plain and words[1:3] == ["-m", "orch_next"] and cwd == PROJECT:
        return Server(port, root, warm(words[-1]).start(words[3:], environ, log_path), log_path)
    with log_path.open("ab") as log:
        process = subprocess.Popen(words, cwd=cwd, env=environ, stdout=log, stderr=log)
    return Server(port, root, process, log_path)


@contextmanager
def running_server(
    folder: Path,
    mode: str = "serve",
    *,
    command: Sequence[str] | None = None,
    env: Mapping[str, str] | None = None,
    source: Path | None = None,
    cwd: Path = PROJECT,
    port: int | None = None,
    ready_path: str = "/health",
    plain: bool = False,
) -> Iterator[Server]:
    """Run one of `COMMANDS` (or `command`) over a copy of ORCH in `folder`; stop it at the end.

    A second server over the same `folder` shares the ledgers of the first one.
    """

    server = start_server(
        *(folder, mode),
        command=command,
        env=env,
        source=source,
        cwd=cwd,
        port=port,
        plain=plain,
    )
    try:
        # No second try: nothing is known any more that keeps a server silent (offload.py).
        wait_until_ready(server, ready_path)
        yield server
    finally:
        server.stop()
