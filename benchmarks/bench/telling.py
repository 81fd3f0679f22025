"""Live delivery to 1,000 Socket.IO clients against a bare file event and raw sockets."""

from __future__ import annotations

import multiprocessing
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import watchfiles

from benchmarks.bench.effort import Effort
from benchmarks.bench.table import Found, quantile
from benchmarks.live import PROJECT, clients, collect, edit, running, wait_for_port
from tests.servers import free_port

CLIENTS = 1_000


@contextmanager
def raw_sockets() -> Iterator[int]:
    """Run the raw WebSocket server in a process of its own; give its port."""
    port = free_port()
    line = [sys.executable, "-m", "benchmarks.bench.raw", str(port)]
    with subprocess.Popen(line, cwd=PROJECT) as process:
        try:
            wait_for_port(port)
            yield port
        finally:
            process.kill()


class FileEvents:
    """A bare watcher of a folder in a thread, and when it last saw something."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stop = folder, threading.Event()
        self._seen, self._at = threading.Event(), 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        for _ in watchfiles.watch(self._folder, stop_event=self._stop, debounce=50, step=10):
            self._at = time.time()
            self._seen.set()

    def __enter__(self) -> FileEvents:
        self._thread.start()
        time.sleep(0.5)  # the watch is set up in the thread, and nothing tells when
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def forget(self) -> None:
        """Begin anew."""
        self._seen.clear()

    def since(self, marker: float) -> float:
        """Return the seconds from a moment to the event that followed."""
        if not self._seen.wait(15):
            raise RuntimeError("no file event for 15 s")
        return self._at - marker


def raise_file_limit(wanted: int) -> None:
    """Let this process and its children open so many files; `OSError` when they must not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def measure(effort: Effort) -> Iterator[Found]:
    """Edit the ledger from outside and broadcast, in turns, to 1,000 clients of each server."""
    raise_file_limit(3 * CLIENTS)
    found: dict[str, list[float]] = {"edit": [], "event": [], "ours": [], "raw": []}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "MOC" / "ORCH"
        shutil.copytree(PROJECT / "ORCH", root)
        with (
            running("ours", "eventlet", str(root)) as ours,
            raw_sockets() as raw,
            FileEvents(root / "STATE") as events,
        ):
            mine, theirs = multiprocessing.Pipe()
            process = multiprocessing.Process(target=clients, args=([ours, raw], CLIENTS, theirs))
            process.start()
            mine.recv()
            for turn in range(effort.rounds(40) + 1):
                heard = one_turn(mine, {"ours": ours, "raw": raw}, CLIENTS, root, events)
                for name, values in heard.items() if turn else ():
                    found[name] += values
            mine.send("stop")
            process.join(5)
            process.kill()
    ms = {name: [value * 1000 for value in values] for name, values in found.items()}
    yield Found("outside-p50", quantile(ms["edit"], 0.5), quantile(ms["event"], 0.5))
    yield Found("outside-p95", quantile(ms["edit"], 0.95), quantile(ms["event"], 0.95))
    yield Found("broadcast-p99", quantile(ms["ours"], 0.99), quantile(ms["raw"], 0.99))


def one_turn(
    pipe: Any, ports: dict[str, int], count: int, root: Path, events: FileEvents
) -> dict[str, list[float]]:
    """Return the seconds until everybody heard of one edit and of one broadcast of each."""
    events.forget()
    marker = edit(root)
    heard = {"edit": all_of(pipe, ports["ours"], marker, count), "event": [events.since(marker)]}
    for name, port in ports.items():
        urllib.request.urlopen(f"http://127.0.0.1:{port}/bench", timeout=10).read()
        heard[name] = all_of(pipe, port, None, count)
    return heard


def all_of(pipe: Any, port: int, marker: float | None, count: int) -> list[float]:
    """Return the delays of all clients; `RuntimeError` when one is missing."""
    delays = collect(pipe, port, marker, count)
    if len(delays) != count:
        raise RuntimeError(f"{len(delays)} of {count} clients heard it")
    return delays
