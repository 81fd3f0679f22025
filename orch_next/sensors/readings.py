"""What the live room tells constantly: host figures, quality metrics, health and alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from orch_next.core.state import State
from orch_next.sensors.host import HostSensor
from orch_next.sensors.quality import quality_alerts, quality_metrics, system_health
from orch_next.sensors.vitals import Vitals


class LiveReadings:
    """Readings of one app; everything but `vitals` may wait and belongs to real threads."""

    def __init__(
        self,
        state: State,
        host: HostSensor,
        now: Callable[[], datetime],
        note_alerts: Callable[[Iterable[str]], None],
    ) -> None:
        self._state, self._host, self._now = state, host, now
        self._note_alerts = note_alerts
        self._vitals = Vitals(host.read)

    def sample(self) -> None:
        """Look at the host."""
        self._vitals.sample()

    def vitals(self) -> Mapping[str, Any]:
        """Return the heartbeat's figures from memory."""
        return self._vitals.latest()

    def monitor(self) -> Mapping[str, Any]:
        """Return the payloads of the constant events by name; raise `DamagedError`."""
        rows = self._state.tasks.records, self._state.approvals.records
        host, now = self._host.read(), self._now()
        alerts = quality_alerts(*rows, host, now)
        self._note_alerts(alert["id"] for alert in alerts)
        return {
            "quality_metrics_update": quality_metrics(*rows, host, now),
            "system_health_update": system_health(host),
            "quality_alerts_update": {"alerts": alerts},
        }
