from __future__ import annotations

from datetime import datetime, timezone

from orch_next.sensors.host import HostReading
from orch_next.sensors.vitals import Vitals, read_vitals
from tests.shapes import differences

NOW = datetime(2025, 10, 9, tzinfo=timezone.utc)
SHAPE = {
    "cpu_percent": 12.5,
    "mem_used_mb": 3,
    "mem_total_mb": 8,
    "disk_read_mb": (int, None),
    "disk_write_mb": (int, None),
    "net_sent_mb": (int, None),
    "net_recv_mb": (int, None),
}


def reading() -> HostReading:
    return HostReading(NOW, 12.5, 8 << 20, 5 << 20, 37.5, 30.0, "Linux", "3.12.1")


def test_the_figures_are_megabytes_and_the_contracts() -> None:
    assert differences(read_vitals(reading()), SHAPE) == []


def test_the_host_is_looked_at_when_told_and_not_when_asked() -> None:
    looks: list[int] = []

    def look() -> HostReading:
        looks.append(1)
        return reading()

    vitals = Vitals(look)
    found = [vitals.latest(), vitals.latest()]
    vitals.sample()
    assert (found[0] is found[1], len(looks), differences(found[0], SHAPE)) == (True, 2, [])
