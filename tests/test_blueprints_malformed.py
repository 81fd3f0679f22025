"""Malformed requests: 4xx with a reason, never a 5xx, files untouched (D22)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from tests.malformed import BROKEN, Asked, find_faults, generate

LARGEST = 65_536
COUNT = 20_000


@pytest.mark.slow
def test_malformed_requests_break_nothing(make_app: Callable[..., Flask], orch_root: Path) -> None:
    client = make_app(max_body_bytes=LARGEST).test_client()
    assert find_faults(client, orch_root / "STATE", generate(COUNT, 20251009, LARGEST)) == []


def test_the_checker_notices_a_bare_get_json(orch_root: Path) -> None:
    naive = Flask("naive")

    @naive.post("/<path:_anything>")
    def take(_anything: str) -> dict[str, Any]:
        return {"success": bool(request.get_json()["task_id"])}

    faults = find_faults(naive.test_client(), orch_root / "STATE", generate(300, 1, LARGEST))
    assert any(fault.startswith("500 ") for fault in faults)


def test_the_checker_notices_a_refusal_that_writes(orch_root: Path) -> None:
    naive = Flask("naive")

    @naive.post("/write")
    def write() -> tuple[dict[str, Any], int]:
        (orch_root / "STATE" / "TASKS.md").write_bytes(b"")
        return {"success": False}, 400

    faults = find_faults(naive.test_client(), orch_root / "STATE", iter([Asked("POST", "/write")]))
    assert len(faults) == 1
    assert faults[0].startswith("400 changed a file")


@pytest.mark.parametrize("body", BROKEN)
@pytest.mark.parametrize("path", ["/api/tasks/hold", "/jobs/001/approve"])
def test_a_broken_body_is_refused_with_a_reason(
    client: FlaskClient, path: str, body: bytes
) -> None:
    answer = client.post(path, data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["success"]) == (400, False)
    assert answer.get_json()["error"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/merge-patch+json", 200),
        (None, 200),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
    ],
)
def test_content_types(client: FlaskClient, kind: str | None, status: int) -> None:
    answer = client.post("/api/tasks/hold", data=b'{"task_id": "001"}', content_type=kind)
    assert (answer.status_code, answer.get_json()["success"]) == (status, status == 200)


@pytest.mark.parametrize(("name", "status"), [("Host", 200), ("content-type", 400)])
def test_a_type_that_only_the_server_made_up_is_none(
    client: FlaskClient, name: str, status: int
) -> None:
    # Eventlet's server says text/plain where the client named no type.
    answer = client.post(
        "/api/tasks/hold",
        data=b'{"task_id": "001"}',
        content_type="text/plain",
        environ_overrides={"headers_raw": ((name, "text/plain"),)},
    )
    assert answer.status_code == status


@pytest.mark.parametrize(("coding", "status"), [("identity", 200), ("gzip", 400), ("br", 400)])
def test_an_encoded_body_is_refused_by_name(client: FlaskClient, coding: str, status: int) -> None:
    headers = {"Content-Encoding": coding}
    answer = client.post("/api/tasks/hold", json={"task_id": "001"}, headers=headers)
    assert answer.status_code == status
    told = {200: "", 400: f"Content-Encoding: {coding}"}[status]
    body = answer.get_json()
    assert ("error" in body, told in body.get("error", "")) == (status == 400, True)


def test_an_oversize_body_is_413(make_app: Callable[..., Flask]) -> None:
    client = make_app(max_body_bytes=100).test_client()
    answer = client.post("/api/tasks/create", json={"title": "x" * 200})
    assert (answer.status_code, answer.get_json()["success"]) == (413, False)


@pytest.mark.parametrize("name", ["title", "owner", "notes", "due"])
def test_a_control_character_is_refused(client: FlaskClient, name: str) -> None:
    body = {"title": "課題", name: "a\x00b"}
    answer = client.post("/api/task/create", json=body)
    assert (answer.status_code, answer.get_json()["success"]) == (400, False)


def test_refusing_costs_little(client: FlaskClient) -> None:
    spent = []
    for asked in generate(400, 7, LARGEST):
        # CPU seconds: the wall's depend on who else uses the machine.
        started = time.process_time()
        answer = client.open(asked.path, method=asked.method, data=asked.body)
        if 400 <= answer.status_code < 500:
            spent.append(time.process_time() - started)
    # p99: one sender of nonsense must not hold up the others
    assert sorted(spent)[int(len(spent) * 0.99)] < 0.1
