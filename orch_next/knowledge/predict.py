"""Predict a task's next run: its script's recent runs, moved towards the task's own."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from orch_next.knowledge.features import quantile
from orch_next.knowledge.learned import log_ms
from orch_next.knowledge.outcomes import WorkOutcome
from orch_next.knowledge.recommend import LEAST_SAMPLES, LEVEL

# How many of the task's own runs weigh as much as what the script does.
_WORTH = 5.0
_WORLDS = 1_000


@dataclass(frozen=True)
class Prediction:
    """Chance of success with its interval, and the time that 80 % of the runs keep to."""

    script: str
    samples: int
    own: int
    success_rate: float
    success_interval: tuple[float, float]
    median_ms: float
    run_interval: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """Return what clients see; times in milliseconds."""
        return {
            "script": self.script,
            "sample_size": self.samples,
            "task_sample_size": self.own,
            "confidence_level": LEVEL,
            "success_rate": round(self.success_rate, 4),
            "success_rate_interval": [round(bound, 4) for bound in self.success_interval],
            "execution_time_ms": round(self.median_ms, 1),
            "execution_time_ms_interval_80": [round(bound, 1) for bound in self.run_interval],
        }


def predict(script: str, task_id: str, outcomes: Sequence[WorkOutcome]) -> Prediction | None:
    """Predict from a script's outcomes; None below 20 of them."""
    if len(outcomes) < LEAST_SAMPLES:
        return None
    own = [one for one in outcomes if one.task_id == task_id]
    rate = (sum(one.success for one in outcomes) + 0.5) / (len(outcomes) + 1)
    good = _WORTH * rate + sum(one.success for one in own)
    bad = _WORTH * (1 - rate) + sum(not one.success for one in own)
    low, high = _rate_interval(good, bad)
    times = sorted(log_ms(one.execution_time_ms) for one in outcomes)
    shift = _shift(median(times), own)
    bounds = [math.exp(quantile(times, share) + shift) for share in (0.1, 0.5, 0.9)]
    return Prediction(
        script,
        len(outcomes),
        len(own),
        good / (good + bad),
        (low, high),
        bounds[1],
        (bounds[0], bounds[2]),
    )


def _shift(centre: float, own: Sequence[WorkOutcome]) -> float:
    """Return by how much the task's log times differ, shrunk towards not at all."""
    if not own:
        return 0.0
    mean = fmean(log_ms(one.execution_time_ms) for one in own)
    return (mean - centre) * len(own) / (len(own) + _WORTH)


def _rate_interval(good: float, bad: float) -> tuple[float, float]:
    dice = random.Random(1)  # noqa: S311  # no secret; the same answer every time
    drawn = sorted(dice.betavariate(good, bad) for _ in range(_WORLDS))
    return quantile(drawn, (1 - LEVEL) / 2), quantile(drawn, (1 + LEVEL) / 2)
