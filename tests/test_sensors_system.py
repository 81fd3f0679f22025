"""The host in detail: the legacy's score, words and keys; nothing invented."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import psutil
import pytest

from orch_next.sensors.bios import UNKNOWN, describe
from orch_next.sensors.host import HostReading
from orch_next.sensors.system import Judgement, SystemSensor, judge, read_processes

NOW = datetime(2025, 10, 9, tzinfo=timezone.utc)
HOST = HostReading(NOW, 12.5, 8 << 30, 6 << 30, 25.0, 30.0, "Linux-6", "3.12.1")
CPU, MEMORY = "CPU使用率が高い状態です", "メモリ使用率が高い状態です"


def disk(device: str, percentage: float) -> dict[str, Any]:
    return {"device": device, "percentage": percentage}


@pytest.mark.parametrize(
    ("cpu", "memory", "full", "judgement"),
    [
        (80.0, 85.0, 0, Judgement(100, "良好", ())),
        (80.1, 0.0, 0, Judgement(80, "良好", (CPU,))),
        (81.0, 86.0, 0, Judgement(65, "警告", (CPU, MEMORY))),
        (0.0, 86.0, 1, Judgement(75, "警告", (MEMORY, "ディスク D0: の使用率が高い状態です"))),
    ],
)
def test_the_score_and_its_word(cpu: float, memory: float, full: int, judgement: Judgement) -> None:
    disks = [disk("C:", 90.0), *(disk(f"D{n}:", 90.1) for n in range(full))]
    assert judge(cpu, memory, disks) == judgement


def test_the_score_never_falls_below_zero() -> None:
    found = judge(99.0, 99.0, [disk(f"/dev/sd{n}", 99.0) for n in range(20)])
    assert (found.score, found.status) == (0, "注意")


def test_a_look_measures_this_host() -> None:
    found = SystemSensor(lambda: HOST, with_processes=True).look()
    memory, cpu = found["memory_info"], found["cpu_info"]
    assert (memory["total"], memory["used"], memory["used_gb"]) == (8 << 30, 2 << 30, 2.0)
    assert (cpu["cpu_usage"], len(cpu["per_core_usage"])) == (12.5, psutil.cpu_count())
    assert [set(one) for one in found["top_processes"]][:1] == [
        {"pid", "name", "cpu_percent", "memory_percent"}
    ]


def test_the_first_look_at_processes_has_no_cpu_share() -> None:
    first, second = read_processes(measured=False), read_processes(measured=True)
    assert {one["cpu_percent"] for one in first} == {None}
    assert all(isinstance(one["cpu_percent"], float) for one in second)


def test_the_process_list_can_be_left_out() -> None:
    assert SystemSensor(lambda: HOST, with_processes=False).look()["top_processes"] == []


def test_the_registry_is_described_as_far_as_it_goes() -> None:
    def read(key: str, name: str) -> str:
        if "CentralProcessor" in key:
            raise FileNotFoundError(name)
        return f"値 {name}"

    assert describe(read) == {
        "bios": "値 BIOSVendor,値 BIOSVersion,値 BIOSReleaseDate",
        "motherboard": "値 BaseBoardManufacturer,値 BaseBoardProduct",
        "memory": UNKNOWN,
        "cpu_detail": UNKNOWN,
    }
