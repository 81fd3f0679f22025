"""Held-out evaluation of the learner on generated histories whose best setting is known.

    python benchmarks/learning.py [--seeds 20] [--samples 15 40 120 400]

For each shape and history length it prints the regret (how much dearer than the best setting,
in percent of the best's cost) of the baseline and of the recommendation, how often the
recommendation is worse than the baseline, and how often the intervals hold the truth: of the
success rate and the mean time at the recommended setting (nominal 90 %), and of the next runs'
times (nominal 80 %). Exit status 1 when the recommendation does not beat the baseline on every
shape that has something to learn, when it is clearly dearer than the baseline for any shape and
length, when an interval holds the truth much too seldom, or when a number is given for a history
that is too short.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from statistics import fmean, pstdev

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from orch_next.knowledge.learned import Sample
from orch_next.knowledge.model import learn
from orch_next.knowledge.recommend import LEAST_SAMPLES, TOLERANCE, Advisor

Setting = tuple[int, ...]
START = datetime(2025, 10, 1, tzinfo=timezone.utc)
TIMEOUTS = (5_000, 15_000, 30_000, 60_000, 120_000)
RETRIES = (0, 1, 2, 3)
BATCHES = (1, 4, 16, 64)
MEMORIES = (128, 256, 512, 1024)
USED: Setting = (30_000, 1, 4, 256)
EPOCHS = 20


@dataclass(frozen=True)
class World:
    """What is true at one moment: chance of success, mean log time of success and failure."""

    chance: float
    log_good: float
    log_bad: float


@dataclass(frozen=True)
class Shape:
    """A script whose truth is known; `noise` is the deviation of log times."""

    name: str
    truth: Callable[[Setting, float], World]
    noise: float
    used: Setting = USED
    per_item: bool = False
    to_learn: bool = True


def sigmoid(x: float) -> float:
    """Return the logistic function."""
    return 1 / (1 + math.exp(-x))


def timeouts(setting: Setting, _age: float) -> World:
    """Runs need about 40 s: shorter timeouts cut them off, longer ones wait for hung runs."""
    timeout = setting[0]
    chance = 0.97 * sigmoid(3 * math.log2(timeout / 40_000) + 0.5)
    return World(max(0.02, chance), math.log(22_000), math.log(timeout))


def memory(setting: Setting, _age: float) -> World:
    """Below 512 MB runs die early; above it, more memory only costs starting time."""
    chance = 0.95 if setting[3] >= 512 else 0.45 if setting[3] >= 256 else 0.15
    return World(chance, math.log(8_000 * (1 + setting[3] / 4096)), math.log(4_000))


def batches(setting: Setting, _age: float) -> World:
    """A start costs 6 s and an item 0.4 s, but big batches fail more often."""
    size = setting[2]
    return World(0.96 - 0.0005 * size, math.log(6_000 + 400 * size), math.log(3_000 + 300 * size))


def together(setting: Setting, _age: float) -> World:
    """Batches need memory: what is best for one depends on the other."""
    size, limit = setting[2], setting[3]
    chance = 0.95 * sigmoid(2.5 * math.log2(limit / (40 + 10 * size)))
    return World(max(0.02, chance), math.log(5_000 + 500 * size), math.log(3_000))


def retries(setting: Setting, _age: float) -> World:
    """Each retry saves half of the failures and adds a wait."""
    failing = 0.4 * 0.5 ** setting[1]
    return World(1 - failing, math.log(10_000 * (1 + 0.05 * setting[1])), math.log(15_000))


def nothing(_setting: Setting, _age: float) -> World:
    """No parameter matters: there is nothing to gain, and the baseline should stay."""
    return World(0.85, math.log(9_000), math.log(9_000))


def drift(setting: Setting, age: float) -> World:
    """For half of the history little memory was enough; since then 1024 MB are needed."""
    need = 256 if age < 0.5 else 900
    chance = 0.95 if setting[3] >= need else 0.3
    return World(chance, math.log(6_000 * (1 + setting[3] / 2048)), math.log(5_000))


SHAPES = (
    Shape("timeout", timeouts, 0.3),
    Shape("memory", memory, 0.25),
    Shape("batch", batches, 0.2, per_item=True),
    Shape("batch+memory", together, 0.3, per_item=True),
    Shape("retries", retries, 0.3, used=(30_000, 0, 4, 256)),
    Shape("memory, loud", memory, 0.8),
    Shape("drift", drift, 0.3),
    Shape("nothing", nothing, 0.4, to_learn=False),
)


def true_cost(shape: Shape, setting: Setting) -> float:
    """Return milliseconds per finished item at the end of the history."""
    world = shape.truth(setting, 1.0)
    return mean_time(shape, world) / (world.chance * items(shape, setting))


def items(shape: Shape, setting: Setting) -> float:
    """Return how many pieces of work a run does."""
    return float(setting[2]) if shape.per_item else 1.0


def mean_time(shape: Shape, world: World) -> float:
    """Return the expected milliseconds of a run."""
    lift = math.exp(shape.noise**2 / 2)
    return lift * (
        world.chance * math.exp(world.log_good) + (1 - world.chance) * math.exp(world.log_bad)
    )


def best_cost(shape: Shape) -> float:
    """Return the least cost of the settings that may be recommended."""
    least = shape.truth(shape.used, 1.0).chance - TOLERANCE
    settings = product(TIMEOUTS, RETRIES, BATCHES, MEMORIES)
    return min(true_cost(shape, one) for one in settings if shape.truth(one, 1.0).chance >= least)


def history(shape: Shape, count: int, dice: random.Random) -> list[Sample]:
    """Return runs as people make them: mostly what they always use, now and then another value."""
    return [
        run(shape, choose(shape, dice), at / count, START + timedelta(minutes=at), dice)
        for at in range(count)
    ]


def choose(shape: Shape, dice: random.Random) -> Setting:
    """Return the used value, or in 35 of 100 cases any, for each parameter."""
    choices = (TIMEOUTS, RETRIES, BATCHES, MEMORIES)
    return tuple(
        used if dice.random() < 0.65 else dice.choice(values)
        for used, values in zip(shape.used, choices, strict=True)
    )


def run(shape: Shape, setting: Setting, age: float, at: datetime, dice: random.Random) -> Sample:
    """Return one run in the world as it was at `age` (0 to 1) of the history."""
    world = shape.truth(setting, age)
    good = dice.random() < world.chance
    log_ms = dice.gauss(world.log_good if good else world.log_bad, shape.noise)
    return Sample(setting, good, log_ms, items(shape, setting), at)


@dataclass(frozen=True)
class Outcome:
    """What one history showed; regrets are shares of the best cost."""

    baseline: float
    ours: float
    rate_held: bool
    time_held: bool
    runs_held: float
    seconds: float


def evaluate(shape: Shape, count: int, seed: int, epochs: int = EPOCHS) -> Outcome:
    """Learn from one history and judge the advice by the truth and by 200 further runs."""
    dice = random.Random(f"{shape.name} {count} {seed}")
    samples = history(shape, count, dice)
    started = time.perf_counter()
    advice = Advisor(learn(samples, epochs, lambda: None), samples).recommend()
    seconds = time.perf_counter() - started
    best, world = best_cost(shape), shape.truth(advice.best.setting, 1.0)
    later = [run(shape, advice.best.setting, 1.0, START, dice) for _ in range(200)]
    low, high = advice.best.run_interval
    times = [math.exp(one.log_ms) for one in later if one.success]
    return Outcome(
        baseline=true_cost(shape, shape.used) / best - 1,
        ours=true_cost(shape, advice.best.setting) / best - 1,
        rate_held=advice.best.success_interval[0]
        <= world.chance
        <= advice.best.success_interval[1],
        time_held=advice.best.time_interval[0]
        <= mean_time(shape, world)
        <= advice.best.time_interval[1],
        runs_held=fmean(low <= one <= high for one in times) if times else 0.0,
        seconds=seconds,
    )


def report(shape: Shape, count: int, seeds: int) -> tuple[str, Sequence[Outcome]]:
    """Return one line of the table, and what it was made of."""
    found = [evaluate(shape, count, seed) for seed in range(seeds)]
    worse = fmean(one.ours > one.baseline + 0.01 for one in found)
    figures = [
        f"{fmean(one.baseline for one in found):>9.1%}",
        f"{fmean(one.ours for one in found):>8.1%}",
        f"{worse:>7.0%}",
        f"{fmean(one.rate_held for one in found):>8.0%}",
        f"{fmean(one.time_held for one in found):>8.0%}",
        f"{fmean(one.runs_held for one in found):>8.0%}",
        f"{fmean(one.seconds for one in found):>7.2f}",
    ]
    return f"{shape.name:<14}{count:>7}" + "".join(figures), found


def main() -> int:
    """Print the table and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--samples", type=int, nargs="+", default=[15, 40, 120, 400])
    given = parser.parse_args()
    print(f"{'shape':<14}{'runs':>7}{'baseline':>9}{'ours':>8}{'worse':>7}", end="")
    print(f"{'rate 90':>8}{'time 90':>8}{'run 80':>8}{'s':>7}")
    everything: list[tuple[Shape, Outcome]] = []
    harmful: list[str] = []
    for count, shape in product(given.samples, SHAPES):
        if count < LEAST_SAMPLES:
            print(f"{shape.name:<14}{count:>7}  not enough data")
            continue
        line, found = report(shape, count, given.seeds)
        print(line, flush=True)
        everything += [(shape, one) for one in found]
        harmful += [f"{shape.name} at {count}"] if is_harmful(found) else []
    if harmful:
        print(f"worse than the baseline: {', '.join(harmful)}")
    return judge(everything) or int(bool(harmful))


