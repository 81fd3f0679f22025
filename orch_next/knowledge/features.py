"""Where a setting lies among those that were used, and two quantiles.

Parameters are taken as log2(1 + value), because their effects are about factors. A
parameter that never varied has no axis: nothing can be learned about it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Setting = tuple[int, ...]
Place = tuple[float, ...]


@dataclass(frozen=True)
class Axis:
    """One parameter that varied: its index in a setting and its range (log2)."""

    index: int
    low: float
    high: float

    def place(self, setting: Setting) -> float:
        """Return where the setting lies on the axis, -0.5..0.5, never outside what was seen."""
        value = (_log(setting[self.index]) - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, value)) - 0.5


@dataclass(frozen=True)
class Frame:
    """Turns settings into places."""

    axes: tuple[Axis, ...]

    def place(self, setting: Setting) -> Place:
        """Return one number of -0.5..0.5 for each axis."""
        return tuple(axis.place(setting) for axis in self.axes)

    def as_json(self) -> list[list[float]]:
        """Return the axes for storing."""
        return [[axis.index, axis.low, axis.high] for axis in self.axes]


def load_frame(stored: Sequence[Sequence[float]]) -> Frame:
    """Return the frame that `as_json` described."""
    return Frame(tuple(Axis(int(index), low, high) for index, low, high in stored))


def make_frame(settings: Sequence[Setting]) -> Frame:
    """Choose the axes that vary."""
    return Frame(tuple(_axes(settings)))


def _axes(settings: Sequence[Setting]) -> Iterator[Axis]:
    for index in range(len(settings[0])):
        seen = [_log(setting[index]) for setting in settings]
        if max(seen) > min(seen):
            yield Axis(index, min(seen), max(seen))


def spread(values: Sequence[Any], most: int) -> list[Any]:
    """Return at most `most` of sorted values, evenly spaced among them."""
    if len(values) <= most:
        return list(values)
    return [values[round(at * (len(values) - 1) / (most - 1))] for at in range(most)]


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the sorted values lie."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def _log(value: int) -> float:
    return math.log2(1 + value)
