"""The host in detail and the services: the union of the versions' keys (D45, contract 8.1)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue

from orch_next.blueprints.context import runtime
from orch_next.clock import as_local_iso, utc_micros
from orch_next.sensors.system import FAIR
from orch_next.sensors.vitals import MEGABYTE

bp = Blueprint("system", __name__)


@bp.get("/api/system-health")
def system_health() -> Response:
    """Return the report of version a with the keys of c to e and of their page."""
    parts = runtime()
    report, host = detailed(), parts.station.host()
    return jsonify(
        **report,
        status="ok",
        uptime=as_local_iso(parts.now()),  # the legacy's name for the present time
        cpu_pct=host.cpu_percent,
        mem_pct=host.memory_percent,
        healthy=report["health_score"] >= FAIR,
        cpu_percent=host.cpu_percent,
        mem_used_mb=(host.memory_total - host.memory_available) // MEGABYTE,
    )


@bp.get("/api/system_health")
def system_health_alias() -> ResponseReturnValue:
    """Lead to the URL with a hyphen."""
    return redirect(url_for("system.system_health"))


@bp.get("/api/system/detailed")
def system_detailed() -> Response:
    """Return the report of version a alone."""
    return jsonify(detailed())


@bp.get("/api/status")
def services() -> Response:
    """Return which services run, and the host's shares."""
    parts = runtime()
    host, is_sampled = parts.station.host(), parts.station.is_fresh()
    running = {
        "monitoring": is_sampled,
        "security": parts.settings.auth == "token",
        "ml_engine": parts.knowledge.learning is not None,
    }
    words = {name: "active" if is_on else "inactive" for name, is_on in running.items()}
    return jsonify(
        status="ok",
        timestamp=as_local_iso(parts.now()),
        services={"dashboard": "running", **words},
        system={
            "cpu_percent": host.cpu_percent,
            "memory_percent": host.memory_percent,
            "disk_percent": host.disk_percent,
        },
    )


def detailed() -> dict[str, Any]:
    """Return the report with the time when the host was looked at (UTC)."""
    at, details = runtime().station.details()
    return {"timestamp": utc_micros(at), **details}
