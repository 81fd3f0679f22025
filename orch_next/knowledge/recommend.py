"""Recommend a setting: the cheapest per finished piece of work, and how sure that is.

Cost = expected milliseconds of a run / (chance of success x pieces of work a run does). Worlds
are drawn from what the model thinks possible; a setting is recommended instead of the baseline
only when it is cheaper in 8 of 10 of them (more below 80 runs), its success rate is at most 0.05
lower, and each value that it changes has succeeded three times.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations_with_replacement, product
from statistics import fmean
from typing import Any

from orch_next.knowledge.features import Setting, quantile, spread
from orch_next.knowledge.learned import Learned, Sample
from orch_next.knowledge.outcomes import TUNED

LEAST_SAMPLES = 20
LEVEL = 0.9
TOLERANCE = 0.05
_SURE = 0.8
_SHORT_SURE, _LONG = 0.1, 80
_WORLDS = 400
_BASELINE_SHARE = 0.25
_MOST_VALUES = 5
# So many successful runs must have used a value before it is recommended.
_PROOF = 3
_MOST_SETTINGS = 60
_FINALISTS = 6
_LEAST_RATE = 1e-3
# Nearer to 0 and 1 a share's error is taken as it is here.
_RIM = 0.05
# The surfaces know too well: their scales were chosen by the same runs.
_CAUTION = 1.5
BATCH = TUNED.index("batch_size")


@dataclass(frozen=True)
class Estimate:
    """What to expect of a setting; intervals hold the truth with probability 0.9."""

    setting: Setting
    runs: int
    success_rate: float
    success_interval: tuple[float, float]
    time_ms: float
    time_interval: tuple[float, float]
    run_interval: tuple[float, float]
    costs: tuple[float, ...]

    @property
    def cost(self) -> float:
        """Return the expected cost."""
        return fmean(self.costs)


@dataclass(frozen=True)
class Recommendation:
    """The setting to use, the baseline (the usual one of late), and how many runs taught it."""

    best: Estimate
    baseline: Estimate
    samples: int
    sureness: float

    @property
    def changes(self) -> bool:
        """Tell whether it differs from what is used."""
        return self.best.setting != self.baseline.setting


@dataclass(frozen=True)
class Advisor:
    """A script's model and its runs, oldest first."""

    learned: Learned
    samples: Sequence[Sample]

    def recommend(self, seed: int = 1) -> Recommendation:
        """Return the setting to use; the caller has checked that there are enough samples."""
        items, used = self._items(), self.baseline()
        estimate = partial(self._estimate, items=items, seed=seed)
        baseline = estimate(used)
        finalists = [estimate(one) for one in self._finalists(items) if one != used]
        least = self.learned.chance_at(used) - TOLERANCE
        safe = [one for one in finalists if self.learned.chance_at(one.setting) >= least]
        best = min(safe, key=_cautious_cost, default=baseline)
        sureness = _share_below(best.costs, baseline.costs)
        if best is baseline or sureness < needed_sureness(len(self.samples)):
            return Recommendation(baseline, baseline, len(self.samples), 1 - sureness)
        return Recommendation(best, baseline, len(self.samples), sureness)

    def baseline(self) -> Setting:
        """Return the usual setting: the one that has most in common with the runs of late.

        Those are the last quarter, at least 20; of equals it is the newest. Where every run
        tries something else, hardly one whole setting is used twice.
        """
        late = max(LEAST_SAMPLES, int(len(self.samples) * _BASELINE_SHARE))
        last = [one.setting for one in self.samples[-late:]]
        counts = [Counter(values) for values in zip(*last, strict=True)]
        return max(
            reversed(last),
            key=lambda setting: sum(c[v] for c, v in zip(counts, setting, strict=True)),
        )

    def _items(self) -> Mapping[int, float]:
        """Return pieces of work per run by batch size."""
        seen: defaultdict[int, list[float]] = defaultdict(list)
        for one in self.samples:
            seen[one.setting[BATCH]].append(one.items)
        return {size: fmean(items) for size, items in seen.items()}

    def _finalists(self, items: Mapping[int, float]) -> list[Setting]:
        """Return what looks cheapest among used settings and among changes of the baseline."""
        runs, baseline = Counter(one.setting for one in self.samples), self.baseline()
        rough, proven = partial(self._rough_cost, items=items), self._proven(baseline)
        used = [one for one, _ in runs.most_common(_MOST_SETTINGS) if proven(one)]
        near = {one for one in _neighbours(baseline, list(runs)) if proven(one)}
        new = sorted(near - runs.keys(), key=rough)
        return [*sorted(used, key=rough)[:_FINALISTS], *new[:_FINALISTS]]

    def _proven(self, baseline: Setting) -> Callable[[Setting], bool]:
        """Return what tells whether every value that a setting changes has often succeeded."""
        good = [one.setting for one in self.samples if one.success]
        counts = Counter(value for setting in good for value in enumerate(setting))
        proven = {value for value, count in counts.items() if count >= _PROOF}
        known = proven | {*enumerate(baseline)}
        return lambda setting: known.issuperset(enumerate(setting))

    def _rough_cost(self, setting: Setting, items: Mapping[int, float]) -> float:
        learned, p = self.learned, self.learned.chance_at(setting)
        place = learned.frame.place(setting)
        good, bad = (math.exp(learned.times[success].at(place)) for success in (True, False))
        return (p * good + (1 - p) * bad) / (p * items[setting[BATCH]])

    def _estimate(self, setting: Setting, items: Mapping[int, float], seed: int) -> Estimate:
        """Draw worlds of the success rate and of the mean times at a setting."""
        dice = random.Random(seed)  # noqa: S311  # no secret; the same answer every time
        rates = self._rates(setting, dice)
        good, bad = self._times(setting, dice, True), self._times(setting, dice, False)
        times = [p * g + (1 - p) * b for p, g, b in zip(rates, good, bad, strict=True)]
        return Estimate(
            setting=setting,
            runs=sum(one.setting == setting for one in self.samples),
            success_rate=fmean(rates),
            success_interval=_interval(rates),
            time_ms=fmean(times),
            time_interval=_interval(times),
            run_interval=self.learned.run_interval(setting),
            costs=tuple(
                time / (p * items[setting[BATCH]]) for time, p in zip(times, rates, strict=True)
            ),
        )

    def _rates(self, setting: Setting, dice: random.Random) -> list[float]:
        """Draw success rates: what is known is worth so many runs, and half a run of each end."""
        p = self.learned.chance_at(setting)
        central = min(1 - _RIM, max(_RIM, p))
        known = self.learned.chance.variance(self.learned.frame.place(setting))
        runs = central * (1 - central) / (_CAUTION * known)
        good, bad = runs * p + 0.5, runs * (1 - p) + 0.5
        return [max(_LEAST_RATE, dice.betavariate(good, bad)) for _ in range(_WORLDS)]

    def _times(self, setting: Setting, dice: random.Random, success: bool) -> list[float]:
        """Draw mean times of runs that end so."""
        surface, place = self.learned.times[success], self.learned.frame.place(setting)
        centre, error = surface.at(place), math.sqrt(_CAUTION * surface.variance(place))
        spread = self.learned.spreads[success]
        doubt = math.sqrt(2 / spread.repeats)
        # The mean of times whose logarithm is spread so is above exp(centre).
        lifts = (dice.gauss(1, doubt) * spread.deviation**2 / 2 for _ in range(_WORLDS))
        return [math.exp(dice.gauss(centre, error) + max(0.0, lift)) for lift in lifts]


