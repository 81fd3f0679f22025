"""Keep `STATE/LOCKS/heartbeat.json` and `role_status.json` in their known form (contract 5.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from orch_next.clock import utc_seconds
from orch_next.errors import DamagedError
from orch_next.regular import MOST_SMALL
from orch_next.storage.disk import Disk
from orch_next.storage.json_files import JsonFile

FOLDER = "LOCKS"
HEARTBEAT = "heartbeat.json"
ROLE_STATUS = "role_status.json"
ROLE_STATUSES = ("idle", "in_progress", "blocked", "completed")


class RoleFiles:
    """Writes the two files that show each role's life; other keys and writers are kept.

    Raise `DamagedError` for a file that is no valid JSON object, `BusyError` when another
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
            self._edit(HEARTBEAT, lambda data: data.update(stamps))

    def set_statuses(self, statuses: Mapping[str, str], at: datetime) -> None:
        """Set each role's status; a file that says so already is not written."""

        def change(data: dict[str, Any]) -> None:
            if any(data.get(role) != status for role, status in statuses.items()):
                data.update({"updated_at": utc_seconds(at), **statuses})

        self._edit(ROLE_STATUS, change)

    def read(self, name: str) -> dict[str, Any]:
        """Return the file's object; a missing file is an empty one."""
        return _object(name, self._file(name).read())

    def _edit(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        self._file(name).edit(lambda data: change(_object(name, data)))

    def _file(self, name: str) -> JsonFile:
        path = self.folder / name
        return JsonFile(
            path,
            dict,
            private=False,
            lock_timeout=self.timeout,
            most_read=MOST_SMALL,
            disk=self._disk,
        )


def _object(name: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise DamagedError(f"{name} does not hold an object")
    return found
