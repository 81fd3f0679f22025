"""Test tool: socket.io-client (npm) of two releases, driven through `tests/js/client.mjs`."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import pytest

from tests.patience import PATIENCE

HERE = Path(__file__).parent / "js"
CLIENTS = frozenset(
    f"{release} {way}"
    for release in ("4.7.2", "4.8")
    for way in ("polling", "websocket", "upgrade")
)


def install(cache: Callable[[str], Path]) -> Path:
    """Return a folder with the program and its packages, made once per lock file."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed")
    files = [HERE / name for name in ("package.json", "package-lock.json")]
    key = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    folder = cache(f"js-{key}")
    with filelock.FileLock(folder / "install.lock"):
        for file in (*files, HERE / "client.mjs"):
            shutil.copy(file, folder)
        if not (folder / "installed").exists():
            command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=2 * PATIENCE)
            if done.returncode:
                pytest.skip(f"npm ci failed: {done.stderr.decode()[-300:]}")
            (folder / "installed").touch()
    return folder


class NodeClients:
    """The six clients of one node process; `heard` is what each was told, in order."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.heard: dict[str, list[tuple[str, Any, float]]] = {name: [] for name in CLIENTS}
        self._process = process
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def say(self, command: str) -> None:
        """Send one command to all clients."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()

    def events(self, client: str, *names: str) -> list[Any]:
        """Return the payloads that a client heard under these names."""
        return [payload for name, payload, _ in list(self.heard[client]) if name in names]

    def wait(self, count: int, *names: str, timeout: float = PATIENCE) -> bool:
        """Wait until every client heard `count` events of these names."""

        def have_all() -> bool:
            return all(len(self.events(client, *names)) >= count for client in CLIENTS)

        with self._news:
            return self._news.wait_for(have_all, timeout)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            with self._news:
                heard = (said["event"], said["payload"], said.get("at", 0.0))
                self.heard[said["client"]].append(heard)
                self._news.notify_all()


@contextmanager
def node_clients(folder: Path, url: str, path: str = "/socket.io") -> Iterator[NodeClients]:
    """Connect the clients and wait until each was greeted."""
    command = ["node", str(folder / "client.mjs"), url, path]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        try:
            clients = NodeClients(process)
            assert clients.wait(1, "status")
            yield clients
        finally:
            process.kill()
