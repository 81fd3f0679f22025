"""Quality metrics, health and alerts (contract 1.2, Quality; D14-D16, D62)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from orch_next.blueprints.context import runtime
from orch_next.sensors.quality import system_health

bp = Blueprint("quality", __name__)


@bp.get("/api/quality/metrics")
def metrics() -> Response:
    """Return the QualityMetrics of contract 0.2; shares are 0..1 (D17)."""
    return jsonify(runtime().station.quality())


@bp.get("/api/quality/health")
def health() -> Response:
    """Return the SystemHealth of contract 0.2, and its shares at the top level too (D62)."""
    host = runtime().station.host()
    return jsonify(
        **system_health(host),
        cpu_percent=host.cpu_percent,
        memory_percent=host.memory_percent,
        disk_percent=host.disk_percent,
        memory_total=host.memory_total,
        memory_used=host.memory_total - host.memory_available,
    )


@bp.get("/api/quality/alerts")
def alerts() -> Response:
    """Return the alerts that last: the contract's keys, and since when."""
    return jsonify(alerts=[alert.as_json() for alert in runtime().station.present_alerts()])
