"""Read a file while no editor has it open for writing."""

from __future__ import annotations

import time
from pathlib import Path

from orch_next.storage.disk import Disk

_PAUSE = 0.001


def read_settled(disk: Disk, path: Path, deadline: float) -> tuple[bytes, bool]:
    """Return the bytes, and False when a writer still had the file open at the deadline.

    On Linux a lease keeps writers out during the read; elsewhere nobody can tell, and the
    bytes count as settled. `deadline` is on the monotonic clock.
    """
    while True:
        data, settled = _read_once(disk, path)
        if settled or time.monotonic() >= deadline:
            return data, settled
        time.sleep(_PAUSE)


def _read_once(disk: Disk, path: Path) -> tuple[bytes, bool]:
    fd = disk.open_read(path)
    try:
        leased = disk.lease(fd)
        parts = []
        while part := disk.read(fd):
            parts.append(part)
        return b"".join(parts), leased is not False
    finally:
        # Closing gives the lease back.
        disk.close(fd)
