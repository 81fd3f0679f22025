"""The gunicorn worker for gevent whose threads and locks stay real ones (see `patching`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gevent
from gevent.pool import Pool
from gevent.server import StreamServer

from orch_next.serving.green_worker import GreenWorker
from orch_next.serving.patching import patch_gevent


class GeventWorker(GreenWorker):
    """Gevent's hub as a gunicorn worker: `-k orch_next.serving.GeventWorker`."""

    async_mode = "gevent"

    def patch(self) -> None:
        """Patch, with a hub that was made after the fork."""
        patch_gevent()
        gevent.reinit()
        self._pool = Pool(self.worker_connections)
        self._servers: list[StreamServer] = []

    def timeout_ctx(self) -> Any:
        """Return a context that ends a wait for the next request quietly."""
        return gevent.Timeout(self.cfg.keepalive or None, False)

    def listen(self, listener: Any) -> None:
        """Accept with gevent's stream server."""
        sock = gevent.socket.socket(listener.FAMILY, fileno=listener.sock.detach())
        server = StreamServer(sock, handle=partial(self.handle, sock), spawn=self._pool)
        if self.cfg.workers > 1:
            server.max_accept = 1
        server.start()
        self._servers.append(server)

    def sleep(self, seconds: float) -> None:
        """Let the hub work."""
        gevent.sleep(seconds)

    def spawn(self, work: Callable[[], object]) -> None:
        """Run `work` in a greenlet of its own."""
        gevent.spawn(work)

    def close_listeners(self) -> None:
        """Accept no more connections."""
        for server in self._servers:
            server.close()

    def connections(self) -> int:
        """Return how many greenlets serve a connection."""
        return len(self._pool)

    def kill_connections(self) -> None:
        """Raise `GreenletExit` in each greenlet of a connection."""
        self._pool.kill(block=False)
