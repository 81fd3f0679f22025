"""Learning over HTTP (contract 1.2, ML and knowledge; D27, D28, D46)."""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.events import Event
from orch_next.knowledge.documents import Library
from orch_next.knowledge.learning import Learning
from orch_next.knowledge.model import learn
from orch_next.knowledge.outcomes import parse_outcome
from orch_next.knowledge.room import start_thread
from orch_next.knowledge.shelf import Shelf
from orch_next.knowledge.store import KnowledgeStore
from orch_next.knowledge.training import Publish
from orch_next.runtime import Runtime
from tests.knowledge_desk import NOW, Told, fill, make_trainer, run_body
from tests.shapes import differences

LOCAL_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
PAIR = [float]
NUMBERS = ("timeout_ms", "retry_count", "batch_size", "memory_limit_mb")
PARAMETERS = {
    "parameter_set_id": re.compile("task_processor-v1-.+"),
    **dict.fromkeys(NUMBERS, int),
    **{"success_rate": float, "avg_execution_time_ms": float},
}
ESTIMATE = {
    **{"parameters": dict.fromkeys(NUMBERS, int), "runs": int, "success_rate": float},
    **{"success_rate_interval": PAIR, "avg_execution_time_ms": float},
    **{"avg_execution_time_ms_interval": PAIR, "run_time_ms_interval_80": PAIR},
    "cost_ms_per_item": float,
}
SCORE = {
    **{"held_out": int, "accuracy": float, "brier": float, "brier_of_rate": float},
    **{"median_time_error_percent": float, "coverage_80": float},
}
MODEL = {
    **{"script": str, "version": 1, "samples": int, "epochs": int, "score": SCORE},
    **dict.fromkeys(("created_at", "data_from", "data_to"), LOCAL_ISO),
}
LAST = {
    **{"task_id": str, "success": bool, "execution_time_ms": float, "parameters": dict},
    "timestamp": LOCAL_ISO,
}
GROUNDS = {
    **{"sample_size": int, "confidence_level": 0.9, "changes": bool, "sureness": float},
    **{"estimate": ESTIMATE, "baseline": ESTIMATE, "model": MODEL, "last_outcomes": [LAST]},
}
TRAINING = {
    **{"state": str, "epochs": int, "script": str, "step": int, "scripts": int},
    **{"models": int, "skipped": int, "error": str},
}
STATUS = {
    **{"model_count": int, "training_data_count": int, "last_training_time": (LOCAL_ISO, None)},
    **{"average_accuracy": float, "training": TRAINING, "models": [MODEL]},
}


def parts(app: Flask) -> Runtime:
    found: Runtime = app.extensions["orch_next"]
    return found


def post(client: FlaskClient, path: str, body: Any = None) -> tuple[int, Any]:
    answer = client.post(f"/api/ml/{path}", json=body if body is not None else {})
    return answer.status_code, answer.get_json()


def set_trainer(
    app: Flask, publish: Publish, start: Callable[[Callable[[], None]], object]
) -> None:
    """Give the app a learner whose events and threads the test holds."""
    library = Library(parts(app).board.journal.database)
    trainer = make_trainer(library, learn, publish, start)
    learning = Learning(KnowledgeStore(library), Shelf(library), trainer)
    knowledge = replace(parts(app).knowledge, learning=learning)
    app.extensions["orch_next"] = replace(parts(app), knowledge=knowledge)


@pytest.fixture
def taught(app: Flask) -> Flask:
    """Give an app with 60 runs of a script that needs 512 MB and mostly gets 256."""
    fill(parts(app).knowledge.store, 60)
    return app


def test_nothing_was_learned_yet(client: FlaskClient) -> None:
    status = client.get("/api/ml/status").get_json()
    assert differences(status, STATUS) == []
    assert [status[name] for name in list(STATUS)[:4]] == [0, 0, None, 0.0]


@pytest.mark.parametrize("count", [0, 19])
def test_below_the_floor_there_is_no_number(app: Flask, count: int) -> None:
    fill(parts(app).knowledge.store, count)
    answer = app.test_client().get("/api/ml/optimize/task_processor")
    assert (answer.status_code, answer.get_json()) == (
        404,
        {
            "success": False,
            "message": "パラメーターが見つかりません",
            "reason": "not enough data",
            "sample_size": count,
            "needed": 20,
        },
    )


def test_runs_without_all_four_parameters_are_no_ground_for_a_number(app: Flask) -> None:
    dice = random.Random(1)
    for at in range(30):
        body = run_body(at, dice)
        del body["ps1_parameters_used"]["memory_limit_mb"]
        parts(app).knowledge.store.save_work_outcome(parse_outcome(body, NOW))
    answer = app.test_client().get("/api/ml/optimize/task_processor")
    assert (answer.status_code, answer.get_json()["reason"]) == (404, "not enough data")


def test_a_recommendation_says_what_it_rests_on(taught: Flask) -> None:
    client = taught.test_client()
    answer = client.get("/api/ml/optimize/task_processor")
    shape = {"success": True, "optimized_parameters": PARAMETERS, "recommendation": GROUNDS}
    assert (answer.status_code, differences(answer.get_json(), shape)) == (200, [])
    grounds = answer.get_json()["recommendation"]
    assert answer.get_json()["optimized_parameters"]["memory_limit_mb"] == 512
    assert grounds["baseline"]["parameters"]["memory_limit_mb"] == 256
    assert (grounds["sample_size"], len(grounds["last_outcomes"])) == (60, 10)
    low, high = grounds["estimate"]["success_rate_interval"]
    assert 0 < low < grounds["estimate"]["success_rate"] < high <= 1
    assert client.get("/api/ml/optimize/task_processor").get_json() == answer.get_json()


