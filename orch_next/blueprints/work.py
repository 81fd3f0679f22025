"""Work progress, instructions, autopilot, and the AI routes with real effects (contract 1.2)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from orch_next.blueprints.context import runtime
from orch_next.blueprints.inputs import Body, author, read_loose_body, whole_number
from orch_next.blueprints.once import answer_once
from orch_next.clock import as_local_iso
from orch_next.core.instructions import OWNER, TITLE
from orch_next.dispatcher.heal import Healed, Healer
from orch_next.errors import InputError
from orch_next.sensors.autopilot import GUARD_LOG, read_autopilot, read_guard_log
from orch_next.sensors.quality import system_health
from orch_next.sensors.work import AUDIT, TAIL_LINES, read_summary, read_tail

bp = Blueprint("work", __name__)

# The legacy's fixed texts; what really was done stands in the additive keys.
OPTIMIZED = "Metrics optimized using Hive-Mind AI"
HEALED = "System self-healed using Hive-Mind AI"


@bp.get("/api/work/progress")
def progress() -> Response:
    """Return the audit report's last 50 lines and the tests' summary."""
    root = runtime().settings.root
    lines = read_tail(root / AUDIT, TAIL_LINES) or []
    return jsonify(
        success=True,
        md_tail=[line.rstrip("\r\n") for line in lines],
        test_summary=read_summary(root),
        updated_at=as_local_iso(runtime().now()),
    )


@bp.get("/api/work/instructions")
def list_instructions() -> Response:
    """Return every instruction."""
    return jsonify(success=True, items=runtime().instructions.list_all())


@bp.post("/api/work/instructions")
def add_instruction() -> Response:
    """Store an instruction; absent members get the legacy's defaults (D42)."""
    body = read_loose_body()
    said = (body.text("title", TITLE), body.text("detail"), body.text("owner", OWNER))

    def effect() -> Response:
        return jsonify(success=True, item=runtime().instructions.add(*said))

    return answer_once("work_instruction", said, effect)


@bp.get("/api/autopilot/status")
def autopilot_status() -> Response:
    """Return whether guard and audit are alive."""
    return jsonify(success=True, data=read_autopilot(runtime().settings.root, runtime().now()))


@bp.get("/api/autopilot/logs")
def autopilot_logs() -> Response:
    """Return the guard log's last lines."""
    moc_root = runtime().settings.root.parent
    lines = read_guard_log(moc_root, whole_number("lines", 100, 1, 1_000))
    if lines is None:
        return jsonify(success=True, lines=[], note="log not found")
    return jsonify(success=True, lines=lines, path=str(moc_root / GUARD_LOG))


@bp.post("/api/ai/optimize")
def optimize() -> Response:
    """Measure anew, and say what would help: the alerts and the repairs that are at hand."""
    read_loose_body()
    station = runtime().station
    station.sample()
    return jsonify(
        success=True,
        message=OPTIMIZED,
        optimized_metrics=station.quality(),
        suggestions=[
            *(f"{alert.title}: {alert.message}" for alert in station.present_alerts()),
            *(repair.description for repair in healer().find()),
        ],
    )


@bp.post("/api/ai/heal")
def heal() -> Response:
    """List safe repairs; do them when the body says `confirm: true`, all or `only` some."""
    body = read_loose_body()
    healed = _healed(body) if is_confirmed(body) else Healed(tuple(healer().find()))
    return jsonify(
        success=True,
        message=HEALED,
        current_health=system_health(runtime().station.host()),
        **healed.as_json(),
    )


def healer() -> Healer:
    """Return what repairs this application's board."""
    board = runtime().board
    return Healer(board.state, board.approvals, runtime().control.watch)


def is_confirmed(body: Body) -> bool:
    """Tell whether the body confirms; raise `InputError` for anything but true or false."""
    value = body.members.get("confirm", False)
    if not isinstance(value, bool):
        raise InputError("confirm must be true or false")
    return value


def _healed(body: Body) -> Healed:
    who = author(body, "actor", "role", ("http", "CMD"))
    return healer().heal(who, _only(body.members.get("only")))


def _only(value: Any) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InputError("only must be a list of ids")
    return value
