"""Test tool: attacks on a real server with tokens; each function is one and returns what it saw.

`python -m tests.attacks` plays all of them and prints what was seen. `tests/test_attacks.py` says
what has to be seen. An attack takes a `Target`; it finds a server that others have attacked before,
and leaves one that still answers.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.patience import PATIENCE, in_time, seconds_of
from tests.raw_clients import frame
from tests.servers import PROJECT, Server, copy_orch, running_server

ROLES = ("CMD", "WORK", "AUDIT", "viewer")
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
# A command core whose artifact is a FIFO, and one that never stops to speak.
CORES = """
[cores.WORK_PIPE]
mode = "command"
command = ["{python}", "-c", "import os; os.mkfifo('pipe'); print('ORCH_ARTIFACT=pipe')"]
[cores.WORK_FLOOD]
mode = "command"
timeout_seconds = 3
output_limit_bytes = 100000000
command = ["{python}", "-c", "import os\\nwhile True: os.write(1, bytes([10]) * 10000)"]
"""
Seen = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """A server in token mode and a token for each role."""

    server: Server
    tokens: Mapping[str, str]

    @property
    def moc_root(self) -> Path:
        return self.server.orch_root.parent

    def ask(
        self,
        path: str,
        body: object = None,
        role: str | None = "CMD",
        *,
        method: str = "",
        headers: Mapping[str, str] | None = None,
        timeout: float = PATIENCE,
    ) -> tuple[int, Any]:
        """Send a request as `role` (None: nobody); return the status and the JSON, or bytes."""
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        if role is not None:
            sent["Authorization"] = f"Bearer {self.tokens[role]}"
        method = method or ("GET" if data is None else "POST")
        request = urllib.request.Request(self.server.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, _parsed(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _parsed(error.read())

    def new_task(self, **cells: str) -> str:
        """Make a READY task and return its id."""
        cells = {"title": "攻撃 C:\\ORCH", "owner": "WORK", **cells}
        status, made = self.ask("/api/tasks/create", cells)
        task_id = made["task"]["id"] if "task" in made else made["id"]
        promoted, _ = self.ask("/api/tasks/promote", {"task_id": task_id})
        assert (status, promoted) == (201, 200) or (status, promoted) == (200, 200), made
        return str(task_id)

    def task(self, task_id: str) -> Mapping[str, str]:
        """Return a task as the server shows it."""
        _, tasks = self.ask("/api/tasks")
        rows = tasks["tasks"] if isinstance(tasks, dict) else tasks
        return next(row for row in rows if row["id"] == task_id)

    def memory(self) -> int:
        """Return the resident bytes of the server and of its children."""
        process = psutil.Process(self.server.process.pid)
        found = (process, *process.children(recursive=True))
        return sum(one.memory_info().rss for one in found)

    def gauge(self, name: str) -> float:
        """Return a figure of `/metrics`."""
        _, text = self.ask("/metrics")
        lines = (text if isinstance(text, bytes) else b"").decode().splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data


@contextmanager
def target(
    folder: Path, mode: str = "serve", *, env: Mapping[str, str] | None = None, **more: Any
) -> Iterator[Target]:
    """Run a server with tokens over a copy of the sample ledgers."""
    root = copy_orch(folder)
    tokens = {role: add_identity(root, f"{role} 攻撃", role) for role in ROLES}
    (root.parent / "config").mkdir(exist_ok=True)
    cores = CORES.replace("{python}", Path(sys.executable).as_posix())
    (root.parent / "config" / "cores.toml").write_text(cores, encoding="utf-8")
    with running_server(folder, mode, env={"ORCH_AUTH": "token", **(env or {})}, **more) as server:
        yield Target(server, tokens)


def add_identity(root: Path, name: str, role: str) -> str:
    """Add an identity by the command line and return its token."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ORCH_")}
    environ = {**clean, "ORCH_ROOT": str(root), "PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "orch_next", "identity", "add", name, "--role", role]
    said = subprocess.run(
        command, env=environ, capture_output=True, text=True, encoding="utf-8", check=True
    )
    return next(word for word in said.stdout.split() if word.startswith("orch_"))


def until(done: Callable[[], Any], within: float = PATIENCE) -> float | None:
    """Ask until the answer is true; return the seconds it took, None if it never was."""
    started = time.monotonic()
    while time.monotonic() - started < within:
        if done():
            return time.monotonic() - started
        time.sleep(0.1)
    return None


# Files that others named


def fifo_as_artifact(target: Target) -> Seen:
    """Report a FIFO as artifact over HTTP, let a command name one; the dispatcher goes on."""
    os.mkfifo(target.moc_root / "pipe1")
    task_id = target.new_task()
    claimed = target.ask("/api/agents/claim", {"coreId": "WORK_AI_01", "task_id": task_id}, "WORK")
    body = {"job_id": task_id, "token": claimed[1]["token"], "status": "REVIEW"}
    reported, _ = target.ask("/api/leases/report", {**body, "artifact": "pipe1"}, "WORK")
    by_core = target.new_task(owner="WORK_PIPE", notes="priority=CRITICAL")
    target.ask("/dispatch", {"coreId": "WORK_PIPE", "stay": False})
    reached = until(lambda: target.task(by_core)["status"] == "REVIEW")
    _, leases = target.ask("/api/leases")
    return {
        "reported": reported,
        "core reached review": reached is not None,
        "problems": leases["dispatcher"]["problems"],
        "health": target.ask("/health", role=None)[0],
    }


def file_without_end(target: Target) -> Seen:
    """Report a sparse file of 300 GB; the report is answered, and evidence is shown."""
    with (target.moc_root / "big.bin").open("wb") as file:
        file.truncate(300 << 30)
    task_id = target.new_task()
    _, claimed = target.ask("/api/agents/claim", {"coreId": "WORK_AI_01", "task_id": task_id})
    body = {"job_id": task_id, "token": claimed["token"], "status": "REVIEW"}
    started = time.monotonic()
    reported, _ = target.ask("/api/leases/report", {**body, "artifact": "big.bin"})
    asked = until(lambda: _approval_of(target, task_id) is not None)
    approval = _approval_of(target, task_id) or {}
    _, shown = target.ask(f"/api/approvals/{approval.get('appr_id')}/evidence", role="viewer")
    return {
        "reported": reported,
        "quick": in_time(time.monotonic() - started, 10, _bare(target)),
        "asked": asked is not None,
        "evidence": (shown["kind"], shown["sha256"]),
    }


def _bare(target: Target) -> float:
    """Return the seconds of a small request now: what a busy machine adds."""
    return seconds_of(lambda: target.ask("/health"))


def _approval_of(target: Target, task_id: str) -> Mapping[str, str] | None:
    _, found = target.ask("/api/approvals")
    rows = found["approvals"] if isinstance(found, dict) else found
    return next((row for row in rows if row["task_id"] == task_id), None)


def fifos_everywhere(target: Target) -> Seen:
    """Put FIFOs where files are read: flags, reports, registries, role files, logs, settings."""
    root, moc = target.server.orch_root, target.moc_root
    places = [
        root / "STATE" / "LOCKS" / "role_status.json",
        root / "STATE" / "LOCKS" / "heartbeat.json",
        root / "REPORTS" / "NonStop_Audit.md",
        root / "REPORTS" / "test_summary.json",
        root / "REPORTS" / "AGENTS_API_AUDIT.md",
        root / "LOGS" / "2025-10" / "APPROVALS-pipe.md",
        moc / "data" / "work_instructions.json",
        moc / "config" / "monitoring.json",
        moc / "odd.md",
        moc / ".git",
    ]
    with ExitStack() as stack:
        for place in places:
            stack.enter_context(_fifo_at(place))
        paths = (
            *("/status", "/metrics", "/work/summary", "/audit/events", "/api/git/log", "/health"),
            *("/api/work-instructions", "/api/ml/retrain/status", "/api/rules", "/api/leases"),
        )
        return {path: _answers(target, path) for path in paths}


@contextmanager
def _fifo_at(place: Path) -> Iterator[None]:
    """Let a FIFO stand in a file's place for a while."""
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f"{place.name}.aside")
    if place.exists():
        place.rename(aside)
    os.mkfifo(place)
    try:
        yield
    finally:
        place.unlink()
        if aside.exists():
            aside.rename(place)