def needed_sureness(samples: int) -> float:
    """Return in which share of worlds a change must pay: 0.8 from 80 runs on, more below.

    The worlds of a short history are too much alike: the model takes its luck for the truth.
    """
    return _SURE + _SHORT_SURE * max(0.0, 1 - samples / _LONG)


def as_json(found: Recommendation, names: Sequence[str]) -> dict[str, Any]:
    """Return what a recommendation rests on; times in milliseconds, rates 0..1."""
    return {
        "sample_size": found.samples,
        "confidence_level": LEVEL,
        "changes": found.changes,
        "sureness": round(found.sureness, 3),
        "estimate": _estimate_json(found.best, names),
        "baseline": _estimate_json(found.baseline, names),
    }


def _estimate_json(one: Estimate, names: Sequence[str]) -> dict[str, Any]:
    return {
        "parameters": dict(zip(names, one.setting, strict=True)),
        "runs": one.runs,
        "success_rate": round(one.success_rate, 4),
        "success_rate_interval": [round(bound, 4) for bound in one.success_interval],
        "avg_execution_time_ms": round(one.time_ms, 1),
        "avg_execution_time_ms_interval": [round(bound, 1) for bound in one.time_interval],
        "run_time_ms_interval_80": [round(bound, 1) for bound in one.run_interval],
        "cost_ms_per_item": round(one.cost, 2),
    }


def _neighbours(baseline: Setting, used: Sequence[Setting]) -> Iterator[Setting]:
    """Yield settings with other used values in one or two places of the baseline."""
    values = [
        spread(sorted({setting[index] for setting in used}), _MOST_VALUES)
        for index in range(len(baseline))
    ]
    for first, second in combinations_with_replacement(range(len(baseline)), 2):
        for one, other in product(values[first], values[second]):
            changed = list(baseline)
            changed[first], changed[second] = one, other
            yield tuple(changed)


def _interval(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return quantile(ordered, (1 - LEVEL) / 2), quantile(ordered, (1 + LEVEL) / 2)


def _cautious_cost(one: Estimate) -> float:
    return quantile(sorted(one.costs), _SURE)


def _share_below(costs: Sequence[float], others: Sequence[float]) -> float:
    # Every third of the others: pairs enough, and independent of the drawing order.
    pairs = [(a, b) for a in costs[::3] for b in others[1::3]]
    return sum(a < b for a, b in pairs) / len(pairs)
