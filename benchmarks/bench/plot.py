"""Draw how a cost grows with the rows: plain SVG, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.bench.table import Point, amount

LEFT, RIGHT, TOP, BOTTOM = 78, 560, 44, 286


@dataclass(frozen=True)
class Scale:
    """A logarithmic axis from one power of ten to another."""

    low: int
    high: int
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return where a value lies, in pixels."""
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.start + part * (self.end - self.start), 1)

    def ticks(self) -> list[tuple[float, str]]:
        """Return place and text of every power of ten."""
        powers = [10.0**power for power in range(self.low, self.high + 1)]
        return [(self.place(one), f"{one:,.0f}" if one >= 1 else f"{one:g}") for one in powers]


def scale_for(values: Sequence[float], start: float, end: float) -> Scale:
    """Return an axis of whole powers of ten that holds all values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return Scale(low, max(high, low + 1), start, end)


def draw(title: str, names: tuple[str, str], points: Sequence[Point]) -> str:
    """Return an SVG with one line for ours and one for the yardstick."""
    points = sorted(points, key=lambda one: one.rows)
    across = scale_for([one.rows for one in points], LEFT, RIGHT)
    values = [value for one in points for value in (one.value, one.yardstick)]
    up = scale_for(values, BOTTOM, TOP)
    lines = [
        (
            kind,
            name,
            [
                (across.place(one.rows), up.place(getattr(one, field)), spoken(one, field))
                for one in points
            ],
        )
        for kind, name, field in (
            ("bare", names[1], "yardstick"),
            ("ours", names[0], "value"),
        )
    ]
    folder = FileSystemLoader(Path(__file__).parent)
    pages = Environment(loader=folder, undefined=StrictUndefined, autoescape=True, trim_blocks=True)
    return pages.get_template("plot.svg.j2").render(
        title=title,
        lines=lines,
        across=across.ticks(),
        up=up.ticks(),
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
    )


def spoken(point: Point, field: str) -> str:
    """Return what a mark of the plot says."""
    return f"{point.rows:,} rows: {amount(getattr(point, field), 'ms')}"
