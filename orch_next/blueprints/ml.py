"""Learning: status, recommendations, predictions, training (contract 1.2; D27, D28, D46)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from orch_next.blueprints.context import runtime
from orch_next.blueprints.errors import said
from orch_next.blueprints.inputs import Body, read_body
from orch_next.clock import as_local_iso, parse_micros
from orch_next.errors import InputError, OrchError
from orch_next.knowledge.learning import NOT_ENOUGH, Learning
from orch_next.knowledge.outcomes import WorkOutcome
from orch_next.knowledge.recommend import LEAST_SAMPLES
from orch_next.knowledge.schedule import RetrainSchedule
from orch_next.knowledge.training import EPOCHS, MOST_EPOCHS

bp = Blueprint("ml", __name__)

NO_LEARNING = "ML機能が利用できません"
NO_SCHEDULE = "自動再訓練機能が利用できません"
NO_PARAMETERS = "パラメーターが見つかりません"
NO_PREDICTION = "予測が見つかりません"
STARTED = "モデル訓練を開始しました（エポック数: {epochs}）"
CANCELLED = "モデル訓練の中止を要求しました"
SCHEDULE_STARTED = "自動再訓練スケジューラーを開始しました"
SCHEDULE_STOPPED = "自動再訓練スケジューラーを停止しました"
MANUAL_STARTED = "手動再訓練を開始しました"


class _MissingError(OrchError):
    """The extra `ml` is not installed; says which feature that turns off."""


@bp.errorhandler(_MissingError)
def answer_missing(error: OrchError) -> ResponseReturnValue:
    """Answer the contract's 503 of a feature that is really off (D27)."""
    return jsonify(error=said(error)), 503


@bp.get("/api/ml/status")
def get_status() -> ResponseReturnValue:
    """Count models and data; times are local, accuracy is in percent on held-out runs."""
    learning = _learning()
    runtime().knowledge.attempts.catch_up()
    status = learning.get_learning_status()
    last = status["last_training_time"]
    models = [_with_local_times(one) for one in status["models"]]
    local = as_local_iso(last) if last else None
    return jsonify({**status, "last_training_time": local, "models": models})


@bp.get("/api/ml/optimize/<script_name>")
def optimize(script_name: str) -> ResponseReturnValue:
    """Recommend a script's parameters, or say that the data do not suffice; never guess."""
    learning = _learning()
    runtime().knowledge.attempts.catch_up()
    advice = learning.optimize_script_parameters(script_name)
    if advice is None:
        return _not_enough(NO_PARAMETERS, learning.sample_size(script_name))
    last = [_as_last(one) for one in advice.last]
    grounds = {**advice.grounds, "model": _with_local_times(advice.grounds["model"])}
    return jsonify(
        success=True,
        optimized_parameters=vars(advice.parameters),
        recommendation={**grounds, "last_outcomes": last},
    )


@bp.get("/api/ml/predict/<task_id>")
def predict(task_id: str) -> ResponseReturnValue:
    """Predict success and time of a task's next run; `script` names another than its last."""
    learning = _learning()
    runtime().knowledge.attempts.catch_up()
    found = learning.predict_task(task_id, request.args.get("script", ""))
    if found is None:
        return jsonify(success=False, message=NO_PREDICTION, reason=NOT_ENOUGH), 404
    return jsonify(success=True, task_id=task_id, prediction=found.as_json())


@bp.post("/api/ml/train")
def train() -> ResponseReturnValue:
    """Begin a training in the background; its steps are told as events."""
    learning, epochs = _learning(), _epochs(read_body())
    learning.train_model(epochs)
    return jsonify(success=True, message=STARTED.format(epochs=epochs))


@bp.post("/api/ml/train/cancel")
def cancel() -> ResponseReturnValue:
    """End the training that runs, at its next step."""
    return jsonify(success=True, message=CANCELLED, running=_learning().trainer.cancel())


@bp.get("/api/ml/retrain/status")
def get_schedule() -> ResponseReturnValue:
    """Say whether trainings are repeated, how, and when the next one begins."""
    schedule = _schedule()
    following = schedule.next_run
    return jsonify(
        is_running=following is not None,
        config=schedule.config(),
        next_run_estimate=as_local_iso(following) if following else None,
    )


@bp.post("/api/ml/retrain/start")
def start_schedule() -> ResponseReturnValue:
    """Begin to repeat trainings."""
    _schedule().start()
    return jsonify(success=True, message=SCHEDULE_STARTED)


@bp.post("/api/ml/retrain/stop")
def stop_schedule() -> ResponseReturnValue:
    """End repeating trainings."""
    _schedule().stop()
    return jsonify(success=True, message=SCHEDULE_STOPPED)


@bp.post("/api/ml/retrain/manual")
def train_now() -> ResponseReturnValue:
    """Begin a training now, schedule or not."""
    _schedule()
    _learning().train_model(EPOCHS)
    return jsonify(success=True, message=MANUAL_STARTED)


def _learning() -> Learning:
    learning = runtime().knowledge.learning
    if learning is None:
        raise _MissingError(NO_LEARNING)
    return learning


def _schedule() -> RetrainSchedule:
    schedule = runtime().knowledge.retrain
    if schedule is None:
        raise _MissingError(NO_SCHEDULE)
    return schedule


def _epochs(body: Body) -> int:
    epochs = body.members.get("epochs")
    if epochs is None:
        return EPOCHS
    if isinstance(epochs, bool) or not isinstance(epochs, int) or not 1 <= epochs <= MOST_EPOCHS:
        raise InputError(f"epochs must be a whole number of 1 to {MOST_EPOCHS}")
    return epochs


def _not_enough(message: str, samples: int) -> ResponseReturnValue:
    told = {"reason": NOT_ENOUGH, "sample_size": samples, "needed": LEAST_SAMPLES}
    return jsonify(success=False, message=message, **told), 404


def _as_last(outcome: WorkOutcome) -> dict[str, Any]:
    return {
        "task_id": outcome.task_id,
        "success": outcome.success,
        "execution_time_ms": outcome.execution_time_ms,
        "parameters": dict(outcome.ps1_parameters_used),
        "timestamp": as_local_iso(outcome.timestamp),
    }


def _with_local_times(model: dict[str, Any]) -> dict[str, Any]:
    names = ("created_at", "data_from", "data_to")
    return {**model, **{name: as_local_iso(parse_micros(model[name])) for name in names}}
