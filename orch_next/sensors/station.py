"""Everything that is measured in one application: sampled in the background, read from memory."""

from __future__ import annotations

import logging
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import fmean
from time import monotonic
from types import MappingProxyType
from typing import Any

import psutil

from orch_next.clock import utc_micros
from orch_next.config import Settings
from orch_next.core.board import Board
from orch_next.core.events import Who
from orch_next.errors import BusyError, DamagedError, OrchError
from orch_next.events import EventBus, LocalEvent, WebhookEvent
from orch_next.sensors.alerts import Alert, AlertBook, AlertChanges
from orch_next.sensors.history import History, HistoryStore, Point
from orch_next.sensors.host import HostReading, HostSensor
from orch_next.sensors.memory import Remembered
from orch_next.sensors.metrics import Metrics
from orch_next.sensors.quality import quality_alerts, quality_metrics, system_health
from orch_next.sensors.system import SystemSensor
from orch_next.sensors.telling import (
    Automation,
    alert_events,
    alert_message,
    automation_status,
    webhook_messages,
)
from orch_next.sensors.thresholds import SUSTAINED_SECONDS, Thresholds, host_troubles
from orch_next.sensors.traffic import Traffic
from orch_next.sensors.vitals import Vitals
from orch_next.storage.leader import Leadership

log = logging.getLogger(__name__)

# The whole host is looked at that often: processes and disks take tens of milliseconds.
SYSTEM_SECONDS = 15.0
# Older than this, nothing samples in the background: whoever asks then does.
STALE_SECONDS = 15.0

STORY_SECONDS = 3.0
# One busy second is no trouble: alerts look at the mean of this time.
STEADY_SECONDS = 30.0
WELCOME_METRICS, WELCOME_ALERTS = 5, 10

_REALTIME_WORDS = MappingProxyType(
    {"excellent": "HEALTHY", "good": "HEALTHY", "warning": "CAUTION", "critical": "CRITICAL"}
)


@dataclass(frozen=True)
class StationOptions:
    """How the station measures; `history_days` of readings are kept.

    `is_predicting` says whether there is a learner.
    """

    history_days: int = 30
    with_processes: bool = True
    is_predicting: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)


