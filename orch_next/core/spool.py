"""Journal entries that the database did not take yet: one JSON object per line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from orch_next.errors import BusyError
from orch_next.storage.atomic import append_lines, make_folders, make_private, replace_whole
from orch_next.storage.disk import Disk
from orch_next.storage.process_locks import locked

Entry: TypeAlias = dict[str, Any]


class Spool:
    """A file that holds entries while the database is down; several processes share it."""

    def __init__(self, path: Path, *, lock_timeout: float = 5.0, disk: Disk | None = None) -> None:
        self.path = path
        self._timeout = lock_timeout
        self._disk = disk or Disk()

    def put(self, entry: Entry) -> None:
        """Append one entry durably; OSError passes, also for a lock that others keep.

        Raise UncertainError when it is there, but the disk did not confirm it.
        """
        with self._locked():
            append_lines(self.path, _as_line(entry), self._disk, private=True)

    def check(self) -> None:
        """Prove that an entry could be put; OSError passes."""
        with self._locked():
            make_private(self.path, self._disk)
            with self.path.open("ab"):
                return

    def drain(self, store: Callable[[Entry], bool]) -> int:
        """Hand every entry to `store`, keep those it answers False for; return how many went.

        A line that a crash cut short is no entry and is dropped.
        """
        if not self.path.exists():
            return 0
        with self._locked():
            entries = _parsed(self.path.read_bytes()) if self.path.exists() else []
            kept = [entry for entry in entries if not store(entry)]
            self._replace(kept)
        return len(entries) - len(kept)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_folders(self.path.parent, self._disk, private=True)
        lock = self.path.with_name(f"{self.path.name}.lock")
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(lock, self._timeout, disk=self._disk))
            except BusyError as error:
                raise TimeoutError(str(error)) from error
            yield

    def _replace(self, entries: list[Entry]) -> None:
        if not entries:
            self.path.unlink(missing_ok=True)
            return
        replace_whole(self.path, b"".join(map(_as_line, entries)), self._disk, private=True)


def _as_line(entry: Entry) -> bytes:
    return json.dumps(entry, ensure_ascii=True).encode() + b"\n"


def _parsed(data: bytes) -> list[Entry]:
    entries = []
    for line in data.split(b"\n"):
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries
