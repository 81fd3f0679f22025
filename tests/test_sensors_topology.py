"""The picture of the consoles: every edge joins two nodes, nothing is shown twice."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from orch_next.core.lease_store import HELD, Lease
from orch_next.sensors.host import HostReading
from orch_next.sensors.topology import Consoles, draw_topology

NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)
HOST = HostReading(NOW, 12.5, 100, 50, 50.0, 5.5, "Linux", "3.12.1")


def lease(task_id: str, core: str, started: float | None) -> Lease:
    at = NOW.timestamp()
    times = (at, at + 1800, at, started)
    return Lease(task_id, 2, "", core, "pull", HELD, f"{core}@t", *times, attempt=1, failures=0)


def edges(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(edge["from"], edge["kind"], edge["to"]) for edge in found["edges"]]


def test_an_idle_server_is_alone() -> None:
    found = draw_topology(Consoles(HOST))
    assert ([node["id"] for node in found["nodes"]], found["edges"]) == (["server"], [])
    assert found["timestamp"] == "2025-10-09T03:04:05.000000Z"


def test_roles_cores_agents_and_tasks() -> None:
    consoles = Consoles(
        HOST,
        sessions=[{"coreId": "WORK_AI_01", "pid": 7}],
        leases=[lease("課題/007", "WORK_AI_01", 1.0), lease("008", "AUDIT_02", None)],
        agents=[{"id": "AG-監査", "status": "active", "online": True, "heartbeat_at": "2025"}],
        roles={"updated_at": "x", "CMD": "idle", "WORK": "in_progress"},
    )
    found = draw_topology(consoles)
    assert edges(found) == [
        ("server", "serves", "role:AUDIT"),
        ("server", "serves", "role:CMD"),
        ("server", "serves", "role:WORK"),
        ("role:AUDIT", "runs", "core:AUDIT_02"),
        ("role:WORK", "runs", "core:WORK_AI_01"),
        ("server", "registered", "agent:AG-監査"),
        ("core:WORK_AI_01", "holds", "task:課題/007"),
        ("core:AUDIT_02", "holds", "task:008"),
    ]
    ids = [node["id"] for node in found["nodes"]]
    assert (len(set(ids)), {end for one in edges(found) for end in one[::2]} - set(ids)) == (
        len(ids),
        set(),
    )
    statuses = {node["id"]: node["status"] for node in found["nodes"]}
    assert [statuses[key] for key in ("role:AUDIT", "core:AUDIT_02", "task:008")] == [
        None,
        "busy",
        "offered",
    ]
    assert found["summary"] == {
        "sessions": 1,
        "cores": 2,
        "agents": 1,
        "agents_online": 1,
        "tasks_held": 2,
    }
