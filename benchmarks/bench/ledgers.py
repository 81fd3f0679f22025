"""Sample folders and the writes that nothing durable can do without."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.dispatch import bare_commit, make_root
from benchmarks.write import bare_write
from tests.servers import Server, running_server


def make_orch(folder: Path, rows: int) -> Path:
    """Write an ORCH folder whose files rest since a minute, and return it."""
    orch = make_root(folder, rows) / "ORCH"
    for path in (orch / "STATE").iterdir():
        # What was touched in the last seconds is compared by its bytes: not what is asked here.
        os.utime(path, (time.time() - 60,) * 2)
    return orch


@contextmanager
def serving(folder: Path, rows: int) -> Iterator[Server]:
    """Serve a ledger of so many rows with `orch-next serve` on eventlet."""
    with running_server(folder, source=make_orch(folder / "source", rows)) as server:
        yield server


def tasks_of(server: Server) -> bytes:
    """Return the bytes of TASKS.md."""
    return (server.orch_root / "STATE" / "TASKS.md").read_bytes()


def write_and_commit(folder: Path, data: bytes) -> Callable[[], None]:
    """Return an action that replaces a file durably and commits one journal row."""
    connection = sqlite3.connect(folder / "bare.db")
    connection.executescript("pragma journal_mode=wal; pragma synchronous=full; create table t(a)")

    def act() -> None:
        bare_write(folder / "bare.md", data)
        bare_commit(connection)

    return act
