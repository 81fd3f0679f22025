"""Show each role's life in `STATE/LOCKS`, as the legacy's cores did (contract 5.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from orch_next.core.locks import RoleFiles
from orch_next.core.schema import ROLES
from orch_next.dispatcher.sessions import Session

# Seconds between heartbeats of one role: each is a durable write.
BEAT_SECONDS = 60.0


@dataclass
class Presence:
    """Writes `heartbeat.json` and `role_status.json` for sessions with integration."""

    files: RoleFiles
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._beaten: dict[str, float] = {}

    def show(self, sessions: Iterable[Session], busy: set[str], at: float) -> None:
        """Write what changed at monotonic second `at`; `busy` are the cores with leases."""
        statuses = _statuses([one for one in sessions if one.request.integration], busy)
        for role in set(self._shown) - set(statuses):
            statuses[role] = "idle"
        if statuses != self._shown:
            self.files.set_statuses(statuses, self.now())
            self._shown = statuses
        self.beat(set(statuses), at)

    def beat(self, roles: Iterable[str], at: float) -> None:
        """Write the roles' heartbeats, each at most once in BEAT_SECONDS."""
        due = {one for one in roles if at - self._beaten.get(one, -BEAT_SECONDS) >= BEAT_SECONDS}
        self.files.beat(dict.fromkeys(sorted(due), self.now()))
        self._beaten.update(dict.fromkeys(due, at))


def _statuses(sessions: list[Session], busy: set[str]) -> dict[str, str]:
    """Say what each role does: any busy core makes it in_progress, any problem blocked."""
    found: dict[str, str] = {}
    for session in sessions:
        role = session.core.role
        if role not in ROLES:  # both files know roles, not any core's name
            continue
        if session.core.id in busy:
            found[role] = "in_progress"
        elif session.problem and found.get(role) != "in_progress":
            found[role] = "blocked"
        else:
            found.setdefault(role, "idle")
    return found
