"""Metrics: contract names, monotonic counters, gauges that read memory only."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.core.events import Change, Who
from orch_next.events import Delivered, EventBus
from orch_next.sensors.metrics import Metrics, oldest

NOW = datetime(2025, 10, 9, 3, 0, tzinfo=timezone.utc)
# Contract 1.2, `/metrics`, and the two names of D19.
NAMES = {
    "orch_task_completion_rate",
    "orch_approval_rate",
    "orch_health_score",
    "orch_anomalies_detected_total",
    "orch_anomalies_detected_created",
    "orch_agents_total",
    "orch_agents_heartbeat_age_max_seconds",
    "orch_agents_api_audit_ok",
    "orch_agents_api_audit_pass_count",
    "orch_agents_api_audit_last_run_epoch",
    "orch_agents_api_audit_total",
    "orch_agents_api_audit_failures",
}


def samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


def change(kind: str, source: str) -> Change:
    who = Who("作業核", "WORK", source)
    return Change(kind, "task_held", "008", None, None, None, None, NOW, who, {})


def test_the_contracts_names_are_there(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert NAMES - set(samples(answer.text)) == set()


def test_requests_and_changes_are_counted(client: FlaskClient) -> None:
    client.post("/api/tasks/hold", json={"task_id": "無い"})
    client.post("/api/tasks/hold", json={"task_id": "001"})
    found = samples(client.get("/metrics").text)
    hold = '{method="POST",route="/api/tasks/hold",status="200"}'
    assert found[f"orch_http_request_duration_seconds_count{hold}"] == 2
    assert found['orch_ledger_refusals_total{reason="notfound"}'] == 1
    assert found['orch_ledger_changes_total{kind="task",source="http"}'] == 1


def test_active_alerts_are_those_of_the_alert_book(app: Flask, client: FlaskClient) -> None:
    ledger = app.extensions["orch_next"].settings.state_folder / "TASKS.md"
    old = "2025-10-09T00:00:00Z"
    row = f"| 期限 | 遅れ | DOING | WORK | WORK@{old} | WORK | {old} | - | - | - |\r\n"
    ledger.write_bytes(ledger.read_bytes().replace(b"| 001 |", f"{row}| 001 |".encode()))
    active = samples(client.get("/metrics").text)["orch_alerts_active"]
    ids = [one["id"] for one in client.get("/api/quality/alerts").get_json()["alerts"]]
    assert "task_timeout_期限" in ids
    assert active == len(ids)


def test_changes_count_by_ledger_and_source() -> None:
    bus = EventBus()
    metrics = Metrics(bus, lambda: NOW)
    for source in ("http", "http", "outside"):
        bus.publish(change("task", source))
    found = samples(metrics.render().decode())
    assert found['orch_ledger_changes_total{kind="task",source="http"}'] == 2
    assert found['orch_ledger_changes_total{kind="task",source="outside"}'] == 1


def test_anomalies_count_new_alerts_and_never_fall() -> None:
    metrics, seen = Metrics(EventBus(), lambda: NOW), []
    for alerts in (["a"], ["a", "b"], [], ["a"]):
        metrics.note_alerts(alerts)
        seen.append(samples(metrics.render().decode())["orch_anomalies_detected_total"])
    assert seen == [1, 2, 2, 3]


def test_event_lag_is_measured_from_the_events_time() -> None:
    bus = EventBus()
    metrics = Metrics(bus, lambda: NOW + timedelta(seconds=0.25))
    bus.publish(Delivered({"ts": "2025-10-09T03:00:00.000000Z"}))
    bus.publish(Delivered({}))
    found = samples(metrics.render().decode())
    assert found["orch_event_lag_seconds_count"] == 1
    assert found["orch_event_lag_seconds_sum"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([], 0.0),
        (["-", "None"], 0.0),
        (["2025-10-09T02:59:00Z", "2025-10-09T02:00:00Z"], 3600.0),
        (["2025-10-09T04:00:00Z"], 0.0),
        (["0001-01-01T00:00:00+14:00", "来週"], 0.0),
    ],
)
def test_the_oldest_stamp_tells_the_age(stamps: list[str], expected: float) -> None:
    assert oldest(stamps, NOW) == expected
