"""The host's figures of the event stream's heartbeat (contract 1.2, `/events`)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psutil

from orch_next.sensors.host import HostReading

MEGABYTE = 1024 * 1024


def read_vitals(host: HostReading) -> dict[str, Any]:
    """Return CPU percent, memory and the counters since boot in MB; None where there are none."""
    disk, net = psutil.disk_io_counters(), psutil.net_io_counters()
    return {
        "cpu_percent": host.cpu_percent,
        "mem_used_mb": (host.memory_total - host.memory_available) // MEGABYTE,
        "mem_total_mb": host.memory_total // MEGABYTE,
        "disk_read_mb": disk.read_bytes // MEGABYTE if disk else None,
        "disk_write_mb": disk.write_bytes // MEGABYTE if disk else None,
        "net_sent_mb": net.bytes_sent // MEGABYTE if net else None,
        "net_recv_mb": net.bytes_recv // MEGABYTE if net else None,
    }


class Vitals:
    """The last figures, in memory: streams read them in the loop, a real thread samples."""

    def __init__(self, read: Callable[[], HostReading]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._last: dict[str, Any] = {}

    def sample(self) -> None:
        """Look at the host now."""
        found = read_vitals(self._read())
        with self._lock:
            self._last = found

    def latest(self) -> dict[str, Any]:
        """Return the last sample; look only when there was never one."""
        if not self._last:
            self.sample()
        return self._last
