"""What was learned of one script, and what it says of a setting."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orch_next.knowledge.features import Frame, Setting, load_frame
from orch_next.knowledge.outcomes import WorkOutcome
from orch_next.knowledge.surface import Surface, load_surface

_LEAST_CHANCE = 0.01
# The bound of a normal distribution's central 80 %.
NORMAL_80 = 1.2816


@dataclass(frozen=True)
class Sample:
    """One run to learn from; `log_ms` is the natural logarithm of its milliseconds."""

    setting: Setting
    success: bool
    log_ms: float
    items: float
    at: datetime


@dataclass(frozen=True)
class Spread:
    """The standard deviation of single log times, and how many repeated runs told it."""

    deviation: float
    repeats: float


@dataclass(frozen=True)
class Learned:
    """A script's model: surfaces of the chance of success and of log times by end.

    `spreads` tell how single times lie around their surface, `half_life` is the number of runs
    after which one counts half (0: all count alike), `width` the factor on the standard
    deviation that made the 80 % interval hold on held-out runs.
    """

    frame: Frame
    chance: Surface
    times: Mapping[bool, Surface]
    spreads: Mapping[bool, Spread]
    half_life: float
    width: float
    score: Mapping[str, Any]

    def chance_at(self, setting: Setting) -> float:
        """Return the probability of success."""
        return clip_chance(self.chance.at(self.frame.place(setting)))

    def deviation(self, setting: Setting, success: bool) -> float:
        """Return how far one run's log time may be off, as a standard deviation."""
        unknown = self.times[success].variance(self.frame.place(setting))
        return math.sqrt(self.spreads[success].deviation ** 2 + unknown)

    def run_interval(self, setting: Setting) -> tuple[float, float]:
        """Return the milliseconds between which 80 % of the successful runs lie."""
        centre = self.times[True].at(self.frame.place(setting))
        reach = self.width * self.deviation(setting, True)
        return math.exp(centre - reach), math.exp(centre + reach)

    def as_json(self) -> dict[str, Any]:
        """Return everything for storing."""
        return {
            "frame": self.frame.as_json(),
            "chance": self.chance.as_json(),
            "times": [self.times[True].as_json(), self.times[False].as_json()],
            "spreads": [list(vars(self.spreads[end]).values()) for end in (True, False)],
            "half_life": self.half_life,
            "width": self.width,
            "score": dict(self.score),
        }


def load_learned(stored: Mapping[str, Any]) -> Learned:
    """Return the model that `as_json` described."""
    good, bad = (load_surface(one) for one in stored["times"])
    good_spread, bad_spread = (Spread(*one) for one in stored["spreads"])
    return Learned(
        frame=load_frame(stored["frame"]),
        chance=load_surface(stored["chance"]),
        times={True: good, False: bad},
        spreads={True: good_spread, False: bad_spread},
        half_life=stored["half_life"],
        width=stored["width"],
        score=stored["score"],
    )


def clip_chance(chance: float) -> float:
    """Return a probability that is neither 0 nor 1."""
    return min(1 - _LEAST_CHANCE, max(_LEAST_CHANCE, chance))


def as_samples(outcomes: Sequence[WorkOutcome]) -> list[Sample]:
    """Return the runs that can be learned from: those whose four parameters are known."""
    return [
        Sample(one.setting, one.success, log_ms(one.execution_time_ms), one.items, one.timestamp)
        for one in outcomes
        if one.setting is not None
    ]


def log_ms(milliseconds: float) -> float:
    """Return the logarithm of a time; below one millisecond is one."""
    return math.log(max(1.0, milliseconds))


def weights_of(count: int, half_life: float) -> list[float]:
    """Return the weights of `count` samples, oldest first; the last weighs 1."""
    if not half_life:
        return [1.0] * count
    return [0.5 ** ((count - 1 - at) / half_life) for at in range(count)]
