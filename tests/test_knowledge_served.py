"""Knowledge on real servers: outcomes, search, training in a child, predictions that decide."""

from __future__ import annotations

import json
import random
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.knowledge_desk import run_body
from tests.live_clients import Listener
from tests.servers import Server, running_server

# The learner computes for several seconds with so many.
EPOCHS = 1_000
# The learner is kind to others: on a crowded machine it gets little time.
PATIENCE = 300.0


@pytest.fixture(params=["serve", "serve-gevent", "serve-threading"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with running_server(
        tmp_path, request.param, env={"ORCH_SCHEDULER_USES_PREDICTIONS": "true"}
    ) as running:
        yield running


def ask(server: Server, path: str, body: Any = None) -> Any:
    """Return the answer's JSON; with a body it is posted."""
    data = None if body is None else json.dumps(body).encode()
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(server.url + path, data=data, headers=head)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read())


def found(server: Server, query: str) -> list[str]:
    answer = ask(server, f"/api/knowledge/search?q={urllib.parse.quote(query)}")
    return [one["source"] for one in answer["results"]]


def test_outcomes_are_kept_found_and_learned_from(server: Server) -> None:
    dice = random.Random(7)
    for at in range(40):
        body = {**run_body(at, dice), "error_message": "容量不足" if at == 3 else None}
        assert ask(server, "/api/knowledge/save_outcome", body)["new"]
    assert found(server, "容量不足") == ["outcome"]
    assert len(ask(server, "/api/knowledge/work_outcomes/003")["work_outcomes"]) == 6
    # The first question trains, in a child of the server.
    asked = ask(server, "/api/ml/optimize/task_processor")
    assert asked["recommendation"]["sample_size"] == 40
    assert ask(server, "/api/ml/predict/003")["prediction"]["task_sample_size"] == 6
    listener = Listener(server.port, "websocket")
    try:
        ask(server, "/api/ml/train", {"epochs": EPOCHS})
        assert listener.wait(1, "ml_training_progress", timeout=PATIENCE)
        # Nobody waits for the learner: it is still at work when these were answered.
        tasks = [ask(server, "/api/tasks")["count"] for _ in range(20)]
        assert len(set(tasks)) == 1
        assert listener.payloads("ml_training_finished") == []
        assert ask(server, "/api/ml/train/cancel", {})["running"] is True
        assert listener.wait(1, "ml_training_finished", timeout=PATIENCE)
        assert [one["state"] for one in listener.payloads("ml_training_finished")] == ["cancelled"]
    finally:
        listener.close()
    assert ask(server, "/api/ml/status")["model_count"] == 1
    check_predictions(server)


def check_predictions(server: Server) -> None:
    """Two tasks are equal; the one whose runs succeeded is offered first."""
    names = []
    for title in ("先", "後"):
        made = ask(server, "/api/tasks/create", {"title": title, "owner": "NIGHT"})["id"]
        ask(server, "/api/tasks/promote", {"task_id": made})
        names.append(made)
    for at in range(20):
        run = {"task_id": names[at % 2], "operation_type": "NIGHT", "success": at % 2 == 1}
        ask(server, "/api/knowledge/save_outcome", {**run, "execution_time_ms": 1_000 + at})
    plan = ask(server, "/api/dispatch/dry-run?coreId=NIGHT")["tasks"]
    assert [one["task_id"] for one in plan] == names[::-1]
    assert ask(server, "/api/agents/claim", {"coreId": "NIGHT"})["task"]["id"] == names[1]
