"""The gunicorn worker for eventlet, which gunicorn 26 and later have no longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import eventlet

from orch_next.serving.green_worker import GreenWorker
from orch_next.serving.listening import PatientSocket
from orch_next.serving.patching import patch_eventlet


class EventletWorker(GreenWorker):
    """Eventlet's hub as a gunicorn worker: `-k orch_next.serving.EventletWorker`."""

    async_mode = "eventlet"

    def patch(self) -> None:
        """Patch, with a hub that was made after the fork."""
        eventlet.hubs.use_hub()
        patch_eventlet()
        # Eventlet's sockets refuse `sendfile`: files are read and written like other answers.
        self.cfg.set("sendfile", False)
        self._pool = eventlet.GreenPool(self.worker_connections)
        self._acceptors: list[Any] = []

    def timeout_ctx(self) -> Any:
        """Return a context that ends a wait for the next request quietly."""
        return eventlet.Timeout(self.cfg.keepalive or None, False)

    def listen(self, listener: Any) -> None:
        """Accept in a green thread."""
        self._acceptors.append(eventlet.spawn(self._accept, PatientSocket(listener.sock)))

    def sleep(self, seconds: float) -> None:
        """Let the hub work."""
        eventlet.sleep(seconds)

    def spawn(self, work: Callable[[], object]) -> None:
        """Run `work` in a green thread of its own."""
        eventlet.spawn_n(work)

    def close_listeners(self) -> None:
        """End the acceptors."""
        for acceptor in self._acceptors:
            acceptor.kill()

    def connections(self) -> int:
        """Return how many green threads serve a connection."""
        running: int = self._pool.running()
        return running

    def kill_connections(self) -> None:
        """Raise `GreenletExit` in each green thread of a connection."""
        for thread in list(self._pool.coroutines_running):
            eventlet.kill(thread)

    def _accept(self, listener: PatientSocket) -> None:
        try:
            while True:
                client, address = listener.accept()
                self._pool.spawn_n(self.handle, listener, client, address)
        finally:
            self.alive = False  # gunicorn starts another worker, which accepts