def _answers(target: Target, path: str) -> bool:
    try:
        return target.ask(path, timeout=10.0)[0] > 0
    except OSError:
        return False


# Sockets


def silent_websockets(target: Target, count: int = 8) -> Seen:
    """Open WebSockets and answer their pings only: others are served, and the sockets end."""
    with ExitStack() as stack:
        opened = [sock for _ in range(count) if (sock := _websocket(target, stack))]
        answered = _answers_in(target, 5.0)
        counted = target.gauge("orch_clients_connected")
        ended = until(lambda: all(map(_has_ended, opened)), 30.0)
    return {
        "opened": len(opened),
        "health beside them": answered,
        "counted": counted,
        "ended": ended is not None,
    }


def silent_polling(target: Target, count: int = 300) -> Seen:
    """Open polling sessions and never connect: they are few, uncounted, and end."""
    path = "/socket.io/?EIO=4&transport=polling"
    answers = [target.ask(path, role=None) for _ in range(count)]
    sids = [json.loads(text[1:])["sid"] for status, text in answers if status == 200]
    counted = target.gauge("orch_clients_connected")
    time.sleep(0.1)
    ended = until(lambda: target.ask(f"{path}&sid={sids[-1]}", role=None)[0] == 400, 60.0)
    return {"opened": len(sids), "counted": counted, "ended": ended is not None}


def false_bearer_on_socket(target: Target) -> Seen:
    """Open a session with a false token: it is refused at the handshake."""
    path = "/socket.io/?EIO=4&transport=polling"
    headers = {"Authorization": "Bearer orch_0123456789ab_" + "x" * 43}
    return {"status": target.ask(path, role=None, headers=headers)[0]}


