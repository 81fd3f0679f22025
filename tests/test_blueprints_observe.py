"""Request ids, and log lines for machines."""

from __future__ import annotations

import json
import logging
import sys
import uuid

import pytest
from flask.testing import FlaskClient

from orch_next.logs import JsonLines


def test_the_callers_request_id_comes_back(client: FlaskClient) -> None:
    answer = client.get("/health", headers={"X-Request-ID": "moc-0001"})
    assert answer.headers["X-Request-ID"] == "moc-0001"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "番号"])
def test_a_bad_request_id_is_replaced(client: FlaskClient, given: str) -> None:
    header = {"X-Request-ID": given.encode().decode("latin-1")}
    answer = client.get("/health", headers=header)
    assert uuid.UUID(answer.headers["X-Request-ID"]).version == 4


def test_errors_have_a_request_id_too(client: FlaskClient) -> None:
    assert client.get("/無い").headers["X-Request-ID"]


def test_each_request_is_one_line(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "orch_next.requests"):
        client.get("/api/tasks", headers={"X-Request-ID": "r1"})
    found = [json.loads(JsonLines().format(record)) for record in caplog.records]
    wanted = {"cid": "r1", "method": "GET", "path": "/api/tasks", "status": 200}
    assert [{key: line[key] for key in wanted} for line in found] == [wanted]


def test_a_value_cannot_forge_a_line() -> None:
    record = logging.LogRecord("orch_next", 20, "", 1, "悪い\n{}", None, None)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "悪い\n{}"


def test_a_traceback_is_part_of_the_line() -> None:
    try:
        raise ValueError("壊れた")
    except ValueError:
        record = logging.LogRecord("orch_next", 40, "", 1, "failed", None, sys.exc_info())
    assert "ValueError: 壊れた" in json.loads(JsonLines().format(record))["traceback"]


def test_methods_that_nobody_knows_share_a_label(client: FlaskClient) -> None:
    for number in range(20):
        client.open("/health", method=f"ODD{number}")
    text = client.get("/metrics").get_data(as_text=True)
    assert "ODD" not in text
    assert 'method="other"' in text
