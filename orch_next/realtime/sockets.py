"""Socket.IO on the default namespace, as the legacy had it (contract 2), plus live events."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Mapping
from functools import partial
from importlib.util import find_spec
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from flask import Flask, request
from flask_socketio import SocketIO

from orch_next.errors import ConfigError, OrchError
from orch_next.internals import ask_first, close_at_once, end_client, engine_of, limit_polls
from orch_next.realtime.audience import NAMESPACE, Audience
from orch_next.realtime.hub import Holder, Hub, Item, Reset
from orch_next.realtime.proving import Gate, Patience
from orch_next.realtime.streams import parse_cursor

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

T = TypeVar("T")
GREETING = "ORCHダッシュボードに接続されました"
ALERT_CATEGORIES = ("system", "quality", "prediction", "automation")
RETRY_SECONDS = 5
ROOM = "live"  # who has been caught up hears every event from then on

Identify = Callable[[Any, Mapping[str, Any]], Holder]
View = Callable[[], Mapping[str, Any]]


class RunsBlocking(Protocol):
    """The part of the server's loop that sockets need."""

    def run_blocking(self, work: Callable[[], T]) -> T:
        """Return `work()`, run where it stalls no other client."""


def make_socketio(app: Flask, async_mode: str, redis_url: str = "") -> SocketIO:
    """Bind a Socket.IO server to the app with the legacy's Engine.IO settings (contract 0.1).

    Every origin may pass here *only because* the guard of `orch_next.security` is the
    outermost WSGI layer and has checked Host, Origin and Sec-Fetch-Site before: Engine.IO's
    own check would trust the Host header. Raise `ConfigError` for Redis without its package.
    """
    if redis_url and find_spec("redis") is None:
        raise ConfigError("ORCH_REDIS_URL needs the package redis: pip install .[all]")
    socketio = SocketIO(
        app,
        async_mode=async_mode,
        path="/socket.io",
        cors_allowed_origins="*",
        ping_interval=25,
        ping_timeout=20,
        max_http_buffer_size=1_000_000,
        message_queue=redis_url or None,
        channel="orch-next",
        logger=_errors_of("socketio"),
        engineio_logger=_errors_of("engineio"),
    )
    close_at_once(engine_of(socketio))
    limit_polls()
    return socketio


def _errors_of(library: str) -> logging.Logger:
    """Return a logger below ours, which has our format; their own tell each packet."""
    logger = logging.getLogger(f"orch_next.{library}")
    logger.setLevel(logging.ERROR)
    return logger


