"""Training in the background: told, cancelled, refused, scheduled."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orch_next.errors import BusyError, ConfigError, RuleError
from orch_next.knowledge.child import LearnerError, learn_in_child
from orch_next.knowledge.learned import Learned, Sample, as_samples
from orch_next.knowledge.model import learn
from orch_next.knowledge.schedule import RetrainSchedule
from orch_next.knowledge.shelf import Shelf
from orch_next.knowledge.store import KnowledgeStore
from tests.knowledge_desk import NOW, Told, fill, make_trainer, open_library, outcome
from tests.patience import PATIENCE

Work = Callable[[], None]


def at_once(work: Work) -> None:
    work()


def refuse(samples: list[Sample], epochs: int, progress: Work) -> Learned:
    raise BusyError("データベースは使用中です")


def test_every_script_with_enough_runs_gets_a_model(tmp_path: Path) -> None:
    library, told = open_library(tmp_path), Told()
    store = KnowledgeStore(library)
    fill(store, 40)
    store.save_work_outcome(outcome())
    trainer = make_trainer(library, learn, told, at_once)
    trainer.start(3)
    assert (trainer.training.state, trainer.training.models, trainer.training.skipped) == (
        "done",
        1,
        1,
    )
    model = Shelf(library).latest("task_processor")
    assert model is not None
    assert (model.samples, model.epochs, model.data_from < model.data_to) == (40, 3, True)
    assert {name for name, _ in told} == {"ml_training_progress", "ml_training_finished"}
    assert told[-1][1]["state"] == "done"
    steps = [payload["step"] for name, payload in told if name == "ml_training_progress"]
    assert steps == sorted(set(steps)) and steps[0] == 1


def test_a_training_is_cancelled_at_its_next_step(tmp_path: Path) -> None:
    library, told = open_library(tmp_path), Told()
    fill(KnowledgeStore(library), 25)
    started: list[Work] = []
    trainer = make_trainer(library, learn, told, started.append)
    trainer.start(1000)
    assert trainer.cancel() is True
    started[0]()
    assert (told[-1][0], told[-1][1]["state"], Shelf(library).current()) == (
        "ml_training_finished",
        "cancelled",
        [],
    )
    assert trainer.cancel() is False


def test_a_second_training_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    started: list[Work] = []
    trainer = make_trainer(open_library(tmp_path), learn, Told(), started.append)
    trainer.start(5)
    with pytest.raises(RuleError, match="running already"):
        trainer.start(5)
    started[0]()
    trainer.start(5)
    assert len(started) == 2


def test_a_training_that_fails_says_why(tmp_path: Path) -> None:
    library, told = open_library(tmp_path), Told()
    fill(KnowledgeStore(library), 25)
    make_trainer(library, refuse, told, at_once).start(5)
    assert (told[-1][1]["state"], told[-1][1]["error"]) == ("failed", "データベースは使用中です")


def test_a_defect_is_not_hidden_and_is_told(tmp_path: Path) -> None:
    def broken(samples: list[Sample], epochs: int, progress: Work) -> Learned:
        raise ZeroDivisionError

    library, told = open_library(tmp_path), Told()
    fill(KnowledgeStore(library), 25)
    trainer = make_trainer(library, broken, told, at_once)
    with pytest.raises(ZeroDivisionError):
        trainer.start(5)
    assert told[-1][1]["state"] == "failed"


def count(steps: list[int]) -> Work:
    return lambda: steps.append(1)


def test_a_child_process_learns_the_same(tmp_path: Path) -> None:
    store = KnowledgeStore(open_library(tmp_path))
    fill(store, 25)
    samples = as_samples(store.recent("task_processor", 99))
    here: list[int] = []
    there: list[int] = []
    assert learn_in_child(samples, 2, count(there)) == learn(samples, 2, count(here))
    assert len(here) == len(there) > 0


def test_a_cancelled_child_is_ended() -> None:
    def cancel() -> None:
        raise RuleError("genug")

    endless = [sys.executable, "-uc", "while True: print('.')"]
    with pytest.raises(RuleError, match="genug"):
        learn_in_child([], 1, cancel, endless)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([sys.executable, "-c", "raise SystemExit('学習できません')"], "学習できません"),
        ([sys.executable, "-c", ""], "without a word"),
        (["/gibt/es/nicht"], "cannot be started"),
    ],
)
def test_a_child_that_fails_says_why(command: list[str], words: str) -> None:
    with pytest.raises(LearnerError, match=words):
        learn_in_child([], 1, nothing, command)


@pytest.fixture
def make_schedule(tmp_path: Path) -> Callable[..., RetrainSchedule]:
    def make(text: str | None, train: Work, start: Callable[[Work], Any]) -> RetrainSchedule:
        path = tmp_path / "monitoring.json"
        if text is not None:
            path.write_text(text, encoding="utf-8")
        return RetrainSchedule(train, path, now=lambda: NOW, start_thread=start)

    return make


def nothing() -> None:
    """Train nothing."""


def test_the_schedule_starts_once_and_stops(make_schedule: Callable[..., RetrainSchedule]) -> None:
    threads: list[Work] = []
    schedule = make_schedule(
        '{"ai_prediction": {"retrain_interval_hours": 6}}', nothing, threads.append
    )
    planned = [schedule.next_run]
    schedule.start()
    schedule.start()
    planned.append(schedule.next_run)
    assert (len(threads), planned) == (1, [None, NOW + timedelta(hours=6)])
    schedule.stop()
    threads[0]()  # ends at once: it was stopped
    assert schedule.next_run is None


def test_the_schedule_trains_again_and_again(
    make_schedule: Callable[..., RetrainSchedule],
) -> None:
    trained, thrice = [], threading.Event()

    def train() -> None:
        trained.append(1)
        if len(trained) == 3:
            thrice.set()
        raise RuleError("a training is running already")

    def start(work: Work) -> None:
        threading.Thread(target=work, daemon=True).start()

    text = '{"ai_prediction": {"retrain_interval_hours": 0.0000005}}'
    schedule = make_schedule(text, train, start)
    schedule.start()
    assert thrice.wait(PATIENCE)
    schedule.stop()


@pytest.mark.parametrize(
    ("text", "config"),
    [
        (None, {"retrain_interval_hours": 24, "auto_start": False}),
        ("{}", {"retrain_interval_hours": 24, "auto_start": False}),
        (
            '{"ai_prediction": {"model_path": "data/モデル"}}',
            {"retrain_interval_hours": 24, "auto_start": False, "model_path": "data/モデル"},
        ),
    ],
)
def test_the_configuration_is_the_files_over_the_defaults(
    make_schedule: Callable[..., RetrainSchedule], text: str | None, config: dict[str, Any]
) -> None:
    assert make_schedule(text, nothing, at_once).config() == config


@pytest.mark.parametrize(
    "text",
    [
        *("{", "[]", '{"ai_prediction": 1}', '{"ai_prediction": {"retrain_interval_hours": 0}}'),
        *(f'{{"ai_prediction": {{"retrain_interval_hours": {v}}}}}' for v in ('"6"', "true", 9999)),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(
    make_schedule: Callable[..., RetrainSchedule], text: str
) -> None:
    schedule = make_schedule(text, nothing, at_once)
    with pytest.raises(ConfigError, match=r"monitoring\.json"):
        schedule.start()
    assert schedule.next_run is None
