"""A learned surface: a Gaussian process over settings, in plain numbers.

It knows what it does not know: far from every setting that was used it expects the mean
and says that it may be far off. scikit-learn finds its scales (`model.py`); using one needs
no library, so that models are stored as JSON and loading one runs no code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orch_next.knowledge.features import Place

_ROOT3 = math.sqrt(3)
_JITTER = 1e-9


@dataclass(frozen=True)
class Points:
    """What was measured: a mean value at each place and the variance of its error."""

    places: tuple[Place, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]


@dataclass(frozen=True)
class Surface:
    """Values around `mean` with variance `amplitude`, on slopes of variance `trend`.

    `scales` tell how fast each axis matters.
    """

    points: Points
    mean: float
    amplitude: float
    trend: float
    scales: tuple[float, ...]

    def at(self, place: Place) -> float:
        """Return what to expect at a place."""
        return self.mean + sum(
            self._likeness(place, known) * weight
            for known, weight in zip(self.points.places, self._weights, strict=True)
        )

    def variance(self, place: Place) -> float:
        """Return how far off `at` may be, as a variance."""
        likeness = [self._likeness(place, known) for known in self.points.places]
        solved = _solve_lower(self._root, likeness)
        return max(_JITTER, self._likeness(place, place) - sum(one * one for one in solved))

    def as_json(self) -> dict[str, Any]:
        """Return everything for storing."""
        return {
            "places": [list(place) for place in self.points.places],
            "values": list(self.points.values),
            "errors": list(self.points.errors),
            "mean": self.mean,
            "amplitude": self.amplitude,
            "trend": self.trend,
            "scales": list(self.scales),
        }

    def _likeness(self, place: Place, other: Place) -> float:
        """Return the covariance of two places: Matern 3/2, and slopes through the middle."""
        squares = (
            ((a - b) / scale) ** 2 for a, b, scale in zip(place, other, self.scales, strict=True)
        )
        distance = _ROOT3 * math.sqrt(sum(squares))
        near = self.amplitude * (1 + distance) * math.exp(-distance)
        return near + self.trend * sum(a * b for a, b in zip(place, other, strict=True))

    @cached_property
    def _root(self) -> list[list[float]]:
        """Return the lower Cholesky factor of the points' covariance."""
        root: list[list[float]] = []
        places, errors = self.points.places, self.points.errors
        for at, (place, error) in enumerate(zip(places, errors, strict=True)):
            row = _solve_lower(root, [self._likeness(place, known) for known in places[:at]])
            rest = self._likeness(place, place) + error - sum(one * one for one in row)
            root.append([*row, math.sqrt(max(_JITTER, rest))])
        return root

    @cached_property
    def _weights(self) -> list[float]:
        lower = _solve_lower(self._root, [value - self.mean for value in self.points.values])
        return _solve_upper(self._root, lower)


def load_surface(stored: Mapping[str, Any]) -> Surface:
    """Return the surface that `as_json` described."""
    points = Points(
        tuple(tuple(place) for place in stored["places"]),
        tuple(stored["values"]),
        tuple(stored["errors"]),
    )
    return Surface(
        points, stored["mean"], stored["amplitude"], stored["trend"], tuple(stored["scales"])
    )


def _solve_lower(root: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Solve L x = right for the rows of L."""
    found: list[float] = []
    for row, value in zip(root, right, strict=True):
        known = sum(a * b for a, b in zip(row, found, strict=False))
        found.append((value - known) / row[len(found)])
    return found


def _solve_upper(root: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Solve L' x = right for the rows of L."""
    found = list(right)
    for at in reversed(range(len(found))):
        found[at] /= root[at][at]
        for before in range(at):
            found[before] -= root[at][before] * found[at]
    return found
