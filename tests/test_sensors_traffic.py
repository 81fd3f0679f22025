"""Response times and failures, from the request counters."""

from __future__ import annotations

from orch_next.clock import utc_now
from orch_next.events import EventBus
from orch_next.sensors.metrics import Metrics
from orch_next.sensors.traffic import Rates, Traffic


def test_the_rates_of_the_last_look_and_of_five_minutes() -> None:
    metrics = Metrics(EventBus(), utc_now)
    traffic = Traffic(metrics.request_seconds)

    def answer(status: str, seconds: float) -> None:
        metrics.request_seconds.labels("GET", "/api/tasks", status).observe(seconds)

    assert (traffic.recent(), traffic.look(0.0)) == (Rates(), Rates())
    answer("200", 0.1)
    answer("500", 0.3)
    assert traffic.look(3.0) == Rates(0.2, 0.5)
    answer("200", 0.5)
    assert traffic.look(6.0) == Rates(0.5, 0.0)
    assert traffic.recent() == Rates(0.3, 0.333333)
    assert traffic.look(400.0) == Rates()
    assert traffic.recent() == Rates(None, None)
