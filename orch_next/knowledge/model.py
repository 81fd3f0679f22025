"""Learn a script's model with scikit-learn (extra `ml`): the only module that imports it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern
from sklearn.utils import check_array

from orch_next.knowledge.features import Frame, Place, Setting, make_frame, quantile
from orch_next.knowledge.learned import NORMAL_80, Learned, Sample, Spread, clip_chance, weights_of
from orch_next.knowledge.surface import Points, Surface

# After how many lengths of the history a run counts half.
_FORGETTING = (2.0, 1 / 3, 1 / 8)
# While the forgetting is chosen, the scales need not be found exactly.
_QUICK = 8
# Steps through the logarithms of the scales.
_STRIDE, _LONGEST_STRIDE = 0.2, 0.8
# A surface is made of at most so many settings, those with the most weight.
_MOST_SETTINGS = 100
_SCALES = (0.2, 1.5)
# The prior of a share and of a log time: how far settings may differ, as standard deviations.
_CHANCE_AMPLITUDE = (0.3, 0.5)
_TIME_AMPLITUDE = (0.4, 2.0)
_LEAST_SPREAD = 0.02
# Fewer repeated runs say little about the noise; then half of the variance is taken for it.
_LEAST_REPEATS = 10
_SHARE_TO_CHOOSE, _SHARE_TO_LEARN = 0.6, 0.8

Progress = Callable[[], None]


@dataclass
class Heap:
    """The weighted runs at one setting."""

    weight: float = 0.0
    squares: float = 0.0
    value: float = 0.0
    power: float = 0.0
    runs: int = 0

    def add(self, value: float, weight: float) -> None:
        """Count one run's value."""
        self.runs += 1
        self.weight += weight
        self.squares += weight * weight
        self.value += weight * value
        self.power += weight * value * value

    @property
    def mean(self) -> float:
        """Return the weighted mean."""
        return self.value / self.weight

    @property
    def size(self) -> float:
        """Return how many runs of full weight it is worth."""
        return min(self.weight, self.weight**2 / self.squares)


def learn(samples: Sequence[Sample], epochs: int, progress: Progress) -> Learned:
    """Learn from samples, oldest first, with `epochs` steps for each surface.

    `progress` is called at every step and may raise to cancel. The forgetting is chosen on
    the fourth fifth of the runs, the score measured on the last, each learned from what
    came before.
    """
    frame = make_frame([one.setting for one in samples])
    half_life = _choose(frame, samples, progress)
    early = _fit(frame, _part(samples, 0, _SHARE_TO_CHOOSE), half_life, epochs, progress)
    late = _fit(frame, _part(samples, 0, _SHARE_TO_LEARN), half_life, epochs, progress)
    middle = _part(samples, _SHARE_TO_CHOOSE, _SHARE_TO_LEARN)
    last = _part(samples, _SHARE_TO_LEARN, 1)
    score = _score(
        late, last, _part(samples, 0, _SHARE_TO_LEARN), _width(_surprises(early, middle))
    )
    width = _width([*_surprises(early, middle), *_surprises(late, last)])
    final = _fit(frame, samples, half_life, epochs, progress)
    return Learned(**{**vars(final), "width": width, "score": score})


def _part(samples: Sequence[Sample], start: float, end: float) -> Sequence[Sample]:
    return samples[round(start * len(samples)) : round(end * len(samples))]


def _choose(frame: Frame, samples: Sequence[Sample], progress: Progress) -> float:
    """Return the half-life that predicts the fourth fifth best; to forget must pay clearly."""
    known = _part(samples, 0, _SHARE_TO_CHOOSE)
    tested = _part(samples, _SHARE_TO_CHOOSE, _SHARE_TO_LEARN)
    lives = [share * len(samples) for share in _FORGETTING]
    losses = [_losses(_fit(frame, known, life, _QUICK, progress), tested) for life in lives]
    gains = [_clear_gain(losses[0], other) for other in losses]
    return lives[gains.index(max(gains))]


