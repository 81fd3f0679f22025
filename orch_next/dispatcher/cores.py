"""Read `config/cores.toml`: who works, in which mode, with which limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from orch_next.errors import ConfigError, InputError
from orch_next.storage.toml_settings import (
    Reader,
    boolean,
    filled_text,
    filled_texts,
    filled_texts_by_name,
    load_settings_file,
    one_of,
    read_table,
    tables,
    whole,
)

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
    return load_settings_file(path, partial(parse_cores, base=base))


def parse_cores(data: Mapping[str, Any], *, base: Path) -> Cores:
    """Turn parsed TOML into cores; raise `ConfigError` naming the key."""
    given = read_table(data, _TOP)
    known = {name: _core(name, table, base) for name, table in given.get("cores", {}).items()}
    return Cores(known, given.get("allow_commands_without_token", False))


def _core(core_id: str, table: Any, base: Path) -> Core:
    name = f"cores.{core_id}"
    if not CORE_ID.match(core_id):
        raise ConfigError(f"{name}: an id holds 1 to 64 of A-Z a-z 0-9 _ . -")
    given = read_table(table, _READERS, name)
    folder = base / given.pop("cwd", ".")
    core = Core(core_id, given.pop("role", role_of(core_id)), cwd=folder, **given)
    if (core.mode == "command") != bool(core.command):
        raise ConfigError(f'{name}: mode = "command" and command = [...] go together')
    return core


_TOP: Mapping[str, Reader] = {
    "cores": tables("WORK_AI_01"),
    "allow_commands_without_token": boolean,
}
_READERS: Mapping[str, Reader] = {
    "role": filled_text,
    "mode": one_of(MODES),
    "limit": whole(1),
    "command": filled_texts,
    "cwd": filled_text,
    "timeout_seconds": whole(1),
    "output_limit_bytes": whole(1),
    "environment": filled_texts_by_name,
    "pass_environment": filled_texts,
    "stay": boolean,
    "may_leave_processes": boolean,
    "orch_integration": boolean,
    "interval_seconds": whole(1, LONGEST_INTERVAL),
}
