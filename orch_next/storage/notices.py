"""What PostgreSQL tells those who listen: that it has news, for other processes to look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

_LOOK_SECONDS = 1.0  # how often a wait looks whether it shall end


def wait_for_notices(
    connection: sa.Connection, heard: Callable[[], object], stopping: threading.Event
) -> None:
    """Call `heard` for each notice until the end; raise OperationalError when it is cut off."""
    driver: Any = connection.connection.driver_connection
    heard()
    try:
        while not stopping.is_set():
            for _notice in driver.notifies(timeout=_LOOK_SECONDS, stop_after=1):
                heard()
    except connection.dialect.loaded_dbapi.Error as error:
        connection.invalidate()
        raise OperationalError("LISTEN", None, error, connection_invalidated=True) from error
    connection.invalidate()
