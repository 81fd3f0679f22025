"""The lock and role files beside the ledgers (contract 5.2); `orch-next check --strict`."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from orch_next.clock import find_utc, utc_seconds
from orch_next.core.kinds import EMPTY
from orch_next.core.locks import FOLDER, ROLE_STATUS, ROLE_STATUSES
from orch_next.ledger.parser import Problem, Severity
from orch_next.regular import MOST_SMALL, read_regular
from orch_next.storage.json_files import parse_marked_json

_ENDED = ("expired", "released")
_UNITS = {"ttl_sec": 1, "ttl_minutes": 60}
_BEGUN = ("last_heartbeat", "heartbeat_utc", "ts_acquired", "ts_acquired_utc", "acquired_at")


@dataclass(frozen=True)
class LockState:
    """What a lock file says; `ends` is None where it does not say."""

    task_id: str
    owner: str
    ends: datetime | None
    status: str = ""

    def has_expired(self, now: datetime) -> bool:
        """Tell whether the time is over and nobody has said so in the file."""
        return self.ends is not None and self.ends < now and self.status not in _ENDED


def read_lock(data: bytes) -> LockState:
    """Read any known form of a lock file; raise ValueError for what is no JSON object."""
    found = _load(data)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    texts = {name: value.strip() for name, value in found.items() if isinstance(value, str)}
    return LockState(
        texts.get("task_id", ""), texts.get("owner", ""), _ends(found), texts.get("status", "")
    )


def _load(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def find_lock_faults(
    state: Path, moc_root: Path, tasks: Collection[str] | None, now: datetime
) -> Iterator[Problem]:
    """Yield what is wrong with lock files; `tasks` None means that nobody knows the ids."""
    for path in lock_files(state, moc_root):
        name = f"{FOLDER}/{path.name}" if path.parent.name == FOLDER else str(path)
        for code, message, severity in _faults(path, tasks, now):
            yield Problem(code, severity, message, 1, name)
    for path in _files(state / FOLDER, "*.json"):
        yield from _json_faults(path)


def lock_files(state: Path, moc_root: Path) -> list[Path]:
    """List the tasks' lock files in both of their known places."""
    return [*_files(state / FOLDER, "*.lock"), *_files(moc_root / "data" / "locks", "*.lock")]


def _files(folder: Path, pattern: str) -> list[Path]:
    # Names with a dot are the locks of our own writers.
    found = (path for path in folder.glob(pattern) if not path.name.startswith("."))
    return sorted(path for path in found if path.is_file())


def _faults(
    path: Path, tasks: Collection[str] | None, now: datetime
) -> Iterator[tuple[str, str, Severity]]:
    try:
        lock = read_lock(read_regular(path, MOST_SMALL))
    except (OSError, ValueError) as error:
        yield "bad-lock-file", f"a lock file that cannot be read: {error}", "warning"
        return
    if lock.owner in ("", EMPTY):
        yield "lock-without-owner", "a lock file without an owner", "warning"
    if tasks is not None and lock.task_id not in tasks:
        yield "orphan-lock", f"a lock of the task {lock.task_id!r}, which is missing", "warning"
    if lock.task_id not in ("", path.stem, path.stem.removeprefix("task_")):
        yield "lock-mismatch", f"the file names the task {lock.task_id!r}", "warning"
    if lock.has_expired(now):
        yield (
            "lock-expired",
            f"the lock of {lock.owner} ended at {lock.ends and utc_seconds(lock.ends)}",
            "note",
        )


def _ends(found: Mapping[str, Any]) -> datetime | None:
    told = _moment(found.get("expires_at"))
    if told is not None:
        return told
    begun = [at for at in (_moment(found.get(name)) for name in _BEGUN) if at is not None]
    for name, seconds in _UNITS.items():
        ttl = found.get(name)
        if begun and isinstance(ttl, (int, float)) and not isinstance(ttl, bool):
            return _later(max(begun), ttl * seconds)
    return None


def _later(begun: datetime, seconds: float) -> datetime:
    try:
        return begun + timedelta(seconds=seconds)
    except OverflowError as error:
        raise ValueError(f"a lock for {seconds} s") from error


def _moment(value: object) -> datetime | None:
    """Return the instant that a program wrote; without an offset it is taken as UTC."""
    return find_utc(re.sub("z$", "Z", value.strip())) if isinstance(value, str) else None


def _json_faults(path: Path) -> Iterator[Problem]:
    name = f"{FOLDER}/{path.name}"
    try:
        found = parse_marked_json(read_regular(path, MOST_SMALL))
    except (OSError, ValueError) as error:
        yield Problem("bad-json", "warning", f"not JSON: {error}", 1, name)
        return
    if path.name == ROLE_STATUS and isinstance(found, dict):
        for role, status in found.items():
            if role != "updated_at" and status not in ROLE_STATUSES:
                message = f"{role} has the unknown status {status!r}"
                yield Problem("unknown-role-status", "warning", message, 1, name)
