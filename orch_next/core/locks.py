"""Keep `STATE/LOCKS/heartbeat.json` and `role_status.json` in their known form (contract 5.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from orch_next.clock import utc_seconds
from orch_next.errors import DamagedError, LedgerError
from orch_next.ledger.disk import Disk
from orch_next.ledger.lock import locked
from orch_next.ledger.whole import make_folders, replace_whole
from orch_next.regular import MOST_SMALL, read_regular

FOLDER = "LOCKS"
HEARTBEAT = "heartbeat.json"
ROLE_STATUS = "role_status.json"
ROLE_STATUSES = ("idle", "in_progress", "blocked", "completed")


class RoleFiles:
    """Writes the two files that show each role's life; other keys and writers are kept.

    Raise `DamagedError` for a file that is no JSON object, `BusyError` when another
    process holds it for longer than `timeout` seconds, `LedgerError` when the disk refuses,
    `UncertainError` when it did not confirm what is in place.
    """

    def __init__(
        self, state_folder: Path, *, timeout: float = 2.0, disk: Disk | None = None
    ) -> None:
        self.folder = state_folder / FOLDER
        self.timeout = timeout
        self._disk = disk or Disk()

    def beat(self, roles: Mapping[str, datetime]) -> None:
        """Set the heartbeat of each role to its instant."""
        if roles:
            stamps = {role: utc_seconds(at) for role, at in roles.items()}
            self._update(HEARTBEAT, lambda data: data | stamps)

    def set_statuses(self, statuses: Mapping[str, str], at: datetime) -> None:
        """Set each role's status; a file that says so already is not written."""

        def change(data: dict[str, Any]) -> dict[str, Any]:
            if all(data.get(role) == status for role, status in statuses.items()):
                return data
            return data | {"updated_at": utc_seconds(at)} | dict(statuses)

        self._update(ROLE_STATUS, change)

    def read(self, name: str) -> dict[str, Any]:
        """Return the file's object; a missing file is an empty one."""
        try:
            return _parse(name, read_regular(self.folder / name, MOST_SMALL))
        except FileNotFoundError:
            return {}

    def _update(self, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        try:
            make_folders(self.folder, self._disk)
            with locked(self.folder / f".{name}.lock", self.timeout, disk=self._disk):
                before = self.read(name)
                after = change(before)
                if after != before:
                    text = json.dumps(after, ensure_ascii=False, indent=2) + "\n"
                    replace_whole(self.folder / name, text.encode(), self._disk)
        except OSError as error:
            raise LedgerError(f"{name} was not written: {error.strerror}") from error


def _parse(name: str, data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise DamagedError(f"{name} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise DamagedError(f"{name} does not hold an object")
    return found
