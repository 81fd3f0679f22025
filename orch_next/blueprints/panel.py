"""What the pages show of the dispatcher (contract 4.1, orchestration panel)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orch_next.core.lease_watch import ForeignLock
from orch_next.dispatcher.control import Control
from orch_next.errors import OrchError

OFFERED_CORES = ("WORK_AI_01", "AUDIT_AI_01", "CMD_AI_01")


@dataclass(frozen=True)
class Panel:
    """The dispatcher's sessions, the cores one may start, and locks that are not ours.

    `problems` says for each core, or part, what hinders it.
    """

    sessions: Sequence[Mapping[str, Any]]
    draining: Sequence[str]
    cores: Sequence[str]
    foreign: Sequence[ForeignLock]
    problems: Mapping[str, str]


def read_panel(control: Control) -> Panel:
    """Look at the dispatcher; what cannot be read is among the problems."""
    status = control.status()
    problems: dict[str, str] = dict(status["problems"])
    cores, foreign = list(OFFERED_CORES), list[ForeignLock]()
    try:
        cores = list(dict.fromkeys([*cores, *control.load_cores().known]))
        foreign = control.foreign_locks()
    except OrchError as error:
        problems[""] = str(error)
    return Panel(status["processes"], status["draining"], cores, foreign, problems)
