"""One durable cell edit over HTTP against the bare write of the same bytes."""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.bench.effort import Effort, fewer
from benchmarks.bench.ledgers import serving, tasks_of
from benchmarks.bench.table import Found, Point, medians
from benchmarks.write import bare_write, timed
from tests.servers import Server

# After its answer the server goes on: it tells the others. The bare write has the disk alone.
REST_SECONDS = 0.05


def measure(effort: Effort) -> Iterator[Found | Point]:
    """Time edits and bare writes in turns."""
    for rows in effort.sizes():
        with (
            tempfile.TemporaryDirectory() as folder,
            serving(Path(folder), rows) as server,
        ):
            ours, bare = compare(server, Path(folder), rows, fewer(rows, effort.rounds(120)))
        found = medians(f"request-{rows}", ours, bare)
        if rows in (1_000, 10_000):
            yield found
        yield Point("request", rows, found.value, found.yardstick)


def compare(
    server: Server, folder: Path, rows: int, rounds: int
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of both; the first edit warms up."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    task, ours, bare = f"{rows // 2:04d}", list[float](), list[float]()
    update(connection, task, "始め")
    for number in range(rounds):
        ours.append(timed(partial(update, connection, task, f"変更 {number}")))
        time.sleep(REST_SECONDS)
        bare.append(timed(partial(bare_write, folder / "bare.md", tasks_of(server))))
    connection.close()
    return ours, bare


def update(connection: http.client.HTTPConnection, task: str, notes: str) -> None:
    """Set a task's notes; `RuntimeError` when the server does not say it is done."""
    body = json.dumps({"task_id": task, "notes": notes})
    connection.request("POST", "/api/tasks/update", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {said[:200]!r}")
