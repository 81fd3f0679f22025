"""One dispatcher per STATE folder: a process lock that ends with its process."""

from __future__ import annotations

import threading
from pathlib import Path

from filelock import FileLock, Timeout

from orch_next.storage.atomic import make_lock
from orch_next.storage.disk import Disk
from orch_next.storage.leader import FixedLeadership, Leadership
from orch_next.storage.private import may_write

LOCK_NAME = ".dispatcher.lock"


class Ownership:
    """The right to dispatch; held until `release` or the end of the process.

    It is taken only while this process is the leader.
    """

    def __init__(
        self,
        state_folder: Path,
        leader: Leadership | None = None,
        disk: Disk | None = None,
    ) -> None:
        self._leader = leader or FixedLeadership()
        self._disk = disk or Disk()
        # thread_local=False: the loop's thread and the requests' threads share it.
        self._lock = FileLock(state_folder / LOCK_NAME, thread_local=False)
        # Two threads that take it at once would each open the file, and one of them be refused.
        self._taking = threading.Lock()

    @property
    def held(self) -> bool:
        """Tell whether this process dispatches."""
        return bool(self._lock.is_locked)

    def take(self) -> bool:
        """Take the right if nobody has it; tell whether this process has it now."""
        with self._taking:
            return self.held or (self._leader.is_leader() and self._acquire())

    def _acquire(self) -> bool:
        try:
            make_lock(Path(self._lock.lock_file), self._disk)
            self._lock.acquire(timeout=0)
        except (Timeout, OSError):
            return False
        return True

    def is_barred(self) -> bool:
        """Tell whether this process may not even ask: the folder cannot be written."""
        path = Path(self._lock.lock_file)
        return not may_write(path.parent, path)

    def hindrance(self) -> str:
        """Say why this process does not get the right."""
        if self.is_barred():
            return f"{Path(self._lock.lock_file).parent.name} cannot be written"
        return "another process dispatches for this STATE folder"

    def release(self) -> None:
        """Give the right back."""
        if self.held:
            self._lock.release()
