"""Liveness: 200 as soon as the ledgers are readable."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response

from orch_next.blueprints.context import runtime
from orch_next.blueprints.errors import said
from orch_next.clock import as_local_iso
from orch_next.errors import BusyError, LedgerError, OrchError

bp = Blueprint("health", __name__)


@bp.get("/health")
def health() -> Response:
    """Return the host's load; it was looked at when the three ledgers were read.

    Green servers call this in their loop: it waits for no file and no database.
    """
    parts = runtime()
    host = parts.pulse.read()
    if told := parts.control.hindrance():
        return make_response(jsonify(status="error", message=told), 503)
    memory = {
        "total": host.memory_total,
        "available": host.memory_available,
        "percent": host.memory_percent,
    }
    time = as_local_iso(parts.now())
    return jsonify(
        status="ok", time=time, cpu_pct=host.cpu_percent, mem=memory, version="v1", **_clock()
    )


def _clock() -> dict[str, float]:
    """Say by how many seconds this host's clock is ahead of the database's, if that has one."""
    offset = runtime().control.leases.time.known_offset()
    return {} if offset is None else {"clock_offset_seconds": round(offset, 3)}


@bp.errorhandler(LedgerError)
@bp.errorhandler(BusyError)
def answer_unreadable(error: OrchError) -> Response:
    """Answer 503: nothing can be served until a person repairs the ledger."""
    return make_response(jsonify(status="error", message=said(error)), 503)
