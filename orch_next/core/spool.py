"""Journal entries that the database did not take yet: one JSON object per line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from filelock import FileLock

from orch_next.storage.private import make_folder, make_lock, open_private

Entry: TypeAlias = dict[str, Any]


class Spool:
    """A file that holds entries while the database is down; several processes share it."""

    def __init__(self, path: Path, *, lock_timeout: float = 5.0) -> None:
        self.path = path
        self._timeout = lock_timeout

    def put(self, entry: Entry) -> None:
        """Append one entry durably; OSError passes, `filelock.Timeout` is one."""
        with self._locked(), self._opened() as file:
            file.write(json.dumps(entry, ensure_ascii=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def check(self) -> None:
        """Prove that an entry could be put; OSError passes."""
        with self._locked(), self._opened():
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

    def _locked(self) -> FileLock:
        make_folder(self.path.parent)
        lock = self.path.with_name(f"{self.path.name}.lock")
        make_lock(lock)
        return FileLock(lock, timeout=self._timeout)

    def _opened(self) -> BinaryIO:
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        return os.fdopen(open_private(self.path, flags), "ab")

    def _replace(self, entries: list[Entry]) -> None:
        if not entries:
            self.path.unlink(missing_ok=True)
            return
        fresh = self.path.with_suffix(".tmp")
        lines = (json.dumps(entry, ensure_ascii=True) + "\n" for entry in entries)
        fresh.unlink(missing_ok=True)
        with os.fdopen(open_private(fresh, os.O_WRONLY), "w", encoding="ascii") as file:
            file.writelines(lines)
        fresh.replace(self.path)


def _parsed(data: bytes) -> list[Entry]:
    entries = []
    for line in data.split(b"\n"):
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries
