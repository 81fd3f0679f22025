"""The agents' registry (contract 1.2, Agents; D39)."""

from __future__ import annotations

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue

from orch_next.blueprints.context import runtime
from orch_next.blueprints.errors import said
from orch_next.blueprints.inputs import Body, read_body
from orch_next.blueprints.permits import identity_id, require_own_agent
from orch_next.clock import as_local_iso
from orch_next.core.agents import agent_id, strict_id
from orch_next.errors import InputError, NotFoundError

bp = Blueprint("agents", __name__)


@bp.get("/api/agents/list")
def list_agents() -> ResponseReturnValue:
    """List the agents as a bare array; `online` is additive."""
    return jsonify(runtime().agents.list_agents())


@bp.post("/api/agents/register")
def register() -> ResponseReturnValue:
    """Add an agent, or overwrite its status, name and tags."""
    members = read_body().members
    key = agent_id(members)
    if key:
        require_own_agent(key)
    return jsonify(success=True, id=runtime().agents.register(members, identity_id()))


@bp.post("/api/agents/heartbeat")
def note_heartbeat() -> ResponseReturnValue:
    """Note a sign of life, also for the leases of a core of that id."""
    key = _required_id(read_body(), "id required")
    require_own_agent(key)
    runtime().agents.beat(key, identity_id())
    runtime().reports.beat(key, identity_id())
    return jsonify(success=True, id=key)


@bp.post("/api/agents/report")
def keep_report() -> ResponseReturnValue:
    """Keep the whole body as the agent's report."""
    body = read_body()
    key = _required_id(body, "id required")
    require_own_agent(key)
    runtime().agents.report(key, body.members, identity_id())
    return jsonify(success=True, id=key)


@bp.post("/api/agents/remove")
def remove() -> ResponseReturnValue:
    """Take an agent out of the registry."""
    key = _required_id(read_body(), "id is required")
    require_own_agent(key)
    return jsonify(success=True, removed=runtime().agents.remove(key))


@bp.post("/api/agents/update")
def update() -> ResponseReturnValue:
    """Change members of a known agent; errors have the contract's envelope too."""
    try:
        members = read_body().members
        require_own_agent(strict_id(members))
        agent = runtime().agents.update(members)
    except InputError as error:
        return jsonify(_envelope(False, error=said(error))), 400
    except NotFoundError as error:
        return jsonify(_envelope(False, error=said(error))), 404
    return jsonify(_envelope(True, data={"agent": agent}))


def _required_id(body: Body, missing: str) -> str:
    key = agent_id(body.members)
    if not key:
        raise InputError(missing)
    return key


def _envelope(success: bool, **more: object) -> dict[str, object]:
    stamp = as_local_iso(runtime().now())
    return {"success": success, "timestamp": stamp, "request_id": g.request_id, **more}
