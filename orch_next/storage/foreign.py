"""SQLite files of another program: read as they stand at one moment, nothing made beside them."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from orch_next.regular import open_regular

COMPANIONS = ("-wal", "-shm", "-journal")
_COPIED = ("", "-wal", "-journal")
_WAL_MODE = 2
_TRIES = 5
_PATIENCE = 3.0  # seconds
_COLUMNS = (
    "SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c "
    "WHERE t.type = 'table' ORDER BY t.rowid, c.cid"
)
# Closing any descriptor of a file drops all locks that this process has on it.
_turn = threading.Lock()


class ChangingError(sqlite3.OperationalError):
    """A program goes on writing the file that is being copied."""


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open another program's database for reading; `sqlite3.Error` and OSError pass.

    While that program has it open, as one more reader. Else SQLite would make a `-wal` and
    a `-shm` for a file in WAL mode: it is read as a file that nobody changes, or, with an
    unfinished transaction beside it, as a copy.
    """
    with _turn, ExitStack() as stack:
        present = {one for one in COMPANIONS if path.with_name(path.name + one).exists()}
        if "-journal" in present or present == {"-wal"}:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="orch-next-"))
            place, how = copy_settled(path, Path(folder)), "mode=rw"
        elif not present and _is_wal(path):
            place, how = path, "mode=ro&immutable=1"
        else:
            place, how = path, "mode=ro"
        uri = f"{place.absolute().as_uri()}?{how}"
        yield stack.enter_context(closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)))


def columns_by_table(db: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Return the columns of every table."""
    found: dict[str, list[str]] = {}
    for table, column in db.execute(_COLUMNS):
        found.setdefault(table, []).append(column)
    return {table: tuple(columns) for table, columns in found.items()}


def quoted(name: str) -> str:
    """Return an SQL identifier for any name."""
    return '"' + name.replace('"', '""') + '"'


def _is_wal(path: Path) -> bool:
    with open_regular(path) as file:
        head = file.read(20)
    return len(head) == 20 and _WAL_MODE in head[18:20]


def copy_settled(path: Path, folder: Path) -> Path:
    """Copy a database and what stands beside it, as they are at one moment; return the copy.

    Raise ChangingError for files that go on changing while they are read; OSError passes.
    """
    for _ in range(_TRIES):
        before = _states(path)
        for suffix in _COPIED:
            target = folder / f"copy.sqlite{suffix}"
            target.unlink(missing_ok=True)
            origin = path.with_name(path.name + suffix)
            if origin.exists():
                shutil.copyfile(origin, target)
        if _states(path) == before:
            return folder / "copy.sqlite"
    raise ChangingError("it changes while it is read; stop the programs that write it")


def _states(path: Path) -> list[tuple[int, ...]]:
    found = (path.with_name(path.name + suffix) for suffix in _COPIED)
    infos = (one.stat() for one in found if one.exists())
    return [(info.st_size, info.st_mtime_ns, info.st_ctime_ns) for info in infos]
