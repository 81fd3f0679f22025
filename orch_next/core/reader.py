"""Read one ledger file, and again only when it may have changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeAlias

from orch_next.core.kinds import LedgerKind
from orch_next.core.records import R
from orch_next.core.schema import Snapshot, load_snapshot
from orch_next.ledger.file import LedgerFile, digest
from orch_next.ledger.parser import Problem, Severity

# A file touched this recently may change again under the same time stamp (FAT's clock
# ticks every 2 s), so its bytes are compared instead.
_SETTLED_NS = 2_000_000_000
CHANGED_SECONDS, GONE_SECONDS = 0.03, 0.3

Signature: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Reading(Generic[R]):
    """A file's bytes and what they say; `data` is None when there are none to be had."""

    snapshot: Snapshot[R]
    data: bytes | None


def look_at(path: Path) -> Signature:
    """Return what changes with a save; the two times come first.

    ctime shows one that kept size and mtime: nobody can set it back.
    """
    found = path.stat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


class LedgerReader(Generic[R]):
    """Compares `stat`, then the content hash, and parses only new content."""

    def __init__(
        self,
        kind: LedgerKind[R],
        file: LedgerFile,
        look: Callable[[Path], Signature] = look_at,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._kind, self._file = kind, file
        self._look, self._clock = look, clock
        self._signature: Signature | None = None
        self._state: str | None = None
        self._doubts = 0

    def doubt(self) -> None:
        """Compare the bytes next time, whatever `stat` says; for any one thread.

        Some systems keep no time of the last change of a file's facts (on Windows `st_ctime`
        is the creation), so a save that keeps size and time shows in nothing but its notification.
        """
        self._doubts += 1

    def read_if_changed(self) -> Reading[R] | None:
        """Return what the file holds, or None when it holds what it did last time."""
        try:
            signature = (*self._look(self._file.path), self._doubts)
            if signature == self._signature:
                return None
            data = self._file.read()
        except FileNotFoundError:
            return self._without_data("missing-file", "the file is missing")
        except OSError as error:
            return self._without_data("unreadable", f"the file cannot be read: {error.strerror}")
        settled = self._clock() - max(signature[:2]) > _SETTLED_NS
        self._signature = signature if settled else None
        return self._parsed(data)

    def take_note(self, sha256: str) -> None:
        """Remember that content with this digest is known already."""
        self._signature, self._state = None, sha256

    def _parsed(self, data: bytes) -> Reading[R] | None:
        sha256 = digest(data)
        if sha256 == self._state:
            return None
        self._state = sha256
        return Reading(load_snapshot(self._kind, data), data)

    def _without_data(self, code: str, message: str) -> Reading[R] | None:
        self._signature = None
        if self._state == code:
            return None
        self._state = code
        missing = code == "missing-file"
        severity: Severity = "warning" if missing else "damage"
        problem = Problem(code, severity, message, 1, self._kind.file_name)
        return Reading(Snapshot(self._kind, "", (), (problem,), missing=missing), None)


class Settling:
    """How long an outside edit lasts before the live tail records it: it may be half of a save."""

    def __init__(self, kind: LedgerKind[R], file: LedgerFile, clock: Callable[[], float]) -> None:
        self._kind, self._file, self._clock = kind, file, clock
        self._data, self._at = b"", 0.0

    def ripe_at(self) -> float | None:
        """Return when an edit will have settled, None for none."""
        return self._at if self._at > self._clock() else None

    def is_ripe(self, records: Sequence[R], known: bytes) -> bool:
        """Tell whether the file, where it is another one, has been so for a while."""
        try:
            data = self._file.read()
        except OSError:
            data = b""
        if data == known:
            self._data, self._at = b"", 0.0
        elif data != self._data or not self._at:
            keys = {record.key for record in load_snapshot(self._kind, data).records}
            gone = any(record.key not in keys for record in records)
            self._data = data
            self._at = self._clock() + (GONE_SECONDS if gone else CHANGED_SECONDS)
        return self._clock() >= self._at


def is_cut_short(before: bytes, after: bytes) -> bool:
    """Tell whether a save seems to be under way: the old bytes, ending in mid-line."""
    size = len(after)
    if size >= len(before) or not before.startswith(after):
        return False
    return before[size] not in b"\r\n" and after[-1:] not in (b"\n", b"\r")
