"""What is learned: surfaces, models as JSON, recommendations, predictions."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from pathlib import Path
from statistics import fmean

import pytest

from benchmarks.learning import SHAPES, evaluate, history
from orch_next.knowledge.features import make_frame
from orch_next.knowledge.learned import Sample, as_samples, load_learned, weights_of
from orch_next.knowledge.model import learn
from orch_next.knowledge.predict import predict
from orch_next.knowledge.recommend import Advisor
from orch_next.knowledge.shelf import Shelf, Stored
from orch_next.knowledge.store import KnowledgeStore
from orch_next.knowledge.surface import Points, Surface, load_surface
from tests.knowledge_desk import NOW, fill, open_library, outcome


def quiet() -> None:
    """Take no notice of progress."""


def test_a_surface_meets_its_points_and_doubts_what_is_far() -> None:
    points = Points(((-0.5,), (0.0,), (0.5,)), (1.0, 3.0, 2.0), (1e-6, 1e-6, 1e-6))
    surface = Surface(points, 2.0, 1.0, 0.1, (0.3,))
    assert [round(surface.at(place), 3) for place in points.places] == [1.0, 3.0, 2.0]
    assert [surface.variance(place) < 1e-5 for place in points.places] == [True] * 3
    assert surface.variance((0.25,)) < surface.variance((3.0,))
    loaded = load_surface(json.loads(json.dumps(surface.as_json())))
    assert (loaded, loaded.at((0.2,))) == (surface, surface.at((0.2,)))


def test_a_surface_trusts_a_noisy_point_less() -> None:
    sure, noisy = (
        Surface(Points(((0.0,),), (1.0,), (error,)), 0.0, 1.0, 0.0, (1.0,)) for error in (0.01, 4.0)
    )
    assert (round(sure.at((0.0,)), 2), round(noisy.at((0.0,)), 2)) == (0.99, 0.2)


def test_a_frame_has_only_what_varied() -> None:
    frame = make_frame([(1, 3, 0, 9), (7, 3, 0, 9), (3, 3, 0, 9)])
    assert [frame.place((value, 5, 5, 5)) for value in (1, 3, 7, 999)] == [
        (-0.5,),
        (0.0,),
        (0.5,),
        (0.5,),
    ]


def test_old_runs_are_forgotten_by_halves() -> None:
    assert (weights_of(3, 1.0), weights_of(2, 0)) == ([0.25, 0.5, 1.0], [1.0, 1.0])


def test_learning_is_repeatable_and_survives_json() -> None:
    samples = history(SHAPES[1], 60, random.Random(3))
    first, second = learn(samples, 4, quiet), learn(samples, 4, quiet)
    loaded = load_learned(json.loads(json.dumps(first.as_json())))
    assert first.as_json() == second.as_json() == loaded.as_json()
    assert Advisor(loaded, samples).recommend() == Advisor(first, samples).recommend()


def test_the_score_is_measured_on_the_last_fifth() -> None:
    samples = history(SHAPES[1], 100, random.Random(5))
    turned = [
        Sample(s.setting, not s.success if at >= 80 else s.success, s.log_ms, 1.0, s.at)
        for at, s in enumerate(samples)
    ]
    honest, surprised = (dict(learn(runs, 8, quiet).score) for runs in (samples, turned))
    assert (honest["held_out"], surprised["held_out"]) == (20, 20)
    assert honest["accuracy"] == pytest.approx(100 - surprised["accuracy"])


@pytest.mark.parametrize("success", [True, False])
def test_runs_that_all_end_alike_can_be_learned(success: bool) -> None:
    samples = [Sample((1, 1, 1, 1 + at % 2), success, 5.0 + at % 3, 1.0, NOW) for at in range(20)]
    found = Advisor(learn(samples, 3, quiet), samples).recommend()
    low, high = found.best.success_interval
    assert (low < found.best.success_rate <= high, found.best.success_rate > 0.5) == (True, success)


def test_a_single_setting_is_its_own_baseline() -> None:
    samples = [Sample((5, 1, 1, 64), at % 5 > 0, 7.0 + at % 3, 1.0, NOW) for at in range(40)]
    found = Advisor(learn(samples, 3, quiet), samples).recommend()
    assert (found.changes, found.best.setting, found.best.runs) == (False, (5, 1, 1, 64), 40)
    assert found.best.success_interval[0] < 0.8 < found.best.success_interval[1]
    assert found.best.time_interval[0] < fmean(math.exp(s.log_ms) for s in samples)


@pytest.mark.parametrize("shape", [one for one in SHAPES if one.name in ("memory", "batch")])
def test_advice_beats_what_was_used(shape: object) -> None:
    found = [evaluate(shape, 150, seed, epochs=5) for seed in range(2)]  # type: ignore[arg-type]
    assert fmean(one.ours for one in found) < fmean(one.baseline for one in found) / 2


def test_where_nothing_matters_nothing_gets_worse() -> None:
    (nothing,) = (one for one in SHAPES if one.name == "nothing")
    assert evaluate(nothing, 100, 1, epochs=12).ours == pytest.approx(0)


def run_with(memory: int, success: bool, log_ms: float) -> Sample:
    return Sample((30, 1, 1, memory), success, log_ms, 1.0, NOW)


@pytest.mark.parametrize(("successes", "changes"), [(2, False), (9, True)])
def test_a_value_must_have_succeeded_three_times(successes: int, changes: bool) -> None:
    usual = [run_with(256, at % 10 == 0, 9.0) for at in range(40)]
    better = [run_with(512, True, 3.0) for _ in range(successes)]
    samples = [*better, *usual]
    found = Advisor(learn(samples, 12, quiet), samples).recommend()
    assert (found.baseline.setting, found.changes) == ((30, 1, 1, 256), changes)


def test_the_baseline_is_the_usual_setting_although_most_runs_try_something_else() -> None:
    tries = [(10, 1, 1, 256), (60, 1, 1, 256), (30, 2, 1, 256), (30, 0, 1, 256), (30, 1, 9, 256)]
    late = [*tries, (30, 1, 1, 512), (30, 1, 1, 256), *tries[:3], *tries[:3], *tries[1:]]
    settings = [(5, 5, 5, 64)] * 80 + [*late, (5, 5, 5, 64), (7, 7, 7, 32)]
    samples = [Sample(one, True, 8.0, 1.0, NOW) for one in settings]
    assert Counter(settings[-20:])[30, 1, 1, 256] == 1
    assert Advisor(learn(samples, 1, quiet), samples).baseline() == (30, 1, 1, 256)


def test_models_are_versioned_and_described(tmp_path: Path) -> None:
    library = open_library(tmp_path)
    shelf, other = Shelf(library), Shelf(open_library(tmp_path))
    model = Stored("作業", 0, "t", "a", "b", 20, 5, {"accuracy": 90.0}, {"x": [1.5]})
    assert [shelf.add(model).version, other.add(model).version] == [1, 2]
    shelf.add(Stored("別", 0, "t", "a", "b", 20, 5, {"accuracy": 80.0}, {}))
    latest = shelf.latest("作業")
    assert latest is not None and (latest.version, latest.learned) == (2, {"x": [1.5]})
    assert [(one["script"], one["version"], "learned" in one) for one in shelf.current()] == [
        ("作業", 2, False),
        ("別", 1, False),
    ]
    assert shelf.latest("ない") is None


def test_samples_are_the_runs_with_all_parameters(tmp_path: Path) -> None:
    store = KnowledgeStore(open_library(tmp_path))
    fill(store, 5)
    runs = [*store.recent("task_processor", 9), outcome()]
    assert [len(runs), len(as_samples(runs))] == [6, 5]


def test_a_prediction_leans_on_the_tasks_own_runs() -> None:
    others = [
        outcome(task_id="900", success=at % 10 > 0, execution_time_ms=1000 + at) for at in range(40)
    ]
    own = [outcome(task_id="001", success=False, execution_time_ms=9000 + at) for at in range(5)]
    general, special = predict("s", "777", others), predict("s", "001", [*others, *own])
    assert general is not None and special is not None
    assert (general.own, special.own, special.samples) == (0, 5, 45)
    assert general.success_interval[0] < 0.9 < general.success_interval[1]
    assert 1000 < general.run_interval[0] < general.median_ms < general.run_interval[1] < 1040
    assert (special.success_rate < 0.5, special.median_ms > 2 * general.median_ms) == (True, True)


def test_below_the_floor_there_is_no_prediction() -> None:
    assert predict("s", "001", [outcome()] * 19) is None
