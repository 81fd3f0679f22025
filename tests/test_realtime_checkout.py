"""git checkouts and truncating editors beside readers: no mass deletion and no 5xx."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from tests.live_clients import listeners
from tests.patience import PATIENCE
from tests.servers import Server, running_server

ROUNDS = 15
READERS = 100


def git(folder: Path, *words: str) -> None:
    command = ["git", "-C", str(folder), "-c", "user.name=監査", "-c", "user.email=a@example.com"]
    subprocess.run([*command, *words], check=True, capture_output=True)


def commit_two(state: Path) -> tuple[str, str]:
    """Commit the ledgers as they are, and with one other status; return both texts."""
    path = state / "TASKS.md"
    git(state, "init", "-q", "-b", "main")
    git(state, "add", "TASKS.md")
    git(state, "commit", "-q", "-m", "一")
    one = path.read_text("utf-8")
    other = one.replace("| PLAN |", "| READY |", 1)
    path.write_text(other, "utf-8")
    git(state, "commit", "-q", "-am", "二")
    return one, other


def read_all_the_time(server: Server, stopped: threading.Event, found: list[Any]) -> None:
    while not stopped.is_set():
        try:
            answer = json.loads(server.get("/api/tasks"))
            found.append(len(answer["tasks"]))
        except OSError as error:
            found.append(str(error))


def test_a_checkout_loop_and_a_truncating_editor_delete_nothing(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, listeners(server.port, ["websocket"]) as (client,):
        state = server.orch_root / "STATE"
        rows = len(json.loads(server.get("/api/tasks"))["tasks"])
        one, other = commit_two(state)
        stopped, found = threading.Event(), list[Any]()
        readers = [
            threading.Thread(target=read_all_the_time, args=(server, stopped, found))
            for _ in range(READERS)
        ]
        for reader in readers:
            reader.start()
        for n in range(ROUNDS):
            git(state, "checkout", "-q", "--force", "HEAD" if n % 2 else "HEAD~1", "--", ".")
            with (state / "TASKS.md").open("w", encoding="utf-8") as file:
                file.flush()  # empty for a moment
                time.sleep(0.02)
                file.write(one if n % 2 else other)
            time.sleep(0.1)
        stopped.set()
        for reader in readers:
            reader.join(PATIENCE)
        time.sleep(1)
        events = client.payloads("task_updated")
    assert (set(found), len(found) > READERS) == ({rows}, True)
    assert {(e["id"], e["task"] is None) for e in events} <= {(events[-1]["id"], False)}
    assert [e["seq"] for e in events] == sorted({e["seq"] for e in events})