class Station:
    """The readings of one application; only `vitals` may be asked in the server's loop."""

    def __init__(
        self,
        board: Board,
        host: HostSensor,
        metrics: Metrics,
        options: StationOptions,
        *,
        bus: EventBus,
        leader: Leadership,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        automation: Automation | None = None,
    ) -> None:
        self._state, self._host, self._metrics = board.state, host, metrics
        self._options, self._now, self._clock = options, now, clock
        self._bus, self._leader, self._automation = bus, leader, automation
        self._vitals = Vitals(host.read)
        self._system = SystemSensor(host.read, with_processes=options.with_processes)
        self._store = HistoryStore(
            board.journal.database, socket.gethostname()[:255], options.history_days
        )
        self._lock = threading.Lock()
        self._details: tuple[float, datetime, dict[str, Any]] | None = None
        self._sampled_at: float | None = None
        self._processes: int | None = None
        self._lately: deque[dict[str, Any]] = deque(maxlen=WELCOME_METRICS)
        self._loaded = False
        self.history = History(options.history_days)
        self.traffic = Traffic(metrics.request_seconds)
        self.alerts = AlertBook(board.journal.database, leader)
        self.started_at = clock()
        self._stories = Remembered(STORY_SECONDS, clock=clock)

    @property
    def uptime(self) -> float:
        """Return for how many seconds this application has existed."""
        return self._clock() - self.started_at

    def is_fresh(self) -> bool:
        """Tell whether the last sample is recent, so that something samples."""
        at = self._sampled_at
        return at is not None and self._clock() - at < STALE_SECONDS

    def sample(self) -> None:
        """Look at the host, at the alerts and, every 15 s, at every process and disk."""
        with self._lock:
            self._sample()

    def refresh(self) -> None:
        """Sample when nothing did for 15 s; with a background this does nothing."""
        if self.is_fresh():
            return
        with self._lock:
            if not self.is_fresh():
                self._sample()

    def vitals(self) -> Mapping[str, Any]:
        """Return the heartbeat's figures from memory."""
        return self._vitals.latest()

    def monitor(self) -> Mapping[str, Any]:
        """Return the payloads of the constant events by name; raise `DamagedError`."""
        host, at_work = self._host.read(), self._automation
        return {
            "quality_metrics_update": self.quality(),
            "system_health_update": system_health(host),
            "quality_alerts_update": {"alerts": [one.as_json() for one in self.alerts.present()]},
            **({"automation_status": automation_status(at_work)} if at_work else {}),
        }

    def pulse(self) -> Mapping[str, Any]:
        """Return the payloads told at every sample: what `/realtime` and `/monitoring` draw."""
        host, alerts = self._host.read(), self.alerts.present()
        return {
            "metrics_update": self._metrics_now(),
            "monitoring_update": {
                "timestamp": utc_micros(host.at),
                **_shares(host),
                "avg_response_time": self.traffic.recent().response_seconds,
                "alerts_active": len(alerts),
            },
        }

    def welcome(self) -> Mapping[str, Any]:
        """Return what a client of `/realtime` hears first (contract 2, `initial_data`)."""
        return {
            "metrics": list(self._lately) or [self._metrics_now()],
            "alerts": [alert_message(one) for one in self.alerts.present()[:WELCOME_ALERTS]],
            "system_status": {
                "monitoring_active": self.is_fresh(),
                "predictor_ready": self._options.is_predicting,
            },
        }

    def host(self) -> HostReading:
        """Return the host's reading, at most a second old."""
        return self._host.read()

    def quality(self) -> dict[str, Any]:
        """Return the QualityMetrics of contract 0.2; raise `DamagedError`."""
        rows = self._state.tasks.records, self._state.approvals.records
        return quality_metrics(*rows, self._host.read(), self._now())

    def details(self) -> tuple[datetime, dict[str, Any]]:
        """Return when the whole host was looked at last, and what was seen."""
        self.refresh()
        if self._details is None:
            raise BusyError("the host was not looked at yet")
        return self._details[1], self._details[2]

    def recent(self, hours: int) -> list[Point]:
        """Return the readings of the last hours, oldest first."""
        self.refresh()
        now = self._now()
        return self.history.since((now - timedelta(hours=hours)).timestamp(), now.timestamp())

    def present_alerts(self) -> list[Alert]:
        """Return the alerts that last."""
        self.refresh()
        return self.alerts.present()

    def story(self, since: datetime) -> list[Alert]:
        """Return stored alerts that lasted after `since`; read again every few seconds."""
        hour = since.replace(minute=0, second=0, microsecond=0)
        stored: list[Alert] = self._stories.get(hour, lambda: self.alerts.list_since(hour))
        return [one for one in stored if one.ended_at is None or one.ended_at >= since]

    def acknowledge(self, alert_id: str, who: Who, comment: str) -> Alert:
        """Note that somebody has seen an alert; raise NotFoundError, BusyError."""
        self.refresh()
        alert = self.alerts.acknowledge(alert_id, who, comment, self._now())
        self._publish(AlertChanges(seen=(alert,)))
        return alert

    def _sample(self) -> None:
        self._vitals.sample()
        at, now = self._clock(), self._now()
        self._remember(at, now)
        if self._details is None or at - self._details[0] >= SYSTEM_SECONDS:
            self._details = (at, now, self._system.look())
            self._processes = len(psutil.pids())
        self._watch(now)
        self._lately.append(self._metrics_now())
        self._sampled_at = at

    def _metrics_now(self) -> dict[str, Any]:
        host = self._host.read()
        return {
            "timestamp": utc_micros(host.at),
            **_shares(host),
            "system_health": host.score,
            "system_health_status": _REALTIME_WORDS[host.status],
            "active_processes": self._processes,
            "alert_count": len(self.alerts.present()),
        }

    def _remember(self, at: float, now: datetime) -> None:
        host, rates = self._host.read(), self.traffic.look(at)
        self._load(now.timestamp())
        minute = self.history.add(
            Point(
                now.timestamp(),
                host.cpu_percent,
                host.memory_percent,
                host.disk_percent,
                rates.response_seconds,
            )
        )
        if minute is not None and self._leader.is_leader():
            try:
                self._store.add(minute)
            except BusyError as error:
                log.warning("a minute of readings is not stored: %s", error)

    def _load(self, now: float) -> None:
        if self._loaded:
            return
        self._loaded = True  # only once: later than our own readings they would be out of order
        try:
            self.history.load(self._store.load(now))
        except BusyError as error:
            log.warning("earlier readings cannot be read: %s", error)

    def _watch(self, now: datetime) -> None:
        found: list[Mapping[str, Any]] = [*self._ledger_troubles(now), *self._host_troubles(now)]
        try:
            found.extend(self._automation.alerts() if self._automation else ())
        except OrchError as error:
            log.warning("some alerts are not known: %s", error)
        self._metrics.note_alerts(str(trouble["id"]) for trouble in found)
        self._publish(self.alerts.observe(found, now))

    def _publish(self, changes: AlertChanges) -> None:
        for name, payload in alert_events(changes):
            self._bus.publish(LocalEvent(name, payload))
        for name, payload in webhook_messages(changes):
            self._bus.publish(WebhookEvent(name, payload))

    def _ledger_troubles(self, now: datetime) -> list[dict[str, Any]]:
        try:
            rows = self._state.tasks.records, self._state.approvals.records
        except DamagedError as error:
            log.warning("no alerts from the ledgers: %s", error)
            return []
        return quality_alerts(*rows, self._steady_host(now), now)

    def _steady_host(self, now: datetime) -> HostReading:
        """Return the host with the mean CPU share of 30 s: a moment's peak is no alert."""
        at, host = now.timestamp(), self._host.read()
        points = self.history.since(at - STEADY_SECONDS, at)
        return replace(host, cpu_percent=fmean(point.cpu for point in points)) if points else host

    def _host_troubles(self, now: datetime) -> list[dict[str, Any]]:
        at = now.timestamp()
        points = self.history.since(at - 2 * SUSTAINED_SECONDS, at)
        return host_troubles(points, self._options.thresholds, now)


def _shares(host: HostReading) -> dict[str, float]:
    return {
        "cpu_usage": host.cpu_percent,
        "memory_usage": host.memory_percent,
        "disk_usage": host.disk_percent,
    }


def open_station(
    settings: Settings,
    board: Board,
    host: HostSensor,
    metrics: Metrics,
    bus: EventBus,
    leader: Leadership,
    automation: Automation,
    *,
    is_predicting: bool,
    now: Callable[[], datetime],
) -> Station:
    """Return what measures; the live room's monitor samples it every 3 s."""
    limits = Thresholds(
        settings.alert_cpu_percent, settings.alert_memory_percent, settings.alert_disk_percent
    )
    options = StationOptions(settings.history_days, settings.show_processes, is_predicting, limits)
    return Station(
        board,
        host,
        metrics,
        options,
        bus=bus,
        leader=leader,
        now=now,
        clock=monotonic,
        automation=automation,
    )
