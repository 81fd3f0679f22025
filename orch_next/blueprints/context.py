"""What the views of one application share: `current_app.extensions["orch_next"]`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, cast

from flask import current_app

from orch_next.bounded import Bounded
from orch_next.core.agents import Agents
from orch_next.core.board import Board
from orch_next.core.deliveries import Deliveries
from orch_next.core.instructions import Instructions
from orch_next.core.notify import Notifier
from orch_next.core.terminal import Reports
from orch_next.dispatcher.control import Control
from orch_next.events import EventBus
from orch_next.knowledge.room import Knowledge
from orch_next.offload import Loop
from orch_next.ready import Ready, ReadyAnswers
from orch_next.sensors.host import HostSensor
from orch_next.sensors.memory import Remembered
from orch_next.sensors.metrics import Metrics
from orch_next.sensors.pulse import Pulse
from orch_next.sensors.rules.inspector import Inspector
from orch_next.sensors.station import Station

MOST_PAGES, MOST_PAGE_BYTES = 256, 16 << 20
# How long an answer that is costly to make may be repeated.
KEPT_SECONDS = 2.0


class ViewSettings(Protocol):
    """The settings that views show or read by; the rest stays with the factory."""

    @property
    def root(self) -> Path:
        """Return the ORCH folder."""

    @property
    def secret_key_path(self) -> Path:
        """Return the file of the key that signs sessions; never shown."""

    @property
    def log_format(self) -> str:
        """Return `text` or `json`."""

    @property
    def log_level(self) -> str:
        """Return the least level that is logged."""

    @property
    def rules_interval_seconds(self) -> float:
        """Return how long to wait between two looks at the rules."""

    @property
    def artifact_max_bytes(self) -> int:
        """Return how much of an artifact is read at most."""

    @property
    def auth(self) -> str:
        """Return `open` or `token`."""

    @property
    def trusted_hosts(self) -> tuple[str, ...]:
        """Return further names that the Host header may have."""

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """Return the origins whose pages may call us."""

    @property
    def max_body_bytes(self) -> int:
        """Return the longest body in bytes."""

    @property
    def debug_routes(self) -> bool:
        """Return whether anybody may list the routes."""

    @property
    def webhook_secret(self) -> str:
        """Return the key that signs callbacks; empty: nobody can."""

    @property
    def webhook_secret_previous(self) -> str:
        """Return the key before it; empty for none."""


def size_of(_key: object, ready: Ready) -> int:
    """Return how many bytes a kept page needs."""
    return len(ready.body)


@dataclass
class Orch:
    """One application's parts.

    `bus` tells every change after the journal; `loop` is the server's, `stopping` is
    set when it ends. `control` is the dispatcher, `reports` the same as callbacks see it,
    `notifier` the webhook out; None where there is none.
    """

    control: Control = field(init=False)
    knowledge: Knowledge = field(init=False)
    settings: ViewSettings
    board: Board
    now: Callable[[], datetime]
    host: HostSensor
    pulse: Pulse
    metrics: Metrics
    agents: Agents
    deliveries: Deliveries
    station: Station
    instructions: Instructions
    inspector: Inspector
    bus: EventBus = field(default_factory=EventBus)
    ready: dict[str, Ready] = field(default_factory=dict)
    ready_answers: ReadyAnswers = field(default_factory=ReadyAnswers)
    pages: Bounded[tuple[Any, ...], Ready] = field(
        default_factory=lambda: Bounded(MOST_PAGES, most_size=MOST_PAGE_BYTES, size=size_of)
    )
    loop: Loop = field(default_factory=Loop)
    stopping: threading.Event = field(default_factory=threading.Event)
    reports: Reports | None = None
    notifier: Notifier | None = None
    answers: Remembered = field(default_factory=lambda: Remembered(KEPT_SECONDS, clock=monotonic))
    services: dict[str, Callable[[], bool]] = field(default_factory=dict)


def orch() -> Orch:
    """Return the parts of the application that answers this request."""
    return cast(Orch, current_app.extensions["orch_next"])
