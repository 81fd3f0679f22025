"""One application's readings: sampled once, answered from memory, alerts that fire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orch_next.core.board import Board
from orch_next.events import EventBus, LocalEvent, WebhookEvent
from orch_next.sensors.host import HostSensor
from orch_next.sensors.metrics import Metrics
from orch_next.sensors.station import STALE_SECONDS, SYSTEM_SECONDS, Station, StationOptions
from orch_next.storage.leader import FixedLeadership


@dataclass
class Automation:
    """A dispatcher that says what the test wants."""

    troubles: list[dict[str, str]] = field(default_factory=list)

    def alerts(self) -> list[dict[str, str]]:
        return self.troubles

    def status(self) -> dict[str, Any]:
        return {"processes": [], "problems": {}}

    def stats(self) -> dict[str, Any]:
        return {"leases": 2}


@dataclass
class Desk:
    """A station over the sample ledgers, and a clock that is set by hand."""

    station: Station
    bus: EventBus
    automation: Automation
    at: list[float] = field(default_factory=lambda: [0.0])


@pytest.fixture
def desk(board: Board, now: Callable[[], datetime], tmp_path: Path) -> Desk:
    host, at = HostSensor(str(tmp_path), now=now), [100.0]
    bus, automation = EventBus(), Automation()
    station = Station(
        board,
        host,
        Metrics(bus, now),
        StationOptions(history_days=1, with_processes=False),
        bus=bus,
        leader=FixedLeadership(),
        now=now,
        clock=lambda: at[0],
        automation=automation,
    )
    return Desk(station, bus, automation, at)


def test_nothing_is_measured_before_somebody_asks(desk: Desk) -> None:
    assert (desk.station.is_fresh(), desk.station.uptime) == (False, 0.0)


def test_without_a_background_whoever_asks_samples(desk: Desk) -> None:
    first = desk.station.details()[1]
    desk.at[0] += STALE_SECONDS - 1
    same = desk.station.details()[1]
    desk.at[0] += 2
    assert (first is same, first is desk.station.details()[1]) == (True, False)


def test_every_process_is_looked_at_less_often_than_the_host(desk: Desk) -> None:
    desk.station.sample()
    first = desk.station.details()[1]
    desk.at[0] += 3
    desk.station.sample()
    assert desk.station.details()[1] is first
    desk.at[0] += SYSTEM_SECONDS
    desk.station.sample()
    assert desk.station.details()[1] is not first


def test_troubles_of_others_become_alerts_and_are_told(desk: Desk) -> None:
    heard: list[LocalEvent | WebhookEvent] = []
    desk.station.sample()  # the sample's own alerts
    desk.bus.subscribe(LocalEvent, heard.append)
    desk.bus.subscribe(WebhookEvent, heard.append)
    trouble = {"id": "task_held_007", "type": "error", "title": "タスク保留", "message": "3回失敗"}
    desk.automation.troubles.append(trouble)
    desk.station.sample()
    desk.automation.troubles.clear()
    desk.station.sample()
    assert [one.name for one in heard if isinstance(one, LocalEvent)] == [
        "new_alert",
        "alert_notification",
        "alert_update",
    ]
    told = [(one.name, one.payload["id"]) for one in heard if isinstance(one, WebhookEvent)]
    assert told == [("alert_raised", "task_held_007"), ("alert_resolved", "task_held_007")]


def test_the_events_of_the_monitor(desk: Desk) -> None:
    desk.station.sample()
    assert desk.station.monitor()["automation_status"] == {
        "status": "idle",
        "active_tasks": 2,
        "sessions": 0,
        "issues": [],
    }
    assert [*desk.station.pulse(), *desk.station.monitor()] == [
        "metrics_update",
        "monitoring_update",
        "quality_metrics_update",
        "system_health_update",
        "quality_alerts_update",
        "automation_status",
    ]


def test_a_new_client_is_told_the_last_readings_and_alerts(desk: Desk) -> None:
    for _ in range(7):
        desk.station.sample()
    told = desk.station.welcome()
    assert (len(told["metrics"]), told["system_status"]) == (
        5,
        {"monitoring_active": True, "predictor_ready": False},
    )
    assert {one["id"] for one in told["alerts"]} == {
        one.alert_id for one in desk.station.present_alerts()
    }
