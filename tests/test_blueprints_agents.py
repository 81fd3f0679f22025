"""The agents' routes and their page (contract 1.2, 4.2, appendix A)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.shapes import differences

IDS = (
    *("sysHealth", "agentSearch", "statusFilter", "agentsTable", "regId", "regName", "regStatus"),
    *("regMsg", "metricsList", "m_total", "m_healthy", "m_degraded", "m_offline", "m_hb_max"),
    *("m_audit_total", "m_audit_fail"),
)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
AGENT = {
    **{"id": str, "name": str, "status": str, "tags": list, "updated_at": STAMP},
    **{"heartbeat_at": (STAMP, ""), "reports": [{"timestamp": STAMP, "data": dict}]},
    "online": bool,
}


def post(client: FlaskClient, verb: str, **body: Any) -> tuple[int, Any]:
    answer = client.post(f"/api/agents/{verb}", json=body)
    return answer.status_code, answer.get_json()


def test_the_audit_scripts_walk(client: FlaskClient, orch_root: Path) -> None:
    """List, register, heartbeat and report, as the legacy's audit does."""
    assert client.get("/api/agents/list").get_json() == []
    answers = [
        post(client, "register", id="AG-AUDIT", name="監査", tags=["qa-expert"]),
        post(client, "heartbeat", agent_id="AG-AUDIT", status="busy"),
        post(client, "report", id="AG-AUDIT", summary="C:\\作業\\監査 済み"),
    ]
    assert answers == [(200, {"success": True, "id": "AG-AUDIT"})] * 3
    listed = client.get("/api/agents/list").get_json()
    assert differences(listed, [AGENT]) == []
    assert listed[0]["reports"][0]["data"] == {"id": "AG-AUDIT", "summary": "C:\\作業\\監査 済み"}
    assert (listed[0]["status"], listed[0]["online"]) == ("active", True)
    stored = json.loads((orch_root.parent / "data" / "agents_registry.json").read_bytes())
    assert [row["id"] for row in stored] == ["AG-AUDIT"]
    assert "orch_agents_total 1.0" in client.get("/metrics").text


def test_update_and_remove(client: FlaskClient) -> None:
    post(client, "register", id="AG-1")
    status, answer = post(client, "update", id="AG-1", role="WORK", status="inactive")
    shape = {"success": True, "timestamp": STAMP, "request_id": str, "data": {"agent": dict}}
    assert (status, differences(answer, shape)) == (200, [])
    assert answer["data"]["agent"] == client.get("/api/agents/list").get_json()[0]
    assert post(client, "remove", id="AG-1") == (200, {"success": True, "removed": 1})
    assert post(client, "remove", id="AG-1") == (200, {"success": True, "removed": 0})


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 400, "Required field 'id' is missing or empty"),
        ({"id": "AG-1"}, 404, "Agent AG-1 not found"),
        (
            {"id": "AG-1", "status": "x"},
            400,
            "Status must be one of: registered, active, inactive, offline, error",
        ),
    ],
)
def test_an_updates_errors_have_their_envelope(
    client: FlaskClient, body: dict[str, Any], status: int, error: str
) -> None:
    answer = client.post("/api/agents/update", json=body, headers={"X-Request-ID": "cid-7"})
    shape = {"success": False, "timestamp": STAMP, "request_id": "cid-7", "error": error}
    assert (answer.status_code, differences(answer.get_json(), shape)) == (status, [])


@pytest.mark.parametrize(
    ("verb", "error"),
    [
        ("heartbeat", "id required"),
        ("report", "id required"),
        ("remove", "id is required"),
        ("update", "Required field 'id' is missing or empty"),
    ],
)
def test_a_missing_id_is_told_in_the_contracts_words(
    client: FlaskClient, verb: str, error: str
) -> None:
    status, answer = post(client, verb)
    assert (status, answer["success"], answer["error"]) == (400, False, error)


@pytest.mark.parametrize("verb", ["register", "heartbeat", "report", "remove", "update"])
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"id": {"a": 1}}', b'{"id": "a\\u0000"}'])
def test_a_bad_body_is_400(client: FlaskClient, orch_root: Path, verb: str, body: bytes) -> None:
    answer = client.post(f"/api/agents/{verb}", data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["success"]) == (400, False)
    assert not (orch_root.parent / "data" / "agents_registry.json").exists()


def test_a_corrupt_registry_is_shown_and_kept(client: FlaskClient, orch_root: Path) -> None:
    path = orch_root.parent / "data" / "agents_registry.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b'[{"id": "AG-')
    listed, written = client.get("/api/agents/list"), post(client, "heartbeat", id="AG-1")
    assert (listed.status_code, written[0], path.read_bytes()) == (500, 409, b'[{"id": "AG-')
    assert "agents_registry.json is not valid JSON" in listed.get_json()["error"]


def test_a_heartbeat_reaches_the_dispatcher(app: Flask) -> None:
    class Desk:
        told: tuple[str, ...] = ()

        def beat(self, core_id: str, claimant: str = "") -> None:
            self.told = (*self.told, core_id)

    desk = Desk()
    app.extensions["orch_next"] = replace(app.extensions["orch_next"], reports=desk)
    assert post(app.test_client(), "heartbeat", id="WORK_AI_01")[0] == 200
    assert desk.told == ("WORK_AI_01",)


def test_the_configured_path_is_the_one_path(
    make_app: Callable[..., Flask], orch_root: Path
) -> None:
    config = orch_root.parent / "config" / "agents_api.json"
    config.parent.mkdir()
    config.write_text('{"registry": {"path": "data/別の登録.json"}}', encoding="utf-8")
    client = make_app().test_client()
    post(client, "register", id="AG-1")
    assert (orch_root.parent / "data" / "別の登録.json").exists()
    assert "orch_agents_total 1.0" in client.get("/metrics").text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_has_the_contracts_ids(client: FlaskClient, language: str) -> None:
    page = client.get(f"/agents?lang={language}").text
    assert [name for name in IDS if page.count(f'id="{name}"') != 1] == []
    assert re.findall(r'data-key="(\w+)"', page) == ["id", "name", "status", "updated_at"]
    assert "<title>Agents Management</title>" in page