class Sockets:
    """The clients of one app's Socket.IO server; everything here runs in the loop."""

    def __init__(
        self,
        socketio: SocketIO,
        hub: Hub,
        loop: RunsBlocking,
        *,
        views: Mapping[str, View],
        identify: Identify | None = None,
        is_shared: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self._socketio, self._hub, self._loop, self._is_shared = socketio, hub, loop, is_shared
        self._views, self._identify = views, identify
        self.audience = Audience(socketio)
        self.gate = Gate(patience or Patience(), self.audience.is_connected, clock=monotonic)
        ask_first(engine_of(socketio), self._refusal, self._answer_get)
        self._holders: dict[str, Holder] = {}
        on = socketio.on_event
        on("connect", self._connect)
        on("disconnect", self._disconnect)
        on("request_dashboard_refresh", self._refresh_dashboard)
        on("request_task_flow_refresh", self._refresh_flow)
        on("request_initial_data", self._send_initial_data)
        on("request_metrics_update", self._send_metrics)
        on("subscribe_alerts", self._confirm_alerts)
        hub.listen(self.tell)

    @property
    def clients(self) -> int:
        """Return how many clients are connected to this process."""
        return len(self.audience)

    @property
    def holders(self) -> set[Holder]:
        """Return whose sockets are connected; for any thread."""
        return set(list(self._holders.values()))

    def end_sockets(self, fallen: Container[Holder]) -> None:
        """Disconnect the clients of these holders, at once and for good."""
        for sid, holder in list(self._holders.items()):
            if holder in fallen:
                self._holders.pop(sid, None)
                end_client(self._socketio, sid, NAMESPACE)

    def tell(self, item: Item) -> None:
        """Send an event, or a reset, to every client of this process that was caught up."""
        self.audience.tell(*_named(item), ROOM)

    def emit(self, name: str, payload: Any) -> None:
        """Send to every client of this process."""
        self._emit(name, payload, None)

    def broadcast(self, name: str, payload: Any) -> None:
        """Send to every client of every process (by Redis, where there is one)."""
        server = self._socketio.server
        emit = partial(server.emit, name, payload, namespace=NAMESPACE)
        if self._is_shared:
            server.start_background_task(emit)  # Redis may make it wait, but nobody else
        else:
            emit()

    def drop_unproven(self) -> None:
        """End the sessions that had time enough to connect; for the loop."""
        for sid in self.gate.overdue(self.audience.addresses()):
            self.audience.drop(sid)

    def _refusal(self, sid: str, environ: Mapping[str, Any]) -> str:
        """Return why a session may not begin: wrong credentials, or too many without any."""
        identify = self._identify
        if identify is not None and self._run(lambda: identify(None, environ)):
            return ""
        if identify is not None and "HTTP_AUTHORIZATION" in environ:
            return "invalid_token"
        return self.gate.admit(sid, environ.get("REMOTE_ADDR", ""))

    def _answer_get(self, handle: WSGIApplication, environ: Any, start_response: Any) -> Any:
        """Let a request that may wait hold a thread, while there is one for sockets."""
        with self.gate.holding() as fits:
            return handle(environ, start_response) if fits else _no_thread(start_response)

    def _connect(self, auth: Any = None) -> bool | None:
        environ, identify = request.environ, self._identify
        holder = self._run(lambda: identify(auth, environ)) if identify is not None else None
        if identify is not None and not holder:
            return False
        sid = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO adds it
        if holder is not None:
            self._holders[sid] = holder
        self._emit("status", {"message": GREETING}, sid)
        since = _cursor(auth, request.args.get("since"))
        with self._hub.still():
            for item in [] if since is None else self._hub.catch_up(since):
                self.audience.tell(*_named(item), sid)
            self._socketio.server.enter_room(sid, ROOM, namespace=NAMESPACE)
        if "initial_data" in self._views:
            self._answer("initial_data")
        return None

    def _disconnect(self, *_reason: Any) -> None:
        """Nothing is kept of a client that leaves."""
        self._holders.pop(request.sid, None)  # type: ignore[attr-defined]

    def _refresh_dashboard(self, *_data: Any) -> None:
        self._answer("dashboard_overview_update", "timeline_update", "heatmap_update")

    def _refresh_flow(self, *_data: Any) -> None:
        self._answer("task_flow_update")

    def _send_initial_data(self, *_data: Any) -> None:
        self._answer("initial_data")

    def _send_metrics(self, *_data: Any) -> None:
        self._answer("metrics_update")

    def _confirm_alerts(self, data: Any = None, *_more: Any) -> None:
        """Say what is subscribed: every client hears every alert, as from the legacy's server."""
        asked = data.get("categories") if isinstance(data, Mapping) else None
        sid = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO adds it
        known = [one for one in ALERT_CATEGORIES if not isinstance(asked, list) or one in asked]
        self._emit("subscription_confirmed", {"categories": known}, sid)

    def _answer(self, *names: str) -> None:
        """Send views to the asking client, or `error` with what went wrong (D29)."""
        sid = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO adds it
        try:
            found = [(name, self._run(self._views[name])) for name in names]
        except (OrchError, OSError) as error:
            found = [("error", {"message": str(error)})]
        for name, payload in found:
            self._emit(name, payload, sid)

    def _run(self, work: Callable[[], T]) -> T:
        return self._loop.run_blocking(work)

    def _emit(self, name: str, payload: Any, to: str | None) -> None:
        # Every process tells its own clients: through Redis they would hear it twice.
        self._socketio.server.emit(name, payload, to=to, namespace=NAMESPACE, ignore_queue=True)


def _no_thread(start_response: Any) -> list[bytes]:
    headers = [("Content-Length", "0"), ("Retry-After", str(RETRY_SECONDS))]
    start_response("503 Service Unavailable", headers)
    return [b""]


def _named(item: Item) -> tuple[str, str]:
    return ("reset" if isinstance(item, Reset) else item.name), item.data


def _cursor(auth: Any, text: str | None) -> int | None:
    given = auth.get("since") if isinstance(auth, Mapping) else None
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    return parse_cursor(given if isinstance(given, str) else text)
