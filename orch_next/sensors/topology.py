"""Who is connected to whom: server, roles, cores, agents and the tasks that are held (v3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from orch_next.clock import utc_micros
from orch_next.core.lease_store import Lease
from orch_next.sensors.host import HostReading

SERVER = "server"


@dataclass(frozen=True)
class Consoles:
    """What is known of the consoles: sessions as `/status` shows them, leases, agents, roles."""

    host: HostReading
    sessions: Sequence[Mapping[str, Any]] = ()
    leases: Sequence[Lease] = ()
    agents: Sequence[Mapping[str, Any]] = ()
    roles: Mapping[str, Any] = field(default_factory=dict)


def draw_topology(consoles: Consoles) -> dict[str, Any]:
    """Return nodes, edges and counts; ids are unique, `from` and `to` name nodes.

    A core stands below its role, the part of its id before `_` (contract 5.3).
    """
    cores = _cores(consoles)
    agents = [_agent(agent) for agent in consoles.agents]
    role_names = {*_roles_of(consoles.roles), *(core["role"] for core in cores)}
    roles = [_role(name, consoles.roles.get(name)) for name in sorted(role_names)]
    edges = [
        *({"from": SERVER, "to": role["id"], "kind": "serves"} for role in roles),
        *({"from": f"role:{core['role']}", "to": core["id"], "kind": "runs"} for core in cores),
        *({"from": SERVER, "to": agent["id"], "kind": "registered"} for agent in agents),
        *_edges_of_leases(consoles.leases),
    ]
    nodes = [_server(consoles.host), *roles, *cores, *agents, *_tasks(consoles.leases)]
    return {
        "nodes": nodes,
        "edges": edges,
        "summary": {
            "sessions": len(consoles.sessions),
            "cores": len(cores),
            "agents": len(agents),
            "agents_online": sum(bool(agent["online"]) for agent in agents),
            "tasks_held": len(consoles.leases),
        },
        "timestamp": utc_micros(consoles.host.at),
    }


def _server(host: HostReading) -> dict[str, Any]:
    return {
        "id": SERVER,
        "kind": "server",
        "label": "orch-next",
        "status": host.status,
        "cpu_percent": host.cpu_percent,
        "memory_percent": host.memory_percent,
    }


def _role(name: str, status: Any) -> dict[str, Any]:
    known = status if isinstance(status, str) else None
    return {"id": f"role:{name}", "kind": "role", "label": name, "status": known}


def _roles_of(told: Mapping[str, Any]) -> Iterable[str]:
    return (name for name in told if name != "updated_at")


def _cores(consoles: Consoles) -> list[dict[str, Any]]:
    """Return the cores that have a session or hold a task."""
    held = {lease.core: lease for lease in consoles.leases}
    sessions = {str(one["coreId"]): one for one in consoles.sessions}
    return [
        {
            "id": f"core:{name}",
            "kind": "core",
            "label": name,
            "role": name.split("_", 1)[0],
            "status": "busy" if name in held else "idle",
            "session": name in sessions,
            "pid": sessions[name]["pid"] if name in sessions else None,
            "last_seen": _utc(held[name].heartbeat_at) if name in held else None,
        }
        for name in sorted({*held, *sessions})
    ]


def _agent(agent: Mapping[str, Any]) -> dict[str, Any]:
    name = str(agent.get("id", ""))
    return {
        "id": f"agent:{name}",
        "kind": "agent",
        "label": str(agent.get("name") or name),
        "status": agent.get("status"),
        "online": bool(agent.get("online")),
        "last_seen": agent.get("heartbeat_at") or None,
    }


def _tasks(leases: Sequence[Lease]) -> Iterable[dict[str, Any]]:
    for lease in leases:
        yield {
            "id": f"task:{lease.task_id}",
            "kind": "task",
            "label": lease.task_id,
            "status": "running" if lease.started_at is not None else "offered",
            "attempt": lease.attempt,
            "expires_at": _utc(lease.expires_at),
        }


def _edges_of_leases(leases: Sequence[Lease]) -> Iterable[dict[str, str]]:
    for lease in leases:
        yield {"from": f"core:{lease.core}", "to": f"task:{lease.task_id}", "kind": "holds"}


def _utc(at: float) -> str:
    return utc_micros(datetime.fromtimestamp(at, timezone.utc))
