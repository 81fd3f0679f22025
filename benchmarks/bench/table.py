"""The lines, what was measured for them, and whether each goal is met."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomli

LINES = Path(__file__).with_name("lines.toml")


@dataclass(frozen=True)
class Line:
    """One goal: what is measured, against which yardstick, and how far it may be off."""

    id: str
    bench: str
    what: str
    yardstick: str
    unit: str
    of: str
    goal: float | None = None

    @property
    def more_is_better(self) -> bool:
        """Tell rates from times."""
        return self.unit == "/s"

    def goal_text(self) -> str:
        """Return the goal as the table shows it."""
        if self.goal is None:
            return "reported"
        sign = "≥" if self.more_is_better else "≤"
        shown = f"{self.goal:g} ×" if self.of == "ratio" else amount(self.goal, self.unit)
        return f"{sign} {shown}"


@dataclass(frozen=True)
class Found:
    """What was measured for a line, both of the same run, in the line's unit."""

    line: str
    value: float
    yardstick: float


@dataclass(frozen=True)
class Point:
    """What one thing costs at a number of rows, in milliseconds."""

    series: str
    rows: int
    value: float
    yardstick: float


@dataclass(frozen=True)
class Row:
    """A line with its figures, or with the reason why there are none."""

    line: Line
    found: Found | None = None
    reason: str = ""

    @property
    def ratio(self) -> float | None:
        """Return ours / yardstick."""
        return self.found.value / self.found.yardstick if self.found else None

    def met(self) -> str:
        """Return yes, no, reported or not run."""
        if self.found is None or self.ratio is None:
            return "not run"
        if self.line.goal is None:
            return "reported"
        judged = self.ratio if self.line.of == "ratio" else self.found.value
        if self.line.more_is_better:
            return "yes" if judged >= self.line.goal else "no"
        return "yes" if judged <= self.line.goal else "no"

    def cells(self) -> tuple[str, ...]:
        """Return what, goal, limit, measured, ratio and met, as text."""
        line = self.line
        if self.found is None or self.ratio is None:
            return (line.what, line.goal_text(), line.yardstick, "-", "-", self._not_run())
        limit = f"{line.yardstick}: {amount(self.found.yardstick, line.unit)}"
        measured = amount(self.found.value, line.unit)
        return (line.what, line.goal_text(), limit, measured, f"{self.ratio:.2f}", self.met())

    def _not_run(self) -> str:
        return f"not run: {self.reason or 'left out of this run'}"


def amount(value: float, unit: str) -> str:
    """Return a figure with three digits and its unit."""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return text + (unit if unit.startswith("/") else f" {unit}")


def load_lines(path: Path = LINES) -> tuple[list[Line], dict[str, float]]:
    """Return the lines and the seconds that each bench may take."""
    data: dict[str, Any] = tomli.loads(path.read_text(encoding="utf-8"))
    return [Line(**one) for one in data["line"]], data["timeouts"]


def chosen(lines: Sequence[Line], names: Sequence[str]) -> list[Line]:
    """Return the lines that are named, by id or by bench; every one when none is."""
    known = {name for line in lines for name in (line.id, line.bench)}
    if unknown := sorted(set(names) - known):
        raise ValueError(f"no such line: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    return [line for line in lines if not names or {line.id, line.bench} & set(names)]


def rows_of(lines: Sequence[Line], found: Sequence[Found], reasons: Mapping[str, str]) -> list[Row]:
    """Join lines with their figures; `reasons` tells by bench why there are none."""
    by_id = {one.line: one for one in found}
    return [Row(line, by_id.get(line.id), reasons.get(line.bench, "")) for line in lines]


def medians(line: str, ours: Sequence[float], bare: Sequence[float]) -> Found:
    """Return the medians of both."""
    return Found(line, statistics.median(ours), statistics.median(bare))


def quantile(values: Sequence[float], part: float) -> float:
    """Return the value that this part of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def to_json(one: Found | Point) -> dict[str, Any]:
    """Return what `from_json` reads."""
    return asdict(one)


def from_json(one: Mapping[str, Any]) -> Found | Point:
    """Return a figure or a point of a curve."""
    return Found(**one) if "line" in one else Point(**one)
