"""One outcome of work, checked once (contract 0.2 WorkOutcome, PS1Parameters; 1.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orch_next.clock import parse_local, utc_micros
from orch_next.core.events import hash_payload
from orch_next.errors import InputError

# In the order in which the contract names the first missing one.
REQUIRED = ("task_id", "operation_type", "success", "execution_time_ms")
TUNED = ("timeout_ms", "retry_count", "batch_size", "memory_limit_mb")
LONGEST_NAME = 255
MOST_FILES = 10_000
LONGEST_OUTCOME = 262_144
MOST_MS = 366 * 86_400_000.0
MOST_PARAMETER = 2**53
# A comparison that NaN and whole numbers of any length survive.
_LARGEST = 1e300
AHEAD = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class WorkOutcome:
    """What one run did; `timestamp` is aware UTC, times are milliseconds.

    `script` is what is learned about, `source` is `api` or `dispatcher`, `counts` says
    that the run ended by its own doing: only such runs are learned from.
    """

    task_id: str
    operation_type: str
    success: bool
    execution_time_ms: float
    timestamp: datetime
    outcome_hash: str
    error_message: str | None = None
    files_modified: tuple[str, ...] = ()
    ps1_parameters_used: Mapping[str, Any] = field(default_factory=dict)
    performance_metrics: Mapping[str, Any] = field(default_factory=dict)
    source: str = "api"
    counts: bool = True

    @property
    def script(self) -> str:
        """Return the name that `/api/ml/optimize` asks for: `script_name`, else the operation."""
        named = self.ps1_parameters_used.get("script_name")
        return named if isinstance(named, str) and named else self.operation_type

    @property
    def items(self) -> float:
        """Return how many pieces of work the run did (`performance_metrics.items`), else 1."""
        done: Any = self.performance_metrics.get("items")
        return float(done) if _is_number(done) and done > 0 else 1.0

    @property
    def setting(self) -> tuple[int, ...] | None:
        """Return the four tuned parameters in the order of `TUNED`; None unless all are known."""
        used = [self.ps1_parameters_used.get(name) for name in TUNED]
        return tuple(int(one) for one in used if one is not None) if None not in used else None

    def as_json(self) -> dict[str, Any]:
        """Return the contract's keys but `timestamp`, and the additive hash and source."""
        return {
            "task_id": self.task_id,
            "operation_type": self.operation_type,
            "success": self.success,
            "execution_time_ms": self.execution_time_ms,
            "error_message": self.error_message,
            "files_modified": list(self.files_modified),
            "performance_metrics": dict(self.performance_metrics),
            "outcome_hash": self.outcome_hash,
            "source": self.source,
        }


@dataclass(frozen=True)
class PS1Parameters:
    """A parameter set as clients see it; `success_rate` is 0..1."""

    parameter_set_id: str
    timeout_ms: int
    retry_count: int
    batch_size: int
    memory_limit_mb: int
    success_rate: float
    avg_execution_time_ms: float


def parse_outcome(members: Mapping[str, Any], now: datetime) -> WorkOutcome:
    """Check the members of a request; raise `InputError`, in the contract's words if one is absent.

    The hash is that of the content: the same body again is the same outcome. Runs that do
    not differ in anything need the additive member `timestamp` (ISO; naive means local).
    """
    for name in REQUIRED:
        if members.get(name) is None:
            raise InputError(f"必須フィールドが不足: {name}")
    checked = {name: check(name, members.get(name)) for name, check in _CHECKS.items()}
    if len(json.dumps(checked)) > LONGEST_OUTCOME:
        raise InputError(f"an outcome has at most {LONGEST_OUTCOME} characters")
    at = _moment(members.get("timestamp"), now)
    stamp = {} if members.get("timestamp") is None else {"timestamp": utc_micros(at)}
    return WorkOutcome(**checked, timestamp=at, outcome_hash=hash_payload({**checked, **stamp}))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LARGEST


def _name(name: str, value: Any) -> str:
    text = _text(name, value).strip()
    if not 0 < len(text) <= LONGEST_NAME:
        raise InputError(f"{name} must have 1 to {LONGEST_NAME} characters")
    return text


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name} must be a string")
    text: str = storable(value)
    return text


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{name} must be true or false")
    return value


def _milliseconds(name: str, value: Any) -> float:
    if not _is_number(value) or not 0 <= value <= MOST_MS:
        raise InputError(f"{name} must be a number of milliseconds, at most a year")
    return float(value)


def _optional_text(name: str, value: Any) -> str | None:
    return None if value is None else _text(name, value)


def _files(name: str, value: Any) -> tuple[str, ...]:
    listed = [] if value is None else value
    if not isinstance(listed, list) or len(listed) > MOST_FILES:
        raise InputError(f"{name} must be an array of at most {MOST_FILES} strings")
    return tuple(_text(f"{name}[{at}]", one) for at, one in enumerate(listed))


def _members(name: str, value: Any) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise InputError(f"{name} must be an object")
    cleaned = storable(value or {})
    return dict(cleaned)


def _parameters(name: str, value: Any) -> dict[str, Any]:
    found = _members(name, value)
    for key in TUNED:
        if found.get(key) is not None:
            found[key] = _whole(f"{name}.{key}", found[key])
    if found.get("script_name") is not None:
        found["script_name"] = _name(f"{name}.script_name", found["script_name"])
    return found


def _whole(name: str, value: Any) -> int:
    if not _is_number(value) or value != int(value) or not 0 <= value <= MOST_PARAMETER:
        raise InputError(f"{name} must be a whole number that is not negative")
    return int(value)


def _moment(value: Any, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        at = parse_local(_text("timestamp", value))
    except ValueError as error:
        raise InputError("timestamp must be an ISO time") from error
    if at > now + AHEAD:
        raise InputError("timestamp lies in the future")
    return at


def storable(value: Any) -> Any:
    """Return a JSON value as PostgreSQL can store it: without NUL."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [storable(one) for one in value]
    if isinstance(value, dict):
        return {storable(key): storable(one) for key, one in value.items()}
    return value


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "task_id": _name,
    "operation_type": _name,
    "success": _flag,
    "execution_time_ms": _milliseconds,
    "error_message": _optional_text,
    "files_modified": _files,
    "ps1_parameters_used": _parameters,
    "performance_metrics": _members,
}
