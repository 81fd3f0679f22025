"""Test tool: Socket.IO clients that remember what they heard, and edits of a real ledger."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import socketio

from tests.patience import PATIENCE

ROW_EVENTS = ("task_updated", "approval_updated", "milestone_updated")
LIVE_EVENTS = (*ROW_EVENTS, "ledger_changed", "reset")


def leave(client: socketio.Client) -> None:
    """Disconnect, and close the socket that the library forgets when its server went first."""
    client.disconnect()
    if client.eio.ws is not None:
        client.eio.ws.shutdown()


class Listener:
    """One client; `heard` has every event with its payload and the second it came."""

    def __init__(
        self, port: int, *transports: str, since: int | None = None, path: str = "/socket.io"
    ) -> None:
        self.heard: list[tuple[str, Any, float]] = []
        self._news = threading.Condition()
        self._client = socketio.Client(
            reconnection=False, handle_sigint=False, request_timeout=PATIENCE
        )
        self.gone = threading.Event()
        self._client.on("*", self._hear)
        self._client.on("disconnect", lambda *_reason: self.gone.set())
        auth = None if since is None else {"since": since}
        url = f"http://127.0.0.1:{port}"
        options: dict[str, Any] = {"auth": auth, "socketio_path": path, "wait_timeout": PATIENCE}
        self._client.connect(url, transports=list(transports), **options)

    def _hear(self, name: str, payload: Any) -> None:
        with self._news:
            self.heard.append((name, payload, time.time()))
            self._news.notify_all()

    def live(self) -> list[tuple[int, str, str]]:
        """Return number, name and record of every live event so far."""
        return [(p["seq"], n, p.get("id", "")) for n, p, _ in list(self.heard) if n in LIVE_EVENTS]

    def payloads(self, name: str) -> list[Any]:
        return [payload for heard, payload, _ in list(self.heard) if heard == name]

    def wait(self, count: int, *names: str, timeout: float = PATIENCE) -> bool:
        """Wait until `count` events of these names came."""

        def is_there() -> bool:
            return sum(name in names for name, _, _ in self.heard) >= count

        with self._news:
            return self._news.wait_for(is_there, timeout)

    def emit(self, name: str) -> None:
        self._client.emit(name)

    def close(self) -> None:
        leave(self._client)


@contextmanager
def listeners(
    port: int, *kinds: Sequence[str], since: int | None = None, path: str = "/socket.io"
) -> Iterator[list[Any]]:
    """Connect one client per sequence of transports; wait until each was greeted."""
    with ExitStack() as stack:
        found = []
        for kind in kinds:
            listener = Listener(port, *kind, since=since, path=path)
            stack.callback(listener.close)
            assert listener.wait(1, "status")
            found.append(listener)
        yield found


def save_by_rename(path: Path, text: str) -> None:
    """Save as most editors do: a new file that takes the old one's name."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_bytes(text.encode())
    temporary.replace(path)


def edit_notes(root: Path, task_id: str, notes: str) -> float:
    """Set a task's last cell from outside; return the second when it was done."""
    path = root / "STATE" / "TASKS.md"
    text = path.read_bytes().decode()
    row = re.compile(rf"^(\| {task_id} \|.*\| )[^|]*( \|)", re.M)
    changed, count = row.subn(lambda m: f"{m[1]}{notes}{m[2]}", text)
    assert count == 1
    save_by_rename(path, changed)
    return time.time()


def post(port: int, path: str, body: dict[str, Any]) -> Any:
    """POST JSON and return the answer's JSON."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read())


def keep_editing(root: Path, stopped: threading.Event) -> None:
    """Save another text ten times a second until `stopped`."""
    count = 0
    while not stopped.wait(0.1):
        count += 1
        edit_notes(root, "005", f"編集 {count}")
