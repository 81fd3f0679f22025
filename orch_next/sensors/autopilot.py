"""What the autopilot's guard and the audit leave behind in files (contract 1.2; D44: one root)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from orch_next.clock import as_local_iso, find_utc
from orch_next.regular import MOST_SMALL, read_regular
from orch_next.sensors.work import AUDIT, read_tail
from orch_next.storage.json_files import parse_marked_json

GUARD_LOG = Path("data") / "logs" / "current" / "locks_eol_guard.log"
GUARD_HEARTBEAT = GUARD_LOG.with_suffix(".heartbeat")
ROLE_HEARTBEAT = Path("STATE") / "LOCKS" / "heartbeat.json"
# How recent a sign of life must be (contract 1.2, `/api/autopilot/status`).
GUARD_ALIVE = timedelta(seconds=15)
ROLE_ALIVE = timedelta(seconds=180)
ROLE_FILE_ALIVE = timedelta(seconds=900)
AUDIT_ALIVE = timedelta(seconds=120)
_ROLES = ("AUDIT", "WORK")
_LAST_LINES = 200


@dataclass(frozen=True)
class Sign:
    """A sign of the audit's life: when, how recent it must be, and where it comes from."""

    at: datetime | None
    within: timedelta
    source: str

    def is_recent(self, now: datetime) -> bool:
        """Tell whether it is recent enough at this moment."""
        return self.at is not None and now - self.at < self.within


def read_autopilot(root: Path, now: datetime) -> dict[str, Any]:
    """Return the contract's `data`: guard, audit, timestamp; `root` is the ORCH folder."""
    return {
        "guard": _guard(root.parent, now),
        "audit": _audit(root, now),
        "timestamp": as_local_iso(now),
    }


def read_guard_log(moc_root: Path, most: int) -> list[str] | None:
    """Return the last lines of the guard's log with their ends, None without it."""
    return read_tail(moc_root / GUARD_LOG, most)


def _guard(moc_root: Path, now: datetime) -> dict[str, Any]:
    log, heartbeat = moc_root / GUARD_LOG, moc_root / GUARD_HEARTBEAT
    beat, has_log = _modified(heartbeat), _modified(log) is not None
    lines = read_tail(log, _LAST_LINES) or []
    told = [line.strip() for line in lines if line.strip()]
    return {
        "running": beat is not None and now - beat < GUARD_ALIVE,
        "log_exists": has_log,
        "heartbeat_exists": beat is not None,
        "last_update_iso": as_local_iso(beat) if beat and has_log else None,
        "last_event": told[-1] if told else None,
        "path": str(log),
        "heartbeat_path": str(heartbeat),
    }


def _audit(root: Path, now: datetime) -> dict[str, Any]:
    heartbeat, report = root / ROLE_HEARTBEAT, root / AUDIT
    sign = _heartbeat_sign(heartbeat) or Sign(_modified(report), AUDIT_ALIVE, "md_mtime")
    return {
        "active_recently": sign.is_recent(now),
        "path": str(report),
        "last_update_iso": as_local_iso(sign.at) if sign.at else None,
        "heartbeat_path": str(heartbeat),
        "source": sign.source,
    }


def _heartbeat_sign(path: Path) -> Sign | None:
    """Return AUDIT's stamp, else WORK's, else the file's time; None without the file."""
    modified = _modified(path)
    if modified is None:
        return None
    stamps = _read_object(path)
    for role in _ROLES:
        at = find_utc(str(stamps.get(role)))
        if at is not None:
            return Sign(at, ROLE_ALIVE, "heartbeat")
    return Sign(modified, ROLE_FILE_ALIVE, "heartbeat")


def _read_object(path: Path) -> Mapping[str, Any]:
    try:
        found = parse_marked_json(read_regular(path, MOST_SMALL))
    except (OSError, ValueError):
        return {}  # somebody else writes it; its time still counts
    return found if isinstance(found, dict) else {}


def _modified(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    except OSError:
        return None
