"""Measure live delivery: outside edit to client, and broadcast against bare Flask-SocketIO.

Run `python benchmarks/live.py [--clients 100 500 1000] [--mode eventlet] [--edits 20]`.
Both servers run side by side and are asked by turns; times are milliseconds. Clients are raw
WebSockets in one process of their own, so a figure holds the client's share of the machine.
"""

from __future__ import annotations

import argparse
import base64
import json
import multiprocessing
import os
import re
import resource
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

PAYLOAD = {"id": "005", "kind": "task", "rev": "46ac626f8e153e14", "title": "自動テストの整備" * 3}


# --- the two servers -------------------------------------------------------------------


def serve_ours(mode: str, port: int, root: str) -> None:
    """Run the application, with a route that tells one event to every client."""
    import_module("orch_next.serving.patching").patch_for(mode)
    from orch_next.app import create_app, start_background
    from orch_next.config import load_settings
    from orch_next.realtime.events import Event
    from orch_next.serving.embedded import bind
    from orch_next.serving.prepare import prepare_app

    settings = load_settings({}, {"root": root, "port": port})
    app = create_app(settings, async_mode=mode)
    live = app.extensions["orch_next"].live
    serving = prepare_app(app, settings)

    @app.get("/bench")
    def bench() -> str:
        def tell() -> None:
            live.sockets.tell(Event(0, "bench", {"t": time.time(), **PAYLOAD}))

        serving.loop.post(tell)
        return "ok"

    start_background(app)
    import threading

    run = import_module(f"orch_next.serving.run_{mode}").run
    run(bind("127.0.0.1", port), app, serving, threading.Event())


def serve_bare(mode: str, port: int) -> None:
    """Run bare Flask-SocketIO as its documentation says."""
    if mode == "eventlet":
        import_module("eventlet").monkey_patch()
    elif mode == "gevent":
        import_module("gevent.monkey").patch_all()
    from flask import Flask
    from flask_socketio import SocketIO

    app = Flask(__name__)
    socketio = SocketIO(app, async_mode=mode, cors_allowed_origins="*")
    socketio.on_event("connect", lambda *_: None)

    @app.get("/bench")
    def bench() -> str:
        socketio.emit("bench", {"t": time.time(), **PAYLOAD})
        return "ok"

    socketio.run(app, "127.0.0.1", port, allow_unsafe_werkzeug=True)


@contextmanager
def running(kind: str, mode: str, root: str) -> Iterator[int]:
    """Start one of the two servers in a process of its own; give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, __file__, "--serve", kind, "--mode", mode, "--port", str(port)]
    with subprocess.Popen([*words, "--root", root], stderr=subprocess.DEVNULL) as process:
        try:
            wait_for_port(port)
            yield port
        finally:
            process.kill()


def wait_for_port(port: int) -> None:
    """Return when something listens; give up after 20 s."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("the server did not start")


# --- the clients -----------------------------------------------------------------------


