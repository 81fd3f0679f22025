"""The approval log of contract 3.3: one line per decision under `ORCH/LOGS/YYYY-MM/`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from orch_next.clock import utc_seconds
from orch_next.regular import MOST_RECORDS, read_tail
from orch_next.storage.atomic import append_lines, make_folders
from orch_next.storage.disk import Disk

_STAMP = re.compile(r"\[TS=([^\]\s]+)\]")


@dataclass(frozen=True)
class DecisionLine:
    """What one line says; the digests are sha256 of APPROVALS.md before and after.

    `step` is what became of the status: `pending→approved`.
    """

    at: datetime
    task_id: str
    step: str
    role: str
    sha_in: str
    sha_out: str
    note: str

    def as_text(self) -> str:
        """Return the line of contract 3.3 without its newline."""
        stamp = utc_seconds(self.at)
        task_id, step, role = map(_word, (self.task_id, self.step, self.role))
        note = re.sub(r"\s+", " ", self.note).strip().replace('"', "'")
        return (
            f"[TS={stamp}] id={task_id} op={step} by={role} "
            f'sha_in={self.sha_in} sha_out={self.sha_out} note="{note}"'
        )


@dataclass(frozen=True)
class LogLine:
    """A line of a log file; `timestamp` is what it says of itself, or empty."""

    text: str
    timestamp: str


def _word(text: str) -> str:
    return re.sub(r"\s+", "_", text)


def append_decision(logs_folder: Path, line: DecisionLine, disk: Disk | None = None) -> Path:
    """Append the line durably and return the file; OSError and UncertainError pass."""
    day = line.at.astimezone(timezone.utc)
    path = logs_folder / f"{day:%Y-%m}" / f"APPROVALS-{day:%Y-%m-%d}.md"
    make_folders(path.parent, disk)
    append_lines(path, f"{line.as_text()}\n".encode(), disk)
    return path


def read_log_lines(folders: Iterable[Path]) -> Iterator[LogLine]:
    """Yield the lines that `/audit/events` picks up, file by file; OSError passes."""
    for folder in folders:
        for path in sorted(folder.rglob("*.md")):
            if "APPROVALS" in path.name and path.is_file():
                yield from _lines_of(path)


def _lines_of(path: Path) -> Iterator[LogLine]:
    for text in read_tail(path, MOST_RECORDS).decode("utf-8", "replace").split("\n"):
        if text.startswith("[") and "by=" in text:
            stamp = _STAMP.match(text)
            yield LogLine(text.rstrip("\r"), stamp.group(1) if stamp else "")
