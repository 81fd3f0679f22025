"""What the views of one application share: `current_app.extensions["orch_next"]`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from flask import current_app

from orch_next.core.agents import Agents
from orch_next.core.board import Board
from orch_next.core.deliveries import Deliveries
from orch_next.core.events import Emit
from orch_next.core.notify import Notifier
from orch_next.core.terminal import Reports
from orch_next.dispatcher.control import Control
from orch_next.offload import Loop
from orch_next.sensors.host import HostSensor
from orch_next.sensors.metrics import Metrics


@dataclass(frozen=True)
class Ready:
    """The bytes of one list, good as long as the snapshots it was made of are the present ones."""

    sources: tuple[Any, ...]
    body: bytes
    etag: str


class ViewSettings(Protocol):
    """The settings that views show or read by; the rest stays with the factory."""

    @property
    def root(self) -> Path:
        """Return the ORCH folder."""

    @property
    def log_format(self) -> str:
        """Return `text` or `json`."""

    @property
    def log_level(self) -> str:
        """Return the least level that is logged."""

    @property
    def webhook_secret(self) -> str:
        """Return the key that signs callbacks; empty: nobody can."""

    @property
    def webhook_secret_previous(self) -> str:
        """Return the key before it; empty for none."""


@dataclass
class Orch:
    """One application's parts.

    `listeners` hear every change after the journal; `loop` is the server's, `stopping` is
    set when it ends. `control` is the dispatcher, `reports` the same as callbacks see it,
    `notifier` the webhook out; None where there is none.
    """

    control: Control = field(init=False)
    settings: ViewSettings
    board: Board
    now: Callable[[], datetime]
    host: HostSensor
    metrics: Metrics
    agents: Agents
    deliveries: Deliveries
    listeners: list[Emit] = field(default_factory=list)
    ready: dict[str, Ready] = field(default_factory=dict)
    loop: Loop = field(default_factory=Loop)
    stopping: threading.Event = field(default_factory=threading.Event)
    reports: Reports | None = None
    notifier: Notifier | None = None


def orch() -> Orch:
    """Return the parts of the application that answers this request."""
    return cast(Orch, current_app.extensions["orch_next"])
