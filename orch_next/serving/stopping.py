"""End an app's streams when its server stops; imported before patching, so it stays light."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

from orch_next.offload import Loop
from orch_next.serving.mode import gunicorn_worker

if TYPE_CHECKING:
    from orch_next.serving.websocket import WebSockets

# How long open streams may take to end once they were asked to, in seconds, and how long
# of it a WebSocket's client may take to say goodbye.
STOP_SECONDS = 3.0
GOODBYE_SECONDS = 1.0


@dataclass(frozen=True)
class Serving:
    """What must end before the server can."""

    loop: Loop
    stopping: threading.Event
    websockets: WebSockets
    end_polls: Callable[[], None]

    def end_streams(self) -> None:
        """Ask event streams to end and say goodbye to every client; call it in the loop."""
        self.stopping.set()
        self.end_polls()
        for websocket in list(self.websockets.open):
            websocket.close()

    def abort_streams(self) -> None:
        """End every WebSocket whose client did not answer."""
        for websocket in list(self.websockets.open):
            websocket.abort()


def stop_under_gunicorn(serving: Serving) -> None:
    """Let gunicorn's thread worker end its streams on the signals that stop it.

    It has no hook for SIGTERM, and waits its whole graceful timeout for open streams. Our own
    workers end them by themselves.
    """
    if serving.loop.async_mode != "threading" or gunicorn_worker() is None:
        return
    threading.Thread(target=_end_when_stopping, args=(serving,), daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, _chained(serving, signal.getsignal(number)))


def _chained(serving: Serving, former: Any) -> Callable[[int, FrameType | None], None]:
    def stop(number: int, frame: FrameType | None) -> None:
        serving.stopping.set()
        former(number, frame)

    return stop


def _end_when_stopping(serving: Serving) -> None:
    serving.stopping.wait()
    serving.end_streams()
    time.sleep(GOODBYE_SECONDS)
    serving.abort_streams()