def _websocket(target: Target, stack: ExitStack) -> socket.socket | None:
    sock = stack.enter_context(socket.create_connection(("127.0.0.1", target.server.port), 10))
    host = f"Host: 127.0.0.1:{target.server.port}\r\n"
    line = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    sock.sendall(f"{line}{host}{UPGRADE}\r\n".encode())
    try:
        return sock if b" 101 " in sock.recv(64) else None
    except TimeoutError:
        return None


def _has_ended(sock: socket.socket) -> bool:
    """Answer what a live client would; tell whether the server has closed the connection."""
    sock.settimeout(0.05)
    try:
        data = sock.recv(65536)
        if data.endswith(b"2"):
            sock.sendall(frame("3"))
        return not data or data[:1] == b"\x88"
    except TimeoutError:
        return False
    except OSError:
        return True


def _answers_in(target: Target, seconds: float) -> bool:
    try:
        return target.ask("/health", role=None, timeout=seconds)[0] == 200
    except OSError:
        return False


# Memory


def one_file_by_many_names(target: Target, count: int = 200) -> Seen:
    """Ask for one static file under many names: its compressed bytes are kept once."""
    _compressed(target, "/static/vendor/chart.umd.min.js")
    before = target.memory()
    found = {
        _compressed(target, f"/static/{'./' * number}vendor/chart.umd.min.js")
        for number in range(1, count)
    }
    return {"answers": found, "grown MB": (target.memory() - before) >> 20}


def _compressed(target: Target, path: str) -> tuple[int, bool]:
    connection = http.client.HTTPConnection("127.0.0.1", target.server.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        data = answer.read()
    return answer.status, bool(data) and len(gzip.decompress(data)) > len(data)


def odd_methods(target: Target, count: int = 300) -> Seen:
    """Send methods that nobody knows: the metrics have no label for each."""
    for number in range(count):
        connection = http.client.HTTPConnection("127.0.0.1", target.server.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(f"ODD{number}", "/health")
            connection.getresponse().read()
    _, text = target.ask("/metrics")
    return {"in metrics": text.decode().count('method="ODD')}


# Bytes


def long_cells(target: Target, count: int = 10) -> Seen:
    """Write long notes again and again: they are refused, and answers stay small."""
    task_id = target.new_task()
    answers = set()
    for number in range(count):
        body = {"task_id": task_id, "notes": f"{number} " + "長" * 300_000}
        answers.add(target.ask("/api/tasks/update", body, "WORK")[0])
    for number in range(40):
        body = {"task_id": task_id, "notes": f"{number} " + "x" * 16_000}
        answers.add(target.ask("/api/tasks/update", body, "WORK")[0])
    sizes = [_size(target, path) for path in ("/api/history?limit=500", "/audit/events?limit=1000")]
    return {"answers": answers, "largest answer MB": max(sizes) / 1e6}


def _size(target: Target, path: str) -> int:
    request = urllib.request.Request(target.server.url + path)
    request.add_header("Authorization", f"Bearer {target.tokens['viewer']}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return len(answer.read())


def swollen_registry(target: Target, count: int = 60) -> Seen:
    """Let agents report 60 KB each: the registry stays small, and heartbeats are quick."""
    answers = set()
    for number in range(count):
        body = {"id": f"agent-{number % 3}", "log": "x" * 60_000}
        answers.add(target.ask("/api/agents/report", body, "WORK")[0])
    file = target.moc_root / "data" / "agents_registry.json"
    started = time.monotonic()
    beats = target.ask("/api/agents/heartbeat", {"id": "agent-0"}, "WORK")[0]
    return {
        "answers": answers,
        "registry MB": file.stat().st_size / 1e6,
        "beat": (beats, in_time(time.monotonic() - started, 5, _bare(target))),
    }


# Floods


def flood_of_lines(target: Target) -> Seen:
    """Let a command print empty lines for ever: its time limit holds, memory does not grow."""
    task_id = target.new_task(owner="WORK_FLOOD", notes="priority=CRITICAL")
    before = target.memory()
    target.ask("/dispatch", {"coreId": "WORK_FLOOD", "stay": False})
    taken = until(lambda: target.task(task_id)["status"] == "DOING")
    ended = until(lambda: target.task(task_id)["status"] == "FIX", 30.0)
    return {
        "taken": taken is not None,
        "ended": ended is not None,
        "grown MB": (target.memory() - before) >> 20,
    }


ATTACKS: tuple[Callable[[Target], Seen], ...] = (
    fifo_as_artifact,
    file_without_end,
    fifos_everywhere,
    silent_websockets,
    silent_polling,
    false_bearer_on_socket,
    one_file_by_many_names,
    odd_methods,
    long_cells,
    swollen_registry,
    flood_of_lines,
)


def main() -> None:
    """Play every attack on one server and print what was seen."""
    with tempfile.TemporaryDirectory() as folder, target(Path(folder)) as attacked:
        for attack in ATTACKS:
            sys.stdout.write(f"{attack.__name__}: {dict(attack(attacked))}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