def _losses(learned: Learned, tested: Sequence[Sample]) -> list[float]:
    """Return the surprise of each run's end and time, lower is better."""
    errors = _time_errors(learned, tested)
    chances = [learned.chance_at(one.setting) for one in tested]
    return [
        error - math.log(p if one.success else 1 - p)
        for one, p, error in zip(tested, chances, errors, strict=True)
    ]


def _clear_gain(losses: Sequence[float], others: Sequence[float]) -> float:
    """Return by how much the others are lower on average, less the gain's standard error."""
    gains = [a - b for a, b in zip(losses, others, strict=True)]
    return fmean(gains) - pstdev(gains) / math.sqrt(len(gains))


def _fit(
    frame: Frame, samples: Sequence[Sample], half_life: float, epochs: int, progress: Progress
) -> Learned:
    weights = weights_of(len(samples), half_life)
    runs = list(zip(samples, weights, strict=True))
    ends = _heaps((one.setting, float(one.success), weight) for one, weight in runs)
    rate = clip_chance(_mean(ends.values()))
    everything = _heaps((one.setting, one.log_ms, weight) for one, weight in runs)
    times, spreads = {}, {}
    for success in (True, False):
        found = _heaps((s.setting, s.log_ms, w) for s, w in runs if s.success is success)
        found = found or everything
        spreads[success] = spread = _spread(found.values())
        errors = {key: spread.deviation**2 / heap.size for key, heap in found.items()}
        times[success] = _surface(frame, found, errors, _TIME_AMPLITUDE, epochs, progress)
    errors = {key: _share_error(heap, rate) for key, heap in ends.items()}
    chance = _surface(frame, ends, errors, _CHANCE_AMPLITUDE, epochs, progress)
    return Learned(frame, chance, times, spreads, half_life, NORMAL_80, {})


def _heaps(runs: Iterable[tuple[Setting, float, float]]) -> dict[Setting, Heap]:
    found: defaultdict[Setting, Heap] = defaultdict(Heap)
    for setting, value, weight in runs:
        found[setting].add(value, weight)
    heaviest = sorted(found.items(), key=lambda item: -item[1].weight)
    return dict(heaviest[:_MOST_SETTINGS])


def _mean(heaps: Iterable[Heap]) -> float:
    listed = list(heaps)
    return sum(heap.value for heap in listed) / sum(heap.weight for heap in listed)


def _share_error(heap: Heap, rate: float) -> float:
    """Return the variance of a share; with few runs it leans on the overall rate."""
    p = clip_chance((heap.mean * heap.size + 2 * rate) / (heap.size + 2))
    return p * (1 - p) / heap.size


def _spread(heaps: Iterable[Heap]) -> Spread:
    """Return how single values lie around their setting's mean."""
    listed = list(heaps)
    weight = sum(heap.weight for heap in listed)
    inside = sum(heap.power - heap.value * heap.mean for heap in listed)
    free = sum(heap.size for heap in listed) - len(listed)
    if free < _LEAST_REPEATS:
        mean = _mean(listed)
        variance = 0.5 * sum(heap.power - heap.value * mean for heap in listed) / weight
    else:
        variance = inside / weight * (free + len(listed)) / free
    deviation = max(_LEAST_SPREAD, math.sqrt(max(0.0, variance)))
    return Spread(deviation, max(1.0, free))


def _surface(
    frame: Frame,
    heaps: dict[Setting, Heap],
    errors: dict[Setting, float],
    amplitude: tuple[float, float],
    epochs: int,
    progress: Progress,
) -> Surface:
    """Find the surface's scales by its likelihood, in `epochs` steps."""
    points = Points(
        tuple(frame.place(setting) for setting in heaps),
        tuple(heap.mean for heap in heaps.values()),
        tuple(errors[setting] for setting in heaps),
    )
    mean, widest = _mean(heaps.values()), amplitude[1] ** 2
    if not frame.axes or len(heaps) < 2:
        return Surface(points, mean, widest, widest, tuple(1.0 for _ in frame.axes))
    near = ConstantKernel(widest / 4, (amplitude[0] ** 2, widest))
    slopes = ConstantKernel(widest / 4, (widest / 16, 4 * widest))
    kernel = near * Matern([1.0] * len(frame.axes), _SCALES, nu=1.5)
    kernel += slopes * DotProduct(0.0, "fixed")
    process = GaussianProcessRegressor(kernel, alpha=_array(points.errors), optimizer=None)
    process.fit([list(place) for place in points.places], [v - mean for v in points.values])
    found = kernel.clone_with_theta(_climb(process, epochs, progress)).get_params()
    scales = found["k1__k2__length_scale"]
    listed = [scales] if isinstance(scales, float) else list(scales)
    height, trend = (float(found[f"{part}__k1__constant_value"]) for part in ("k1", "k2"))
    return Surface(points, mean, height, trend, tuple(map(float, listed)))


