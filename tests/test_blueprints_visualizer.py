"""The visualizer's routes answer what its events tell, and refuse hours that are none."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient


def test_the_overview_counts_the_ledgers(client: FlaskClient) -> None:
    found = client.get("/api/v3/task-overview").json
    assert found and found["task_status_counts"] == {"REVIEW": 1, "PLAN": 1, "DONE": 1}


def test_the_flow_of_one_task(client: FlaskClient) -> None:
    client.post("/api/tasks/hold", json={"task_id": "001"})
    flows = [client.get(f"/api/v3/task-flow{query}").json for query in ("", "?flow_id=002")]
    assert [sum(node["count"] for node in one["nodes"]) for one in flows if one] == [3, 1]
    assert [one["edges"] for one in flows if one] == [
        [{"from": "REVIEW", "to": "HOLD", "count": 1}],
        [],
    ]


def test_the_timeline_and_the_heatmap_show_a_change(client: FlaskClient) -> None:
    client.post("/api/tasks/hold", json={"task_id": "001"})
    timeline = client.get("/api/v3/task-timeline?hours=1").json
    heatmap = client.get("/api/v3/performance-heatmap").json
    assert timeline and (timeline["hours"], timeline["events"][0]["id"]) == (1, "001")
    assert heatmap and heatmap["max"] >= 1


@pytest.mark.parametrize("hours", ["0", "-1", "x", "8761", "1_0", "٢", "9" * 400])
def test_hours_that_are_none(client: FlaskClient, hours: str) -> None:
    answer = client.get(f"/api/v3/task-timeline?hours={hours}")
    assert (answer.status_code, list(answer.json or {})) == (400, ["error"])


def test_the_topology_shows_a_core_that_holds_a_task(client: FlaskClient) -> None:
    client.post("/api/tasks/promote", json={"task_id": "deploy-004"})
    client.post("/api/agents/register", json={"id": "AG-01", "name": "監査 AI"})
    client.post("/api/agents/claim", json={"coreId": "WORK_AI_01", "task_id": "deploy-004"})
    found = client.get("/api/v3/console-topology").json
    assert found and [node["id"] for node in found["nodes"]][-3:] == [
        "core:WORK_AI_01",
        "agent:AG-01",
        "task:deploy-004",
    ]
