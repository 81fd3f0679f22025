"""What both green gunicorn workers share: accept, serve, and stop within seconds."""

from __future__ import annotations

import os
import time
from abc import abstractmethod
from typing import Any

from greenlet import GreenletExit
from gunicorn.sock import ssl_wrap_socket
from gunicorn.workers.base_async import AsyncWorker

from orch_next.serving.stopping import GOODBYE_SECONDS, STOP_SECONDS

_TICK_SECONDS = 0.2


class GreenWorker(AsyncWorker):  # type: ignore[misc]  # gunicorn has no types
    """One loop in one process; each connection has a green thread of its own."""

    async_mode = ""

    @abstractmethod
    def patch(self) -> None:
        """Patch the standard library for this loop."""

    @abstractmethod
    def listen(self, listener: Any) -> None:
        """Accept connections of `listener` in the background and `handle` each."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Let the loop work."""

    @abstractmethod
    def spawn(self, work: Any) -> None:
        """Run `work` soon; a signal may interrupt the loop anywhere, so it only asks for it."""

    @abstractmethod
    def close_listeners(self) -> None:
        """Accept no more connections."""

    @abstractmethod
    def connections(self) -> int:
        """Return how many connections are being served."""

    @abstractmethod
    def kill_connections(self) -> None:
        """End the green threads of all connections; their `finally` blocks run."""

    def init_process(self) -> None:
        """Patch after the fork and before the app is imported; the master stays as it was."""
        self.patch()
        super().init_process()

    def run(self) -> None:
        """Serve until a signal or the master's end."""
        for listener in self.sockets:
            self.listen(listener)
        while self.alive and self.ppid == os.getppid():
            self.notify()
            self.sleep(_TICK_SECONDS)
        self._stop()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection until it ends."""
        client.setblocking(True)
        if self.cfg.is_ssl:
            client = ssl_wrap_socket(client, self.cfg)
        super().handle(listener, client, addr)

    def handle_request(self, *request: Any) -> Any:
        """Answer one request; a stream that is cut off at the stop ends its connection quietly."""
        try:
            return super().handle_request(*request)
        except GreenletExit:
            raise StopIteration from None

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Log what failed; nothing of an idle connection that is cut off at the stop."""
        if not isinstance(exc, GreenletExit):
            super().handle_error(req, client, addr, exc)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop as for SIGTERM: streams end within seconds either way."""
        self.alive = False
        self.spawn(lambda: self.cfg.worker_int(self))

    def handle_usr1(self, sig: int, frame: Any) -> None:
        """Reopen the log files outside of the signal handler."""
        self.spawn(self.log.reopen_files)

    def _stop(self) -> None:
        self.alive = False  # answers from now on say "Connection: close"
        self.close_listeners()
        serving = self.app.callable.extensions["orch_next_serving"]
        serving.end_streams()
        self._wait(GOODBYE_SECONDS)
        serving.abort_streams()
        self._wait(STOP_SECONDS - GOODBYE_SECONDS)
        self.kill_connections()
        self._wait(_TICK_SECONDS)

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.connections() and time.monotonic() < deadline:
            self.notify()
            self.sleep(0.02)