def connect(port: int) -> socket.socket:
    """Open a WebSocket and join the default namespace."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=30)
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    )
    sock.sendall(head.encode())
    read_until(sock, b"\r\n\r\n")  # what is sent before the answer may be lost
    send(sock, "40")
    read_until(sock, b'40{"sid"')
    sock.setblocking(False)
    return sock


def read_until(sock: socket.socket, mark: bytes) -> None:
    """Read and forget everything up to a mark."""
    seen = b""
    while mark not in seen:
        piece = sock.recv(4096)
        if not piece:
            raise SystemExit("the server closed a connection")
        seen += piece


def send(sock: socket.socket, text: str) -> None:
    """Send a short text frame, masked with zeros."""
    sock.sendall(b"\x81" + bytes([0x80 | len(text)]) + bytes(4) + text.encode())


def clients(ports: list[int], count: int, pipe: Any) -> None:
    """Hold `count` clients on each port; report (port, marker, second) of what each hears."""
    selector = selectors.DefaultSelector()
    for port in ports:
        for _ in range(count):
            selector.register(connect(port), selectors.EVENT_READ, port)
    pipe.send("ready")
    marker = re.compile(rb'(?:"t":|m)([0-9]{10}\.[0-9]+)')
    while not pipe.poll():
        found = []
        for key, _ in selector.select(0.05):
            data = key.fileobj.recv(65536)  # type: ignore[union-attr]
            at = time.time()
            if b"\x81\x012" in data:  # a ping, alone or beside an event
                send(key.fileobj, "3")  # type: ignore[arg-type]
            if not data:
                raise SystemExit("a server closed a connection")
            found += [(key.data, float(text), at) for text in marker.findall(data)]
        if found:
            pipe.send(found)


# --- the measures ----------------------------------------------------------------------


def percentiles(values: list[float]) -> str:
    """Return p50, p95, p99 and the highest, in milliseconds."""
    values = sorted(value * 1000 for value in values) or [float("nan")]
    cuts = [values[min(len(values) - 1, int(len(values) * q))] for q in (0.5, 0.95, 0.99)]
    return " ".join(f"{value:7.1f}" for value in (*cuts, values[-1]))


def collect(pipe: Any, port: int, marker: float | None, count: int) -> list[float]:
    """Wait until `count` clients of `port` heard the marker; return delays in seconds."""
    delays: list[float] = []
    deadline = time.monotonic() + 15
    while len(delays) < count and time.monotonic() < deadline:
        if pipe.poll(0.1):
            delays += [
                at - sent
                for heard, sent, at in pipe.recv()
                if heard == port and (marker is None or sent == marker)
            ]
    if len(delays) != count:
        print(f"  {len(delays)} of {count} arrived", file=sys.stderr)
    return delays


def edit(root: Path) -> float:
    """Set a task's notes to the present second, from outside; return that number."""
    path = root / "STATE" / "TASKS.md"
    marker = round(time.time(), 6)
    text = path.read_bytes().decode()
    changed = re.sub(r"^(\| 005 \|.*\| )[^|]*( \|)", rf"\g<1>m{marker}\2", text, flags=re.M)
    temporary = path.with_suffix(".new")
    temporary.write_bytes(changed.encode())
    temporary.replace(path)
    return marker


def measure(mode: str, count: int, edits: int, broadcasts: int) -> None:
    """Print one table for `count` clients on each server."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "MOC" / "ORCH"
        shutil.copytree(PROJECT / "ORCH", root)
        with running("ours", mode, str(root)) as ours, running("bare", mode, str(root)) as bare:
            mine, theirs = multiprocessing.Pipe()
            process = multiprocessing.Process(target=clients, args=([ours, bare], count, theirs))
            process.start()
            mine.recv()
            delays: dict[str, list[float]] = {"edit": [], "ours": [], "bare": []}
            last: dict[str, list[float]] = {"edit": [], "ours": [], "bare": []}
            for n in range(max(edits, broadcasts)):
                if n < edits:
                    record(delays, last, "edit", collect(mine, ours, edit(root), count))
                for name, port in (("ours", ours), ("bare", bare)) if n < broadcasts else ():
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/bench", timeout=10).read()
                    record(delays, last, name, collect(mine, port, None, count))
            mine.send("stop")
            process.join(5)
            process.kill()
    print(f"{mode}, {count} clients: ms       p50     p95     p99     max | last client, median")
    for name, label in (
        ("edit", "outside edit -> client"),
        ("ours", "broadcast, ours"),
        ("bare", "broadcast, bare"),
    ):
        middle = statistics.median(last[name]) * 1000
        print(f"  {label:24} {percentiles(delays[name])} | {middle:7.1f}", flush=True)


def record(
    delays: dict[str, list[float]], last: dict[str, list[float]], name: str, found: list[float]
) -> None:
    """Keep one round's delays and its slowest client."""
    delays[name] += found
    last[name].append(max(found, default=0.0))


def main() -> None:
    """Read the command line; measure, or be one of the servers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[100, 500, 1000])
    parser.add_argument("--mode", default="eventlet", choices=["eventlet", "gevent", "threading"])
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("--broadcasts", type=int, default=40)
    parser.add_argument("--serve", choices=["ours", "bare"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--root", default="")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    if given.serve == "ours":
        serve_ours(given.mode, given.port, given.root)
    elif given.serve == "bare":
        serve_bare(given.mode, given.port)
    else:
        print(json.dumps({"cpus": os.cpu_count(), "load": os.getloadavg()}))
        for count in given.clients:
            measure(given.mode, count, given.edits, given.broadcasts)


if __name__ == "__main__":
    main()
