"""Lock files of the legacy: listed with what they say, never acted upon (contract 5.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from orch_next.clock import find_utc, utc_seconds
from orch_next.migrate.settings.text import read_text
from orch_next.migrate.settings.tree import is_plain, place

_FOLDERS = (
    (".locks", "*"),
    ("ORCH/.locks", "*"),
    ("ORCH/STATE/LOCKS", "*.lock"),
    ("STATE/LOCKS", "*.lock"),
    ("data/locks", "*.lock"),
)
_STARTS = ("ts_acquired_utc", "ts_acquired", "acquired_at")
State = Literal["held", "expired", "released", "opaque"]


@dataclass(frozen=True)
class Lock:
    """One lock file; `expires` is empty where the file does not tell it."""

    file: str
    task_id: str
    owner: str
    expires: str
    state: State
    pid: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the row of the report."""
        return {
            **{"file": self.file, "task_id": self.task_id, "owner": self.owner},
            **{"expires": self.expires, "state": self.state, "pid": self.pid},
        }


def list_locks(root: Path, now: datetime) -> list[Lock]:
    """List the lock files of a MOC root; `now` is aware."""
    found = [p for folder, name in _FOLDERS for p in sorted((root / folder).glob(name))]
    return [_lock(root, path, now) for path in found if is_plain(path)]


def _lock(root: Path, path: Path, now: datetime) -> Lock:
    file = place(root, path)
    try:
        told = json.loads(read_text(path).text)
    except (OSError, ValueError, RecursionError):
        return Lock(file, "", "", "", "opaque")  # contract 5.2: `.locks/*` may hold anything
    if not isinstance(told, dict):
        return Lock(file, "", "", "", "opaque")
    end = _end(told)
    pid = told.get("pid")
    return Lock(
        file,
        str(told.get("task_id", "")),
        str(told.get("owner", "")),
        utc_seconds(end) if end else "",
        _state(told, end, now),
        pid if isinstance(pid, int) else None,
    )


def _state(told: dict[str, Any], end: datetime | None, now: datetime) -> State:
    status = told.get("status")
    if status == "released":
        return "released"
    if status == "expired" or (end is not None and end <= now):
        return "expired"
    return "held" if end or status in ("active", "pending") else "opaque"


def _end(told: dict[str, Any]) -> datetime | None:
    """Return when a lock ends: `expires_at`, else its last sign of life and its time to live."""
    if end := _time(told.get("expires_at")):
        return end
    seconds = _number(told.get("ttl_sec")) or 60 * _number(told.get("ttl_minutes"))
    signs = [_time(told.get(name)) for name in ("heartbeat_utc", "last_heartbeat", *_STARTS)]
    known = [one for one in signs if one]
    try:
        return max(known) + timedelta(seconds=seconds) if known and seconds else None
    except OverflowError:
        return None


def _number(value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < 1e9 else 0.0


def _time(value: Any) -> datetime | None:
    return find_utc(value.strip()) if isinstance(value, str) else None
