"""Host readings and lock files: never waiting, never older than a second."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from orch_next.sensors.host import HostReading, HostSensor
from orch_next.sensors.locks import LockFile, list_locks

START = datetime(2025, 10, 9, tzinfo=timezone.utc)
READING = HostReading(START, 10.0, 100, 75, 25.0, 5.5, "Linux", "3.12.1")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.mark.parametrize(
    ("cpu", "score", "status"),
    [
        (10.0, 75.0, "good"),
        (20.0, 75.0, "good"),
        (55.55, 44.5, "warning"),
        (99.0, 1.0, "critical"),
        (130.0, 0.0, "critical"),
    ],
)
def test_score_is_what_the_busiest_part_leaves(cpu: float, score: float, status: str) -> None:
    reading = replace(READING, cpu_percent=cpu)
    assert (reading.score, reading.status) == (score, status)


def test_an_idle_host_is_excellent() -> None:
    assert replace(READING, memory_percent=20.0).status == "excellent"


def test_the_host_is_looked_at_once_a_second(tmp_path: Path) -> None:
    clock = Clock()
    sensor = HostSensor(str(tmp_path), now=clock)
    first = sensor.read()
    clock.at += timedelta(milliseconds=999)
    assert sensor.read() is first
    clock.at += timedelta(milliseconds=1)
    assert sensor.read().at == START + timedelta(seconds=1)


def test_a_clock_set_back_does_not_freeze_the_reading(tmp_path: Path) -> None:
    clock = Clock()
    sensor = HostSensor(str(tmp_path), now=clock)
    clock.at -= timedelta(hours=1)
    assert sensor.read().at == clock.at


def test_shares_are_percent(tmp_path: Path) -> None:
    clock = Clock()
    sensor = HostSensor(str(tmp_path), now=clock)
    clock.at += timedelta(seconds=2)
    reading = sensor.read()
    shares = (reading.cpu_percent, reading.memory_percent, reading.disk_percent)
    assert [share for share in shares if not 0 <= share <= 100] == []
    assert reading.memory_total > reading.memory_available > 0


def test_lock_files_have_size_and_utc_time(tmp_path: Path) -> None:
    path = tmp_path / "監査.lock"
    path.write_bytes(b"1234")
    os.utime(path, (1760000000, 1760000000))
    written = datetime.fromtimestamp(1760000000, timezone.utc)
    assert list_locks(tmp_path) == [LockFile("監査.lock", 4, written)]


def test_a_lock_that_cannot_be_read_has_only_its_name(tmp_path: Path) -> None:
    (tmp_path / "gone.lock").symlink_to(tmp_path / "nowhere")
    assert list_locks(tmp_path) == [LockFile("gone.lock", None, None)]


def test_no_folder_holds_no_locks(tmp_path: Path) -> None:
    assert list_locks(tmp_path / "missing") == []
