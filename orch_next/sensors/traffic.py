"""Response times and failures of this process, from the request counters (contract 1.2)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from prometheus_client import Histogram

WINDOW_SECONDS = 300.0


@dataclass(frozen=True)
class Totals:
    """Requests answered since the start, of them with a status of 5xx, and seconds in all."""

    requests: float = 0.0
    failures: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Rates:
    """Mean seconds of a request, and the share 0..1 that failed; None without requests."""

    response_seconds: float | None = None
    error_rate: float | None = None


class Traffic:
    """Compares looks at the counters: over the last look, and over five minutes."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self._looks: deque[tuple[float, Totals]] = deque()

    def look(self, at: float) -> Rates:
        """Count again at second `at` of any clock; return the rates since the last look."""
        totals = read_totals(self._histogram)
        before = self._looks[-1][1] if self._looks else Totals()
        self._looks.append((at, totals))
        while len(self._looks) > 2 and self._looks[1][0] <= at - WINDOW_SECONDS:
            self._looks.popleft()
        return rates_between(before, totals)

    def recent(self) -> Rates:
        """Return the rates of the last five minutes up to the last look."""
        if not self._looks:
            return Rates()
        return rates_between(self._looks[0][1], self._looks[-1][1])


def rates_between(before: Totals, after: Totals) -> Rates:
    """Return the rates of the requests between two looks."""
    requests = after.requests - before.requests
    if requests <= 0:
        return Rates()
    return Rates(
        round((after.seconds - before.seconds) / requests, 6),
        round((after.failures - before.failures) / requests, 6),
    )


def read_totals(histogram: Histogram) -> Totals:
    """Add up every route of a histogram with the label `status`."""
    requests = failures = seconds = 0.0
    for metric in histogram.collect():
        for sample in metric.samples:
            if sample.name.endswith("_count"):
                requests += sample.value
                failures += sample.value if sample.labels["status"].startswith("5") else 0.0
            elif sample.name.endswith("_sum"):
                seconds += sample.value
    return Totals(requests, failures, seconds)
