"""The host in detail: `/api/system-health` and `/api/system/detailed` (contract 1.2, D16, D18)."""

from __future__ import annotations

import platform
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from orch_next.sensors.bios import read_bios
from orch_next.sensors.host import HostReading

MOST_PROCESSES = 10
MOST_DISKS = 64
BUSY_CPU, BUSY_MEMORY, FULL_DISK = 80, 85, 90
GOOD, FAIR = 80, 60
_MB, _GB = 1024**2, 1024**3

Details = dict[str, Any]


@dataclass(frozen=True)
class Judgement:
    """Score 0..100, the contract's word for it, and what took points away."""

    score: int
    status: str
    warnings: tuple[str, ...]


class SystemSensor:
    """Looks at the whole host; slow (tens of milliseconds), so only in the background.

    `with_processes` False leaves the process list empty (D18).
    """

    def __init__(self, read_host: Callable[[], HostReading], *, with_processes: bool) -> None:
        self._read_host, self._with_processes = read_host, with_processes
        self._fixed = _fixed_facts()
        self._primed = False

    def look(self) -> Details:
        """Return the contract's keys but the timestamps; what cannot be measured is null."""
        host, disks = self._read_host(), read_disks()
        judgement = judge(host.cpu_percent, host.memory_percent, disks)
        return {
            "health_score": judgement.score,
            "health_status": judgement.status,
            "warnings": list(judgement.warnings),
            **self._fixed,
            "cpu_info": read_cpu(host),
            "memory_info": _memory(host),
            "disk_info": disks,
            "network_info": read_network(),
            "top_processes": self._processes(),
            "temperature_info": read_temperatures(),
        }

    def _processes(self) -> list[Details]:
        if not self._with_processes:
            return []
        found, self._primed = read_processes(measured=self._primed), True
        return found


def judge(cpu: float, memory: float, disks: list[Details]) -> Judgement:
    """Take 20 for CPU, 15 for memory, 10 for each full disk; the legacy's words (D18)."""
    warnings = ["CPU使用率が高い状態です"] if cpu > BUSY_CPU else []
    score = 100 - 20 * len(warnings)
    if memory > BUSY_MEMORY:
        warnings.append("メモリ使用率が高い状態です")
        score -= 15
    for disk in disks:
        if disk["percentage"] > FULL_DISK:
            warnings.append(f"ディスク {disk['device']} の使用率が高い状態です")
            score -= 10
    score = max(0, score)
    # The labels stand in the legacy's order: 注意 is worse than 警告.
    status = "良好" if score >= GOOD else "警告" if score >= FAIR else "注意"
    return Judgement(score, status, tuple(warnings))


def read_cpu(host: HostReading) -> Details:
    """Return cores, frequencies in MHz (0 where unknown) and shares in percent."""
    frequency = _frequency()
    return {
        "physical_cores": psutil.cpu_count(logical=False),
        "total_cores": psutil.cpu_count() or 1,
        "max_frequency": float(frequency.max) if frequency else 0.0,
        "current_frequency": float(frequency.current) if frequency else 0.0,
        "cpu_usage": host.cpu_percent,
        "per_core_usage": [float(share) for share in psutil.cpu_percent(percpu=True)],
    }


def read_disks() -> list[Details]:
    """Return the mounted disks, sizes in bytes; one that cannot be read is left out."""
    found = []
    for part in psutil.disk_partitions(all=False)[:MOST_DISKS]:
        try:
            usage = psutil.disk_usage(part.mountpoint)
        except OSError:
            continue  # an empty drive, or one that we may not see
        found.append(
            {
                "device": part.device,
                "mountpoint": part.mountpoint,
                "file_system": part.fstype,
                "total": usage.total,
                "used": usage.used,
                "free": usage.free,
                "percentage": float(usage.percent),
                "total_gb": _gb(usage.total),
                "used_gb": _gb(usage.used),
                "free_gb": _gb(usage.free),
            }
        )
    return found


def read_network() -> Details:
    """Return the counters since boot; null where the host has no network."""
    net = psutil.net_io_counters()
    names = ("bytes_sent", "bytes_recv", "packets_sent", "packets_recv")
    counts: Details = {name: getattr(net, name) if net else None for name in names}
    for name in names[:2]:
        counts[f"{name}_mb"] = round(counts[name] / _MB, 2) if net else None
    return counts


def read_processes(*, measured: bool) -> list[Details]:
    """Return the ten busiest; the CPU share is null at the first look, which only begins it."""
    names = ["pid", "name", "cpu_percent", "memory_percent"]
    rows: list[Details] = [process.info for process in psutil.process_iter(names)]
    for row in rows:
        row["name"] = row["name"] or ""
        row["cpu_percent"] = row["cpu_percent"] if measured else None
    rows.sort(key=lambda row: (row["cpu_percent"] or 0, row["memory_percent"] or 0), reverse=True)
    return rows[:MOST_PROCESSES]


def read_temperatures() -> Details:
    """Return readings by sensor in degrees Celsius, or a note where the host gives none."""
    read = getattr(psutil, "sensors_temperatures", None)
    found = read() if read else {}
    if not found:
        return {"note": "温度情報は取得できません"}
    return {name: [reading._asdict() for reading in readings] for name, readings in found.items()}


def _memory(host: HostReading) -> Details:
    used = host.memory_total - host.memory_available
    return {
        "total": host.memory_total,
        "available": host.memory_available,
        "used": used,
        "percentage": host.memory_percent,
        "total_gb": _gb(host.memory_total),
        "available_gb": _gb(host.memory_available),
        "used_gb": _gb(used),
    }


def _fixed_facts() -> Details:
    """Return what does not change while the program runs."""
    return {
        "system_info": {
            "platform": platform.system(),
            "platform_release": platform.release(),
            "platform_version": platform.version(),
            "architecture": platform.machine(),
            "hostname": socket.gethostname(),
            "processor": platform.processor(),
        },
        "bios_info": read_bios(),
    }


def _frequency() -> Any:
    try:
        return psutil.cpu_freq()
    except (OSError, NotImplementedError, RuntimeError):
        return None  # containers and some virtual machines show none


def _gb(size: int) -> float:
    return round(size / _GB, 2)
