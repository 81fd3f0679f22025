"""The Prometheus metrics of one application: the contract's names and our own (contract 1.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from orch_next.clock import find_local, find_utc
from orch_next.core.events import Change
from orch_next.core.state import State
from orch_next.errors import DamagedError
from orch_next.events import Delivered, EventBus
from orch_next.sensors.agents import REGISTRY, AgentReadings, read_agents
from orch_next.sensors.host import HostSensor
from orch_next.sensors.quality import quality_metrics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters that the rooms feed, and gauges read from memory when somebody asks."""

    def __init__(self, bus: EventBus, now: Callable[[], datetime]) -> None:
        self._now = now
        self.registry = CollectorRegistry()
        self.request_seconds = Histogram(
            "orch_http_request_duration_seconds",
            "How long requests took.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.event_lag = Histogram(
            "orch_event_lag_seconds",
            "Time from a change to its event being handed to clients.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.refusals = self._counter("orch_ledger_refusals", "Changes not made.", "reason")
        self._writes = self._counter("orch_ledger_changes", "Rows changed.", "kind", "source")
        self._anomalies = self._counter("orch_anomalies_detected", "Alerts that came up.")
        self._alerts: frozenset[str] = frozenset()
        bus.subscribe(Change, self._count_change)
        bus.subscribe(Delivered, self._measure_lag)

    def _count_change(self, change: Change) -> None:
        """Count a change of a row by ledger and source."""
        self._writes.labels(change.kind, change.who.source).inc()

    def note_alerts(self, ids: Iterable[str]) -> None:
        """Count the alerts that were not there the last time; the counter never falls (D19)."""
        present = frozenset(ids)
        self._anomalies.inc(len(present - self._alerts))
        self._alerts = present

    def _measure_lag(self, event: Delivered) -> None:
        """Measure how late an event is told, by its `ts` (ISO, UTC)."""
        at = find_utc(str(event.payload.get("ts", "")))
        if at is not None:
            self.event_lag.observe(max(0.0, (self._now() - at).total_seconds()))

    def render(self) -> bytes:
        """Return the text format 0.0.4."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)


class Gauges(Collector):
    """Figures of the ledgers, the host, the agents and the clients, among the metrics."""

    def __init__(
        self,
        metrics: Metrics,
        state: State,
        host: HostSensor,
        moc_root: Path,
        *,
        now: Callable[[], datetime],
        live: Mapping[str, Callable[[], float]],
        registry: Path = REGISTRY,
    ) -> None:
        self._state, self._host, self._moc_root = state, host, moc_root
        self._registry = registry
        self._now, self._live = now, live
        metrics.registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """Name nothing in advance: registering must not read the ledgers."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges; those of a ledger that was never readable are left out."""
        yield from self._agents(read_agents(self._moc_root, self._registry))
        for name, read in self._live.items():
            yield GaugeMetricFamily(name, name.replace("_", " "), read())
        try:
            tasks, approvals = self._state.tasks.records, self._state.approvals.records
        except DamagedError:
            return
        host, now = self._host.read(), self._now()
        quality = quality_metrics(tasks, approvals, host, now)
        pending = [row.ts_req for row in approvals if row.status == "pending"]
        yield _gauge("orch_task_completion_rate", quality["task_completion_rate"])
        yield _gauge("orch_approval_rate", quality["approval_rate"])
        yield _gauge("orch_health_score", quality["system_health_score"])
        yield _gauge("orch_pending_approval_age_max_seconds", oldest(pending, now))
        held = [row.lock.rpartition("@")[2] for row in tasks if "@" in row.lock]
        yield _gauge("orch_lease_age_max_seconds", oldest(held, now))

    def _agents(self, agents: AgentReadings) -> Iterator[Metric]:
        yield _gauge("orch_agents_total", sum(agents.statuses.values()))
        family = GaugeMetricFamily("orch_agents_status", "Agents by status.", labels=["status"])
        for status, count in sorted(agents.statuses.items()):
            family.add_metric([status], count)
        yield family
        age = oldest(agents.heartbeats, self._now())
        yield _gauge("orch_agents_heartbeat_age_max_seconds", age)
        yield _gauge("orch_agents_api_audit_ok", float(agents.audit_ok))
        yield _gauge("orch_agents_api_audit_pass_count", agents.audit_passes)
        yield _gauge("orch_agents_api_audit_last_run_epoch", agents.audit_epoch)
        # The legacy's page reads these two names instead (D19).
        yield _gauge("orch_agents_api_audit_total", agents.audit_passes + agents.audit_failures)
        yield _gauge("orch_agents_api_audit_failures", agents.audit_failures)


def oldest(stamps: Iterable[str], now: datetime) -> float:
    """Return the age in seconds of the oldest `YYYY-MM-DDTHH:MM:SSZ` or ISO stamp, else 0."""
    ages = [(now - at).total_seconds() for stamp in stamps if (at := find_local(stamp)) is not None]
    return max(0.0, *ages) if ages else 0.0


def _gauge(name: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, f"{name} (contract 1.2, docs/operations.md)", value)
