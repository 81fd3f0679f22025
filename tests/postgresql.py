"""Test tool: a private PostgreSQL server, which can be stopped, started, frozen and thawed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest


@dataclass(frozen=True)
class PostgreSQL:
    """A server in a temporary folder, reached by its socket only."""

    folder: Path
    control: list[str]
    options: str

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str, user: str = "orch") -> str:
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def start(self) -> None:
        run = [*self.control, "-o", self.options, "start"]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        subprocess.run([*self.control, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def ask(self, statement: str, database: str = "postgres") -> str:
        run = ["psql", "-h", str(self.folder), "-U", "orch", "-Atq", "-v", "ON_ERROR_STOP=1"]
        run += ["-c", statement, database]
        return subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()

    def restore(self, dump: Path, database: str) -> str:
        """Make a database of a dump and return its URL."""
        self.ask(f"CREATE DATABASE {database}")
        run = ["psql", "-h", str(self.folder), "-U", "orch", "-Xq", "-v", "ON_ERROR_STOP=1"]
        run += ["-f", str(dump), database]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        return self.url_of(database)

    def _signal(self, number: int) -> None:
        first = (self.folder / "data" / "postmaster.pid").read_text().split("\n")[0]
        server = psutil.Process(int(first))
        for process in (server, *server.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """Run a server; skip the test where there is none."""
    pytest.importorskip("psycopg")
    initdb, pg_ctl = pg_tool("initdb"), pg_tool("pg_ctl")
    if not initdb or not pg_ctl:
        pytest.skip("no PostgreSQL server here (initdb, pg_ctl)")
    with _folder() as (folder, as_user):
        data = folder / "data"
        run = [*as_user, str(initdb), "-D", str(data), "-U", "orch", "-A", "trust", "-E", "UTF8"]
        subprocess.run(run, check=True, capture_output=True)
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        control = [*as_user, str(pg_ctl), "-D", str(data), "-w", "-l", str(folder / "log")]
        server = PostgreSQL(folder, control, options)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def pg_tool(name: str) -> Path | None:
    """Find a program of the newest PostgreSQL, which Debian keeps off the path."""
    found = shutil.which(name)
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return Path(found) if found else places[-1] if places else None


@contextmanager
def _folder() -> Iterator[tuple[Path, list[str]]]:
    """Give a folder short enough for a socket, and how to become a user who may serve."""
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="orch-pg-") as name:
        if as_user:
            shutil.chown(name, "postgres")
        yield Path(name), as_user
