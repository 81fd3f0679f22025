"""A listening socket for eventlet that survives whatever befalls a single connection."""

from __future__ import annotations

import logging
from typing import Any

import eventlet
from eventlet.greenio import GreenSocket

from orch_next.serving.limits import CLOSED, FULL_PAUSE_SECONDS

log = logging.getLogger(__name__)


class PatientSocket(GreenSocket):  # type: ignore[misc]  # eventlet has no types
    """Waits where `accept` of eventlet's own would raise and so end the server for good."""

    def accept(self) -> Any:
        """Return the next connection and its address; say when there can be none for now."""
        said = False
        while True:
            try:
                return super().accept()
            except OSError as error:
                if error.errno in CLOSED:
                    raise
                if not said:
                    log.warning("no connection can be accepted for now: %s", error.strerror)
                said = True
                eventlet.sleep(FULL_PAUSE_SECONDS)
