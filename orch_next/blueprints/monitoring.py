"""Readings over time, alerts and their acknowledgement (contract 1.2, Monitoring)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from flask import Blueprint, Response, jsonify, request

from orch_next.blueprints.context import runtime
from orch_next.blueprints.inputs import author, read_body, whole_number
from orch_next.clock import as_local_iso
from orch_next.errors import InputError
from orch_next.sensors.alerts import Alert
from orch_next.sensors.history import Point
from orch_next.sensors.work import read_coverage

bp = Blueprint("monitoring", __name__)

TYPES = ("all", "performance", "response_times", "alerts")
MOST_HOURS = 24 * 365
_STATUSES = {"excellent": "healthy", "good": "healthy", "warning": "warning"}


@bp.get("/api/monitoring/performance")
def performance() -> Response:
    """Return the present load; what this process did not measure is null."""
    return answer({**load(), "timestamp": as_local_iso(runtime().now())})


@bp.get("/api/monitoring/status")
def status() -> Response:
    """Return the host's state in one word with the figures behind it."""
    parts = runtime()
    station = parts.station
    is_active, alerts = station.is_fresh(), station.present_alerts()
    grades = {alert.severity for alert in alerts}
    word = "critical" if "critical" in grades else _STATUSES.get(station.host().status, "critical")
    worse = word == "healthy" and "warning" in grades
    return answer(
        {
            "overall_status": "warning" if worse else word,
            "uptime": round(station.uptime, 3),
            "last_update": as_local_iso(station.host().at),
            "metrics": load(),
            "alerts_active": len(alerts),
            "monitoring_active": is_active,
            "error_rate": station.traffic.recent().error_rate,
            "test_coverage": read_coverage(parts.settings.root),
        }
    )


@bp.get("/api/monitoring/alerts")
def alerts() -> Response:
    """Return the alerts of the last 24 hours, those that last first among them."""
    parts = runtime()
    now = parts.now()
    active = parts.station.present_alerts()
    recent = _recent(active, now - timedelta(hours=24))
    return answer(
        {
            "active_count": len(active),
            "daily_count": len(recent),
            "recent_alerts": [as_recent(alert) for alert in recent],
            "timestamp": as_local_iso(now),
        }
    )


@bp.post("/api/monitoring/alerts/acknowledge")
def acknowledge() -> Response:
    """Note who has seen an alert that lasts; 404 for one that does not."""
    body, parts = read_body(), runtime()
    who = author(body, "actor", "role", ("http", "CMD"))
    alert = parts.station.acknowledge(body.required("id"), who, body.text("comment"))
    return jsonify(success=True, alert=alert.as_json())


@bp.get("/api/monitoring/metrics/history")
def history() -> Response:
    """Return the readings of the last hours, at the resolution that suffices."""
    hours, kind = whole_number("hours", 24, 1, MOST_HOURS), request.args.get("type", "all")
    if kind not in TYPES:
        raise InputError(f"type must be one of {', '.join(TYPES)}")
    parts = runtime()
    points = parts.station.recent(hours)
    since = parts.now() - timedelta(hours=hours)
    rows: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "performance": lambda: [as_load(point) for point in points],
        "response_times": lambda: [
            {"timestamp": moment(point), "response_time": point.response}
            for point in points
            if point.response is not None
        ],
        "alerts": lambda: [
            as_recent(alert) for alert in _recent(parts.station.present_alerts(), since)
        ],
    }
    data = {name: make() if kind in ("all", name) else [] for name, make in rows.items()}
    return answer(data, parameters={"hours": hours, "type": kind})


def answer(data: dict[str, Any], **more: Any) -> Response:
    """Answer with the envelope of these routes."""
    return jsonify(success=True, data=data, timestamp=as_local_iso(runtime().now()), **more)


def load() -> dict[str, Any]:
    """Return shares in percent and mean seconds of a request in the last five minutes."""
    station = runtime().station
    station.refresh()
    host = station.host()
    return {
        "cpu_usage": host.cpu_percent,
        "memory_usage": host.memory_percent,
        "disk_usage": host.disk_percent,
        "avg_response_time": station.traffic.recent().response_seconds,
        "network_latency": None,  # there is no peer whose distance would mean anything
    }


def as_recent(alert: Alert) -> dict[str, Any]:
    """Return title, severity, timestamp and message, and what makes the alert a record."""
    return {**alert.as_json(), "active": alert.ended_at is None}


def as_load(point: Point) -> dict[str, Any]:
    """Return one reading as the history's charts read it."""
    return {
        "timestamp": moment(point),
        "cpu_usage": point.cpu,
        "memory_usage": point.memory,
        "disk_usage": point.disk,
    }


def moment(point: Point) -> str:
    """Return when a reading was taken, local time (contract 0.2, style 1)."""
    return as_local_iso(datetime.fromtimestamp(point.at, timezone.utc))


def _recent(active: list[Alert], since: datetime) -> list[Alert]:
    known = {(alert.alert_id, alert.first_at) for alert in active}
    stored = runtime().station.story(since)
    over = [alert for alert in stored if (alert.alert_id, alert.first_at) not in known]
    return sorted([*active, *over], key=lambda alert: alert.first_at, reverse=True)
