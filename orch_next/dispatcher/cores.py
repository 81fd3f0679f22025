"""Read `config/cores.toml`: who works, in which mode, with which limits."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orch_next.errors import ConfigError, InputError
from orch_next.regular import MOST_SMALL, read_regular

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CORES_FILE = Path("config") / "cores.toml"
MODES = ("pull", "command")
# Seconds between two looks for a task (contract 1.2, `intervalSec`).
DEFAULT_INTERVAL = 5
LONGEST_INTERVAL = 86_400
# Defect D35: what a core may be called; \Z because $ would let a line end through.
CORE_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


@dataclass(frozen=True)
class Core:
    """One worker: `pull` asks by itself, `command` is started by the dispatcher.

    `limit` is the number of tasks at a time; `command` an argument list (never a shell
    line); `cwd` its folder; times in seconds, `output_limit_bytes` for one attempt. `stay`,
    `orch_integration` and `interval_seconds` hold where `POST /dispatch` does not say. What a
    command that succeeded left running is ended, unless it `may_leave_processes`.
    """

    id: str
    role: str
    mode: str = "pull"
    limit: int = 1
    command: tuple[str, ...] = ()
    cwd: Path = Path()
    timeout_seconds: int = 1800
    output_limit_bytes: int = 10_000_000
    environment: Mapping[str, str] = field(default_factory=dict)
    pass_environment: tuple[str, ...] = ()
    stay: bool = True
    orch_integration: bool = True
    interval_seconds: int = DEFAULT_INTERVAL
    may_leave_processes: bool = False


@dataclass(frozen=True)
class Cores:
    """All cores by id, and whether commands may run without token authentication."""

    known: Mapping[str, Core] = field(default_factory=dict)
    allow_commands_without_token: bool = False

    def get(self, core_id: str) -> Core:
        """Return the core; one that no file names is a `pull` core of its id's role."""
        return self.known.get(core_id) or Core(check_core_id(core_id), role_of(core_id))


def check_core_id(core_id: str) -> str:
    """Return the id, or raise `InputError` for what D35 does not allow."""
    if not CORE_ID.match(core_id):
        raise InputError("coreId may hold 1 to 64 of A-Z a-z 0-9 _ . -")
    return core_id


def is_core_id(text: str) -> bool:
    """Tell whether a core may be called so."""
    return bool(CORE_ID.match(text))


def role_of(core_id: str) -> str:
    """Return the part before the first `_`: `WORK` for `WORK_AI_01` (contract 5.3)."""
    return core_id.split("_", 1)[0]


def load_cores(path: Path, *, base: Path) -> Cores:
    """Read the file (a missing one names no core); relative `cwd` starts at `base`.

    Raise `ConfigError` naming the key for anything unknown, mistyped or impossible.
    """
    try:
        data = tomllib.loads(read_regular(path, MOST_SMALL).decode("utf-8"))
    except FileNotFoundError:
        return Cores()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        return parse_cores(data, base=base)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse_cores(data: Mapping[str, Any], *, base: Path) -> Cores:
    """Turn parsed TOML into cores; raise `ConfigError` naming the key."""
    _known(data, {"cores", "allow_commands_without_token"}, "")
    allowed = _boolean("allow_commands_without_token", data.get("allow_commands_without_token"))
    tables = data.get("cores", {})
    if not isinstance(tables, dict):
        raise ConfigError("cores must be tables such as [cores.WORK_AI_01]")
    return Cores({name: _core(name, table, base) for name, table in tables.items()}, allowed)


def _core(core_id: str, table: Any, base: Path) -> Core:
    name = f"cores.{core_id}"
    if not CORE_ID.match(core_id):
        raise ConfigError(f"{name}: an id holds 1 to 64 of A-Z a-z 0-9 _ . -")
    if not isinstance(table, dict):
        raise ConfigError(f"{name} must be a table")
    _known(table, set(_READERS), f"{name}.")
    given = {key: _READERS[key](f"{name}.{key}", value) for key, value in table.items()}
    folder = base / given.pop("cwd", ".")
    core = Core(core_id, given.pop("role", role_of(core_id)), cwd=folder, **given)
    if core.mode not in MODES:
        raise ConfigError(f"{name}.mode must be one of {', '.join(MODES)}")
    if (core.mode == "command") != bool(core.command):
        raise ConfigError(f'{name}: mode = "command" and command = [...] go together')
    return core


def _known(table: Mapping[str, Any], names: set[str], prefix: str) -> None:
    unknown = sorted(set(table) - names)
    if unknown:
        raise ConfigError(f"unknown key: {prefix}{unknown[0]}")


def _boolean(name: str, value: Any) -> bool:
    if value is not None and not isinstance(value, bool):
        raise ConfigError(f"{name} must be true or false")
    return bool(value)


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"{name} must be a whole number above 0")
    return value


def _interval(name: str, value: Any) -> int:
    seconds = _positive(name, value)
    if seconds > LONGEST_INTERVAL:
        raise ConfigError(f"{name} must be at most {LONGEST_INTERVAL}")
    return seconds


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ConfigError(f"{name} must be text that is not empty")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ConfigError(f"{name} must be a list of texts")
    return tuple(_text(name, item) for item in value)


def _mapping(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigError(f"{name} must be a table of texts")
    return {key: _text(f"{name}.{key}", item) for key, item in value.items()}


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "role": _text,
    "mode": _text,
    "limit": _positive,
    "command": _texts,
    "cwd": _text,
    "timeout_seconds": _positive,
    "output_limit_bytes": _positive,
    "environment": _mapping,
    "pass_environment": _texts,
    "stay": _boolean,
    "may_leave_processes": _boolean,
    "orch_integration": _boolean,
    "interval_seconds": _interval,
}