def _climb(process: GaussianProcessRegressor, epochs: int, progress: Progress) -> Any:
    """Return the logarithms of the scales that make the points likeliest (Rprop: by signs alone).

    Each axis walks by its own stride, longer while the slope keeps its sign, shorter after
    it turned; so no step size has to be chosen, and every step can be the last.
    """
    here, bounds = list(process.kernel_.theta), process.kernel_.bounds
    strides, before = [_STRIDE] * len(here), [0.0] * len(here)
    best, highest = here, -math.inf
    for _ in range(epochs):
        height, slopes = process.log_marginal_likelihood(_array(here), eval_gradient=True)
        best, highest = (here, float(height)) if height > highest else (best, highest)
        turns = [a * b for a, b in zip(slopes, before, strict=True)]
        strides = [_stride(stride, turn) for stride, turn in zip(strides, turns, strict=True)]
        moves = [math.copysign(s, g) for s, g in zip(strides, slopes, strict=True)]
        here = [
            min(high, max(low, at + move))
            for at, move, (low, high) in zip(here, moves, bounds, strict=True)
        ]
        before = list(slopes)
        progress()
    return _array(best)


def _stride(stride: float, turn: float) -> float:
    return min(_LONGEST_STRIDE, stride * 1.2) if turn > 0 else stride * 0.5 if turn < 0 else stride


def _array(values: Sequence[float]) -> Any:
    """Return what scikit-learn calls an array."""
    return check_array(values, ensure_2d=False)


def _surprises(learned: Learned, tested: Sequence[Sample]) -> list[float]:
    """Return how far off the times were, in expected standard deviations."""
    errors = _time_errors(learned, tested)
    return [
        error / learned.deviation(one.setting, one.success)
        for error, one in zip(errors, tested, strict=True)
    ]


def _time_errors(learned: Learned, tested: Sequence[Sample]) -> list[float]:
    """Return by how much log times differ from what was expected of a run that ended so."""
    places: list[Place] = [learned.frame.place(one.setting) for one in tested]
    return [
        abs(one.log_ms - learned.times[one.success].at(place))
        for one, place in zip(tested, places, strict=True)
    ]


def _width(surprises: Sequence[float]) -> float:
    # One more run than there are: with few the bound is the outermost one (conformal).
    share = 0.8 * (len(surprises) + 1) / len(surprises)
    return quantile(sorted(surprises), share)


def _score(
    learned: Learned, tested: Sequence[Sample], known: Sequence[Sample], width: float
) -> dict[str, float | int]:
    chances = [learned.chance_at(one.setting) for one in tested]
    rate = fmean(one.success for one in known)
    right = [(p >= 0.5) == one.success for p, one in zip(chances, tested, strict=True)]
    errors = sorted(_time_errors(learned, tested))
    return {
        "held_out": len(tested),
        "accuracy": round(100 * fmean(right), 2),
        "brier": _brier(chances, tested),
        "brier_of_rate": _brier([rate] * len(tested), tested),
        "median_time_error_percent": round(100 * math.expm1(quantile(errors, 0.5)), 1),
        "coverage_80": round(fmean(s <= width for s in _surprises(learned, tested)), 3),
    }


def _brier(chances: Sequence[float], samples: Sequence[Sample]) -> float:
    errors = [(p - one.success) ** 2 for p, one in zip(chances, samples, strict=True)]
    return round(fmean(errors), 4)
