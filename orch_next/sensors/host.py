"""Host readings that never block: CPU from two looks at the counters, memory, disk."""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import psutil

# Between two looks less than this apart the CPU share is mostly noise.
SHORTEST_LOOK = timedelta(seconds=1)


@dataclass(frozen=True)
class HostReading:
    """The host at one moment; shares are percent 0..100, memory is bytes, `at` is UTC."""

    at: datetime
    cpu_percent: float
    memory_total: int
    memory_available: int
    memory_percent: float
    disk_percent: float
    platform: str
    python_version: str

    @property
    def score(self) -> float:
        """Return 100 minus the busiest share, 0..100 with one decimal (contract 1.2)."""
        busiest = max(self.cpu_percent, self.memory_percent, self.disk_percent)
        return round(min(100.0, max(0.0, 100.0 - busiest)), 1)

    @property
    def status(self) -> str:
        """Return excellent, good, warning or critical, from the score (contract 1.2)."""
        for name, least in (("excellent", 80), ("good", 60), ("warning", 40)):
            if self.score >= least:
                return name
        return "critical"


class HostSensor:
    """Answer with the present reading; look at the host at most once a second."""

    def __init__(self, disk: str, *, now: Callable[[], datetime]) -> None:
        self._disk = disk
        self._now = now
        self._platform = platform.platform()
        self._lock = threading.Lock()
        self._times = _cpu_times()
        self._last = self._look(0.0)

    def read(self) -> HostReading:
        """Return a reading that is at most a second old, without waiting."""
        with self._lock:
            if abs(self._now() - self._last.at) >= SHORTEST_LOOK:
                before, self._times = self._times, _cpu_times()
                self._last = self._look(_busy_percent(before, self._times))
            return self._last

    def _look(self, cpu_percent: float) -> HostReading:
        memory = psutil.virtual_memory()
        return HostReading(
            at=self._now(),
            cpu_percent=cpu_percent,
            memory_total=memory.total,
            memory_available=memory.available,
            memory_percent=memory.percent,
            disk_percent=psutil.disk_usage(self._disk).percent,
            platform=self._platform,
            python_version=platform.python_version(),
        )


def _cpu_times() -> tuple[float, float]:
    """Return seconds (busy, all) since boot; `guest` is already part of `user`."""
    times = psutil.cpu_times()
    guest = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    idle = times.idle + getattr(times, "iowait", 0.0)
    total = sum(times) - guest
    return total - idle, total


def _busy_percent(before: tuple[float, float], after: tuple[float, float]) -> float:
    total = after[1] - before[1]
    share = 100.0 * (after[0] - before[0]) / total if total > 0 else 0.0
    return round(min(100.0, max(0.0, share)), 1)
