"""Metrics in Prometheus' text format (contract 1.2, `/metrics`)."""

from __future__ import annotations

from flask import Blueprint, Response

from orch_next.blueprints.context import runtime
from orch_next.sensors.metrics import CONTENT_TYPE

bp = Blueprint("metrics", __name__)


@bp.get("/metrics")
def metrics() -> Response:
    """Return every metric; nothing is sampled for it."""
    return Response(runtime().metrics.render(), content_type=CONTENT_TYPE)
