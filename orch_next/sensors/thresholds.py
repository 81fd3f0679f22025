"""Alerts of the host: a part that stays busy for a minute (docs/sensors.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any

from orch_next.clock import as_local_iso
from orch_next.sensors.history import Point

SUSTAINED_SECONDS = 60


@dataclass(frozen=True)
class Thresholds:
    """Percent above which a part of the host is in trouble; above 100: never."""

    cpu: float = 90.0
    memory: float = 90.0
    disk: float = 95.0


def host_troubles(
    points: Sequence[Point], limits: Thresholds, now: datetime
) -> list[dict[str, Any]]:
    """Return an alert for each part whose mean of the last minute is above its limit.

    `points` are readings of at least that minute; a shorter story proves nothing.
    """
    start = now.timestamp() - SUSTAINED_SECONDS
    recent = [point for point in points if point.at >= start]
    if not recent or points[0].at > start:
        return []
    parts = (
        ("host_cpu_high", "CPU使用率", fmean(p.cpu for p in recent), limits.cpu),
        ("host_memory_high", "メモリ使用率", fmean(p.memory for p in recent), limits.memory),
        ("host_disk_high", "ディスク使用率", fmean(p.disk for p in recent), limits.disk),
    )
    return [
        {
            "id": name,
            "type": "warning",
            "title": f"{title}が高い状態です",
            "message": f"{title}: {mean:.1f}% (> {limit:g}%)",
            "timestamp": as_local_iso(now),
        }
        for name, title, mean, limit in parts
        if mean > limit
    ]