def is_harmful(found: Sequence[Outcome]) -> bool:
    """Tell whether the advice is dearer than the baseline by more than two standard errors."""
    losses = [one.ours - one.baseline for one in found]
    return fmean(losses) > 2 * pstdev(losses) / math.sqrt(len(losses))


def judge(everything: Sequence[tuple[Shape, Outcome]]) -> int:
    """Say the whole in one line; return 0 when the learner is worth its keep."""
    lost = [
        shape.name
        for shape in SHAPES
        if shape.to_learn
        and fmean(o.ours for s, o in everything if s is shape)
        >= fmean(o.baseline for s, o in everything if s is shape)
    ]
    held = [
        fmean(getattr(o, name) for _, o in everything)
        for name in ("rate_held", "time_held", "runs_held")
    ]
    print(
        f"all: baseline {fmean(o.baseline for _, o in everything):.1%},"
        f" ours {fmean(o.ours for _, o in everything):.1%} dearer than the best;"
        f" intervals hold {held[0]:.0%}, {held[1]:.0%} (of 90 %) and {held[2]:.0%} (of 80 %)"
    )
    if lost:
        print(f"not better than the baseline: {', '.join(lost)}")
    return int(bool(lost) or min(held[0], held[1]) < 0.8 or held[2] < 0.7)


if __name__ == "__main__":
    sys.exit(main())
