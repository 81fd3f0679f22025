"""Predict a task's next run: its script's recent runs, moved towards the task's own."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, median
from typing import Any

from orch_next.knowledge.features import quantile
from orch_next.knowledge.learned import log_ms
from orch_next.knowledge.outcomes import WorkOutcome
from orch_next.knowledge.recommend import LEAST_SAMPLES, LEVEL

# The runs that a prediction looks back on.
RECENT = 200
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


@dataclass(frozen=True)
class Track:
    """A script's runs, counted once for any number of its tasks; there is at least one."""

    outcomes: Sequence[WorkOutcome]

    @cached_property
    def _rate(self) -> float:
        return (sum(one.success for one in self.outcomes) + 0.5) / (len(self.outcomes) + 1)

    @cached_property
    def _times(self) -> list[float]:
        return sorted(log_ms(one.execution_time_ms) for one in self.outcomes)

    @cached_property
    def _runs(self) -> Mapping[str, list[WorkOutcome]]:
        found: defaultdict[str, list[WorkOutcome]] = defaultdict(list)
        for one in self.outcomes:
            found[one.task_id].append(one)
        return dict(found)

    def own(self, task_id: str) -> Sequence[WorkOutcome]:
        """Return the task's own runs."""
        return self._runs.get(task_id, [])

    def balance(self, task_id: str) -> tuple[float, float]:
        """Return the good and bad runs that the task's chance of success rests on."""
        own, rate = self.own(task_id), self._rate
        good = _WORTH * rate + sum(one.success for one in own)
        return good, _WORTH * (1 - rate) + sum(not one.success for one in own)

    def chance(self, task_id: str) -> float:
        """Return the chance that the task's next run succeeds."""
        good, bad = self.balance(task_id)
        return good / (good + bad)

    def time_ms(self, task_id: str, share: float = 0.5) -> float:
        """Return the milliseconds that `share` of the task's runs stay below."""
        shift = _shift(median(self._times), self.own(task_id))
        return math.exp(quantile(self._times, share) + shift)


def predict(script: str, task_id: str, outcomes: Sequence[WorkOutcome]) -> Prediction | None:
    """Predict from a script's outcomes; None below 20 of them."""
    if len(outcomes) < LEAST_SAMPLES:
        return None
    track = Track(outcomes)
    return Prediction(
        script,
        len(outcomes),
        len(track.own(task_id)),
        track.chance(task_id),
        _rate_interval(*track.balance(task_id)),
        track.time_ms(task_id),
        (track.time_ms(task_id, 0.1), track.time_ms(task_id, 0.9)),
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
