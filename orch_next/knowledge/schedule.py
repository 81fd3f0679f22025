"""Train again and again in a thread of its own (contract 1.2, `/api/ml/retrain`; D46)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from orch_next.errors import ConfigError, RuleError
from orch_next.storage.toml_settings import load_json

log = logging.getLogger(__name__)

CONFIG_FILE = Path("config") / "monitoring.json"
INTERVAL = "retrain_interval_hours"
AUTO = "auto_start"
DEFAULTS: Mapping[str, Any] = {INTERVAL: 24, AUTO: False}


class RetrainSchedule:
    """Starts a training every `retrain_interval_hours`, in a thread of its own."""

    def __init__(
        self,
        train: Callable[[], None],
        config_file: Path,
        *,
        now: Callable[[], datetime],
        start_thread: Callable[[Callable[[], None]], object],
    ) -> None:
        self._train, self._file = train, config_file
        self._now, self._start_thread = now, start_thread
        self._lock = threading.Lock()
        self._stopping: threading.Event | None = None
        self._next: datetime | None = None

    def start(self) -> None:
        """Begin; a schedule that runs already goes on. Raise ConfigError."""
        interval = self.interval()
        with self._lock:
            if self._stopping is not None:
                return
            stopping = self._stopping = threading.Event()
            self._next = self._now() + interval
        self._start_thread(lambda: self._run(stopping, interval))

    def stop(self) -> None:
        """End the schedule; a training that runs is not ended."""
        with self._lock:
            if self._stopping is not None:
                self._stopping.set()
            self._stopping, self._next = None, None

    @property
    def next_run(self) -> datetime | None:
        """Return when the next training begins; None when stopped."""
        return self._next

    def config(self) -> dict[str, Any]:
        """Return `ai_prediction` of config/monitoring.json over the defaults; ConfigError."""
        whole = load_json(self._file, self._file.name)
        section = whole.get("ai_prediction", {})
        if not isinstance(section, dict):
            raise ConfigError(f"{self._file.name}: ai_prediction must be an object")
        return {**DEFAULTS, **section}

    def interval(self) -> timedelta:
        """Return the time between two trainings; raise ConfigError."""
        hours = self.config()[INTERVAL]
        if isinstance(hours, bool) or not isinstance(hours, (int, float)) or not 0 < hours <= 8784:
            raise ConfigError(f"{self._file.name}: {INTERVAL} must be hours, at most a year")
        return timedelta(hours=hours)

    def _run(self, stopping: threading.Event, interval: timedelta) -> None:
        while not stopping.wait(interval.total_seconds()):
            try:
                self._train()
            except RuleError as error:
                log.info("retraining: %s", error)
            with self._lock:
                if not stopping.is_set():
                    self._next = self._now() + interval
