"""The dispatcher for commands: over the same ledgers, database and locks as the server's."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from time import monotonic
from typing import Any

from orch_next.cli.ledgers import open_ledgers
from orch_next.clock import utc_now
from orch_next.config import Settings
from orch_next.core.deadlines import Clock
from orch_next.dispatcher.build import Outside, make_control
from orch_next.dispatcher.control import Control
from orch_next.dispatcher.settings import lease_rules
from orch_next.knowledge.forecast import chosen_forecast

Tell = Callable[[str, dict[str, Any]], None]


def tell_nobody(_name: str, _payload: dict[str, Any]) -> None:
    """Keep events to ourselves; servers see the changed rows."""


def open_control(settings: Settings, tell: Tell = tell_nobody) -> Control:
    """Return the dispatcher's control; it touches no file before its first use."""
    board = open_ledgers(settings)
    outside = Outside(
        Clock(utc_now, monotonic),
        secrets.token_urlsafe,
        tell,
        os.environ,
        rules=lease_rules(settings),
        token_auth=settings.auth == "token",
        predict=chosen_forecast(
            board.journal.database, is_wanted=settings.scheduler_uses_predictions
        ),
        alone=True,
    )
    return make_control(board, outside)
