"""What live clients hear of readings and alerts (contract 2, events of `/realtime`; D67)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from orch_next.clock import utc_micros
from orch_next.sensors.alerts import Alert, AlertChanges

Told = tuple[str, dict[str, Any]]


class Automation(Protocol):
    """What the readings ask of the dispatcher."""

    def alerts(self) -> Iterable[Mapping[str, Any]]:
        """Return the dispatcher's troubles; raise OrchError."""

    def status(self) -> Mapping[str, Any]:
        """Return its processes and problems."""

    def stats(self) -> Mapping[str, Any]:
        """Return its figures, with `leases`."""


def alert_events(changes: AlertChanges) -> Iterator[Told]:
    """Yield what the realtime and the monitoring page hear when alerts change."""
    for alert in changes.raised:
        yield "new_alert", alert_message(alert)
        yield (
            "alert_notification",
            {"severity": alert.severity, "title": alert.title, "message": alert.message},
        )
    for alert in (*changes.ended, *changes.seen):
        yield "alert_update", alert_message(alert)


def webhook_messages(changes: AlertChanges) -> Iterator[Told]:
    """Yield what the webhook out is told: an alert came up, or it is over."""
    for name, alerts in (("alert_raised", changes.raised), ("alert_resolved", changes.ended)):
        for alert in alerts:
            yield name, {"kind": "alert", **alert_message(alert)}


def automation_status(dispatcher: Automation) -> dict[str, Any]:
    """Return the `automation_status` of `/realtime`: what runs, and what is in its way."""
    status = dispatcher.status()
    sessions = status["processes"]
    issues = [f"{name}: {why}" for name, why in status["problems"].items()]
    return {
        "status": "active" if sessions else "idle",
        "active_tasks": dispatcher.stats()["leases"],
        "sessions": len(sessions),
        "issues": issues,
    }


def alert_message(alert: Alert) -> dict[str, Any]:
    """Return the AlertMessage of the legacy's realtime server."""
    return {
        "id": alert.alert_id,
        "timestamp": utc_micros(alert.last_at),
        "level": alert.type,
        "severity": alert.severity,
        "category": "system" if alert.alert_id.startswith(("system_", "host_")) else "quality",
        "title": alert.title,
        "message": alert.message,
        "source": "orch-next",
        "first_seen": utc_micros(alert.first_at),
        "acknowledged": alert.seen_at is not None,
        "auto_resolved": alert.ended_at is not None,
    }