def test_training_runs_in_the_background_and_is_told(taught: Flask) -> None:
    ended, told = threading.Event(), []

    def hear(event: Event) -> None:
        told.append(event.name)
        if event.name == "ml_training_finished":
            ended.set()

    set_trainer(taught, hear, start_thread)
    client = taught.test_client()
    assert post(client, "train", {"epochs": 4}) == (
        200,
        {"success": True, "message": "モデル訓練を開始しました（エポック数: 4）"},
    )
    assert ended.wait(300)
    status = client.get("/api/ml/status").get_json()
    assert differences(status, STATUS) == []
    assert (status["model_count"], status["training_data_count"]) == (1, 60)
    assert 0 < status["average_accuracy"] <= 100
    assert (status["training"]["state"], told[-1]) == ("done", "ml_training_finished")


@pytest.mark.parametrize("epochs", [0, 1001, "50", 1.5, True, [1]])
def test_epochs_are_checked(client: FlaskClient, epochs: Any) -> None:
    status, body = post(client, "train", {"epochs": epochs})
    assert (status, body["success"]) == (400, False)


def test_one_training_at_a_time_and_it_can_be_cancelled(app: Flask) -> None:
    works: list[Callable[[], None]] = []
    set_trainer(app, Told(), works.append)
    client = app.test_client()
    assert post(client, "train/cancel")[1]["running"] is False
    assert post(client, "retrain/manual") == (
        200,
        {"success": True, "message": "手動再訓練を開始しました"},
    )
    assert post(client, "train")[0] == 409
    cancelled = {"success": True, "message": "モデル訓練の中止を要求しました", "running": True}
    assert post(client, "train/cancel") == (200, cancelled)
    works[0]()
    assert post(client, "train")[1]["message"] == "モデル訓練を開始しました（エポック数: 50）"


def test_the_schedule_starts_and_stops(app: Flask, orch_root: Path) -> None:
    client, path = app.test_client(), orch_root.parent / "config" / "monitoring.json"
    config = {"retrain_interval_hours": 24, "auto_start": False}
    stopped = {"is_running": False, "config": config, "next_run_estimate": None}
    assert client.get("/api/ml/retrain/status").get_json() == stopped
    assert post(client, "retrain/start") == (
        200,
        {"success": True, "message": "自動再訓練スケジューラーを開始しました"},
    )
    running = client.get("/api/ml/retrain/status").get_json()
    shape = {"is_running": True, "config": config, "next_run_estimate": LOCAL_ISO}
    assert differences(running, shape) == []
    assert post(client, "retrain/stop") == (
        200,
        {"success": True, "message": "自動再訓練スケジューラーを停止しました"},
    )
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"ai_prediction": {"min_accuracy_threshold": 0.8}}))
    shown = client.get("/api/ml/retrain/status").get_json()
    assert shown == {**stopped, "config": {**config, "min_accuracy_threshold": 0.8}}


PREDICTION = {
    **{"script": "task_processor", "sample_size": 60, "task_sample_size": int},
    **{"confidence_level": 0.9, "success_rate": float, "success_rate_interval": PAIR},
    **{"execution_time_ms": float, "execution_time_ms_interval_80": PAIR},
}


@pytest.mark.parametrize("path", ["003", "neu?script=task_processor"])
def test_a_tasks_next_run_is_predicted(taught: Flask, path: str) -> None:
    answer = taught.test_client().get(f"/api/ml/predict/{path}")
    shape = {"success": True, "task_id": path.partition("?")[0], "prediction": PREDICTION}
    assert (answer.status_code, differences(answer.get_json(), shape)) == (200, [])


@pytest.mark.parametrize("path", ["ない", "003?script=ない"])
def test_without_runs_nothing_is_predicted(taught: Flask, path: str) -> None:
    answer = taught.test_client().get(f"/api/ml/predict/{path}")
    assert (answer.status_code, answer.get_json()["reason"]) == (404, "not enough data")


LEARNING = [
    *(("GET", path) for path in ("status", "optimize/task_processor", "predict/001")),
    *(("POST", path) for path in ("train", "train/cancel")),
]
SCHEDULE = [
    ("GET", "retrain/status"),
    *(("POST", f"retrain/{verb}") for verb in ("start", "stop", "manual")),
]


@pytest.mark.parametrize(
    ("route", "error"),
    [
        *((route, "ML機能が利用できません") for route in LEARNING),
        *((route, "自動再訓練機能が利用できません") for route in SCHEDULE),
    ],
)
def test_without_the_extra_everything_is_503(
    app: Flask, route: tuple[str, str], error: str
) -> None:
    knowledge = replace(parts(app).knowledge, learning=None, retrain=None)
    app.extensions["orch_next"] = replace(parts(app), knowledge=knowledge)
    answer = app.test_client().open(f"/api/ml/{route[1]}", method=route[0], json={})
    assert (answer.status_code, answer.get_json()) == (503, {"error": error})
