"""A part of the host that stays busy for a minute is an alert."""

from __future__ import annotations

from datetime import datetime, timezone

from orch_next.sensors.history import Point
from orch_next.sensors.thresholds import Thresholds, host_troubles

NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)


def story(seconds: int, cpu: float) -> list[Point]:
    at = NOW.timestamp()
    return [Point(at - ago, cpu, 20.0, 30.0) for ago in range(seconds, -1, -3)]


def told(points: list[Point], limits: Thresholds) -> list[tuple[str, str]]:
    return [(one["id"], one["message"]) for one in host_troubles(points, limits, NOW)]


def test_a_minute_above_the_limit_is_an_alert() -> None:
    limits = Thresholds(cpu=90, memory=90, disk=25)
    assert told(story(90, 95.0), limits) == [
        ("host_cpu_high", "CPU使用率: 95.0% (> 90%)"),
        ("host_disk_high", "ディスク使用率: 30.0% (> 25%)"),
    ]


def test_a_short_story_and_a_quiet_host_are_none() -> None:
    assert told(story(30, 99.0), Thresholds()) == []
    assert told(story(90, 90.0), Thresholds()) == []
