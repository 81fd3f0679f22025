"""What `/realtime` hears: initial data, answers to its requests, alerts as they come (D67)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.live_clients import Listener
from tests.patience import until
from tests.servers import running_server


def connect(app: Flask) -> Any:
    socketio = app.extensions["orch_next"].live.socketio
    return socketio.test_client(app)


def heard(client: Any) -> dict[str, Any]:
    return {event["name"]: event["args"][0] for event in client.get_received()}


def test_a_client_gets_initial_data(app: Flask) -> None:
    told = heard(connect(app))
    assert list(told) == ["status", "initial_data"]
    assert list(told["initial_data"]) == ["metrics", "alerts", "system_status"]
    assert isinstance(told["initial_data"]["metrics"][0]["system_health"], float)


def test_requests_are_answered_to_the_sender(app: Flask) -> None:
    client, other = connect(app), connect(app)
    for one in (client, other):
        one.get_received()
    client.emit("request_metrics_update")
    client.emit("request_initial_data")
    assert (list(heard(client)), heard(other)) == (["metrics_update", "initial_data"], {})


@pytest.mark.parametrize(
    ("asked", "confirmed"),
    [
        ({"categories": ["system", "不明"]}, ["system"]),
        ({}, ["system", "quality", "prediction", "automation"]),
        ([1], ["system", "quality", "prediction", "automation"]),
    ],
)
def test_a_subscription_is_confirmed(app: Flask, asked: Any, confirmed: list[str]) -> None:
    client = connect(app)
    client.get_received()
    client.emit("subscribe_alerts", asked)
    assert heard(client) == {"subscription_confirmed": {"categories": confirmed}}


@pytest.mark.parametrize("mode", ["serve", "serve-threading"])
def test_an_expired_lock_is_told_live(tmp_path: Path, mode: str) -> None:
    with running_server(tmp_path, mode) as server:
        listener = Listener(server.port, "websocket")
        assert listener.wait(1, "metrics_update")
        ledger = server.orch_root / "STATE" / "TASKS.md"
        old = "2025-10-09T00:00:00Z"
        row = f"| T-期限 | 遅れ | DOING | WORK | WORK@{old} | WORK | {old} | - | - | - |\n"
        text = ledger.read_bytes().decode()
        ledger.write_bytes(text.replace("| 008 |", f"{row}| 008 |").encode())
        until(lambda: "task_timeout_T-期限" in alerts(listener))  # the host may have some, too
        listener.close()


def alerts(listener: Listener) -> list[str]:
    return [payload["id"] for payload in listener.payloads("new_alert")]
