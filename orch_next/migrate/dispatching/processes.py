"""Processes that look like the legacy's dispatcher (contract 5.1, discovery)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psutil

from orch_next.migrate.dispatching.calls import Call, parse_call

_SHELLS = ("powershell", "pwsh")


@dataclass(frozen=True)
class Process:
    """A process of this machine; `cmdline` is None where we may not read it."""

    pid: int
    name: str
    cmdline: tuple[str, ...] | None


def list_processes() -> list[Process]:
    """List the PowerShell processes of this machine."""
    found = []
    for one in psutil.process_iter(("pid", "name", "cmdline")):
        name, line = one.info["name"] or "", one.info["cmdline"]
        if _is_shell(name):
            found.append(Process(one.info["pid"], name, None if line is None else tuple(line)))
    return found


def find_dispatchers(processes: Iterable[Process]) -> list[tuple[Process, Call]]:
    """Return the processes that run `Task-Dispatcher.ps1`, with how they were called."""
    calls = [
        (one, parse_call(one.cmdline)) for one in processes if _is_shell(one.name) and one.cmdline
    ]
    return [(one, call) for one, call in calls if call is not None]


def hidden(processes: Sequence[Process]) -> list[int]:
    """Return the ids of PowerShell processes whose command line we may not read."""
    return [one.pid for one in processes if _is_shell(one.name) and one.cmdline is None]


def _is_shell(name: str) -> bool:
    return any(shell in name.lower() for shell in _SHELLS)
