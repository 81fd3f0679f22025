"""Which of two servers is slower, and how sure that is: interleaved rounds, bootstrap."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import geometric_mean, median
from typing import Literal

LIMIT = 1.05
RESAMPLES = 1000
# Differences of single routes below this are of no use to anybody, in seconds.
NOTICED = 0.001
Round = tuple[float, float, float, float]  # old, new, new, old: seconds
Speed = Literal["ok", "slower", "unsure"]
Figure = Callable[[Sequence[float]], float]


@dataclass(frozen=True)
class Ratio:
    """New by old, with the interval that holds it in 95 of 100 such runs, and its least draw."""

    value: float
    low: float
    high: float
    least: float

    @property
    def speed(self) -> Speed:
        """Return whether the new server is at most 5 % slower, surely slower, or unsure."""
        if self.high <= LIMIT:
            return "ok"
        return "slower" if self.low > LIMIT else "unsure"


@dataclass(frozen=True)
class Times:
    """The times of one route: milliseconds, and the ratios of their 50th and 95th percentile."""

    path: str
    rounds: int
    old_p50: float
    new_p50: float
    old_p95: float
    new_p95: float
    p50: Ratio
    p95: Ratio

    @property
    def is_slower(self) -> bool:
        """Tell whether it is over 5 % and 1 ms slower in every draw.

        Of many routes some are out of their 95 % interval by chance; so every draw must agree.
        """
        return self.p50.least > LIMIT and self.new_p50 - self.old_p50 > 1000 * NOTICED


def measure(ask_old: Callable[[], float], ask_new: Callable[[], float], rounds: int) -> list[Round]:
    """Ask old, new, new, old in each round, so that a drift hits both alike."""
    return [(ask_old(), ask_new(), ask_new(), ask_old()) for _ in range(rounds)]


def evaluate(path: str, rounds: Sequence[Round]) -> Times:
    """Return the figures of one route's rounds."""
    old, new = _sides(rounds)
    return Times(
        path,
        len(rounds),
        _milliseconds(median(old)),
        _milliseconds(median(new)),
        _milliseconds(p95(old)),
        _milliseconds(p95(new)),
        ratio_of(rounds, median),
        ratio_of(rounds, p95),
    )


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 3)


def ratio_of(rounds: Sequence[Round], figure: Figure) -> Ratio:
    """Return new by old: 1,000 draws of as many rounds, the same ones for equal input."""
    return _interval(_ratio(rounds, figure), _draws(rounds, figure))


def overall(routes: Sequence[Sequence[Round]]) -> Ratio:
    """Return the geometric mean of the routes' median ratios, with its interval."""
    values = [_ratio(rounds, median) for rounds in routes]
    draws = zip(*(_draws(rounds, median) for rounds in routes), strict=True)
    return _interval(geometric_mean(values), [geometric_mean(one) for one in draws])


def _interval(value: float, draws: Sequence[float]) -> Ratio:
    ordered = sorted(draws)
    low, high = ordered[round(0.025 * len(draws))], ordered[round(0.975 * len(draws)) - 1]
    return Ratio(*(round(one, 4) for one in (value, low, high, ordered[0])))


def _draws(rounds: Sequence[Round], figure: Figure) -> list[float]:
    dice = random.Random(20251009)  # noqa: S311  # statistics, no secret
    return [_ratio(dice.choices(rounds, k=len(rounds)), figure) for _ in range(RESAMPLES)]


def p95(values: Sequence[float]) -> float:
    """Return the smallest value that is not exceeded by 95 of 100."""
    ordered = sorted(values)
    return ordered[max(0, -(-95 * len(ordered) // 100) - 1)]


def _ratio(rounds: Sequence[Round], figure: Figure) -> float:
    old, new = _sides(rounds)
    return figure(new) / max(figure(old), 1e-9)


def _sides(rounds: Sequence[Round]) -> tuple[list[float], list[float]]:
    old = [time for one in rounds for time in (one[0], one[3])]
    return old, [time for one in rounds for time in (one[1], one[2])]
