"""What `POST /dispatch` asks for, and a core that takes tasks because of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orch_next.dispatcher.cores import (
    DEFAULT_INTERVAL,
    LONGEST_INTERVAL,
    Core,
    Cores,
    check_core_id,
)
from orch_next.errors import InputError

ACTION = "Dispatch"
MISSING_CORE = "coreId は必須です"


@dataclass(frozen=True)
class DispatchRequest:
    """The checked body of `POST /dispatch` (contract 1.2, D35, D36)."""

    core_id: str
    stay: bool = True
    integration: bool = True
    interval: int = DEFAULT_INTERVAL

    @property
    def argv(self) -> list[str]:
        """Return the command line that does the same as this request."""
        line = ["orch-next", "dispatch", "--core-id", self.core_id]
        if self.stay:
            line.append("--stay")
        if self.integration:
            line += ["--enable-orch-integration", "--interval", str(self.interval)]
        return line


def parse_request(body: Any, cores: Callable[[], Cores] = Cores) -> DispatchRequest:
    """Check a body strictly; what it leaves out is as the core has it in `cores`.

    Raise `InputError` with the contract's message (D36), and what `cores` raises.
    """
    if not isinstance(body, dict):
        raise InputError("the body must be a JSON object")
    core_id = body.get("coreId")
    if core_id is None or core_id == "":
        raise InputError(MISSING_CORE)
    if not isinstance(core_id, str):
        raise InputError("coreId must be a string")
    if body.get("action", ACTION) != ACTION:
        raise InputError(f"action must be {ACTION}")
    core = cores().get(check_core_id(core_id))
    return DispatchRequest(
        core.id,
        _boolean(body, "stay", core.stay),
        _boolean(body, "enableOrchIntegration", core.orch_integration),
        # 0 left the argument out in the legacy: the default.
        _seconds(body, core.interval_seconds) or core.interval_seconds,
    )


def parse_stop(body: Any) -> str | None:
    """Return the core to stop; None (no body, no coreId) means all (contract 1.2)."""
    core_id = body.get("coreId") if isinstance(body, dict) else None
    if core_id is None or core_id == "":
        return None
    if not isinstance(core_id, str):
        raise InputError("coreId must be a string")
    return check_core_id(core_id)


def _boolean(body: dict[str, Any], name: str, otherwise: bool) -> bool:
    value = body.get(name, otherwise)
    if not isinstance(value, bool):
        raise InputError(f"{name} must be true or false")
    return value


def _seconds(body: dict[str, Any], otherwise: int) -> int:
    value = body.get("intervalSec", otherwise)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError("intervalSec must be a whole number")
    if not 0 <= value <= LONGEST_INTERVAL:
        raise InputError(f"intervalSec must be between 0 and {LONGEST_INTERVAL}")
    return value


@dataclass
class Session:
    """A core at work: `due` (monotonic seconds) is when it looks for a task next.

    `draining`: finishes, takes no more. `stopping`: its commands are being ended.
    `silent`: a pull core that did not fetch what it was offered; nothing more is offered
    until it is heard of. `problem`: why it cannot work, for people. `uid`: the row that wants
    it; `nudges`: how often it was told to look for a task.
    """

    core: Core
    request: DispatchRequest
    pid: int
    due: float = 0.0
    taken: int = 0
    draining: bool = False
    stopping: bool = False
    silent: bool = False
    problem: str = ""
    uid: str = ""
    nudges: int = 0

    @property
    def hindrance(self) -> str:
        """Say what keeps the session from taking tasks; empty when nothing does."""
        return f"{self.core.id} is draining" if self.draining else self.problem

    def as_event(self, at: datetime) -> dict[str, Any]:
        """Return what `dispatcher_started` and `dispatcher_stopped` tell (contract 2, D53)."""
        return {
            "coreId": self.core.id,
            "pid": self.pid,
            "command": " ".join(self.request.argv),
            "timestamp": at.astimezone().replace(tzinfo=None).isoformat(timespec="microseconds"),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the contract's seven keys; `pid` is the process that runs the session."""
        return describe(self.request, self.pid)


def describe(request: DispatchRequest, pid: int) -> dict[str, Any]:
    """Return the contract's seven keys of a session."""
    return {
        "pid": pid,
        "name": "orch-next",
        "cmdline": request.argv,
        "coreId": request.core_id,
        "intervalSec": request.interval,
        "stay": request.stay,
        "enableOrchIntegration": request.integration,
    }
