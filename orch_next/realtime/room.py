"""The realtime room of one application: what it is made of, and what starting it starts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any, Protocol

import orjson
from flask_socketio import SocketIO

from orch_next.config import Settings
from orch_next.core.board import Board
from orch_next.core.entries import CHANNEL
from orch_next.core.events import Change
from orch_next.core.schema import KINDS
from orch_next.core.views import view_flow, view_heatmap, view_overview, view_timeline
from orch_next.errors import BusyError, OrchError
from orch_next.events import Delivered, Event, EventBus, LocalEvent
from orch_next.realtime.hub import Holder, Hub
from orch_next.realtime.proving import Patience
from orch_next.realtime.sockets import Identify, RunsBlocking, Sockets
from orch_next.realtime.tail import Tail
from orch_next.realtime.watcher import Watcher
from orch_next.storage.leader import LeadershipGained

log = logging.getLogger(__name__)
MONITOR_SECONDS = 30.0
SAMPLE_SECONDS = 3.0
STANDING_SECONDS = 0.5
GATE_SECONDS = 1.0


class Readings(Protocol):
    """What the sensors know; asked in real threads only, but `vitals`."""

    def sample(self) -> None:
        """Look at the host."""

    def vitals(self) -> Mapping[str, Any]:
        """Return the heartbeat's seven figures from memory."""

    def welcome(self) -> Mapping[str, Any]:
        """Return what a client of `/realtime` hears first (contract 2)."""

    def pulse(self) -> Mapping[str, Any]:
        """Return the payloads told at every sample by name (contract 2)."""

    def monitor(self) -> Mapping[str, Any]:
        """Return the payloads of the constant events by name (contract 2)."""


class LoopLike(RunsBlocking, Protocol):
    """The border between the server's loop and real threads (`orch_next.offload`)."""

    async_mode: str

    def post(self, work: Callable[[], object]) -> None:
        """Let the loop call `work` soon; safe from any thread."""

    def queue(self) -> Any:
        """Return a queue that code in the loop may wait on."""


class Realtime:
    """Everything live of one app; `start` begins the background, `stopping` ends it."""

    def __init__(
        self,
        socketio: SocketIO,
        board: Board,
        settings: Settings,
        readings: Readings,
        bus: EventBus,
        loop: LoopLike,
        stopping: threading.Event,
        *,
        now: Callable[[], datetime],
        identify: Identify | None = None,
        is_standing: Callable[[Any], bool] | None = None,
    ) -> None:
        self._is_standing = is_standing
        self.socketio, self.readings, self.now = socketio, readings, now
        self._settings = settings
        self._loop, self._stopping = loop, stopping
        self.hub = Hub(loop.queue)
        self.sockets = Sockets(
            socketio,
            self.hub,
            loop,
            views=_views(board, readings, now),
            identify=identify,
            is_shared=bool(settings.redis_url),
            patience=_patience(settings, has_identities=identify is not None),
        )
        self.hub.listen(lambda item: bus.publish(Delivered(getattr(item, "payload", {}))))
        self._database = board.journal.database
        self.tail = Tail(
            board.journal,
            board.state.try_snapshots,
            settles_at=board.state.settles_at,
            load=lambda kept: loop.post(
                lambda: self.hub.load(kept.events, kept.newest, kept.floor)
            ),
            deliver=lambda events: loop.post(lambda: self.hub.deliver(events)),
            now=now,
            clock=monotonic,
        )
        names = [kind.file_name for kind in KINDS]
        self._doubt = board.state.doubt
        self._watcher = Watcher(settings.state_folder, names, self._look_again)
        bus.subscribe(Change, lambda _change: self.tail.wake())
        bus.subscribe(LeadershipGained, lambda _event: self.tail.wake())
        bus.subscribe(Event, self._broadcast)
        bus.subscribe(LocalEvent, self._send)

    def _look_again(self) -> None:
        """Compare the ledgers' bytes: something about them has changed."""
        self._doubt()
        self.tail.wake()

    def _broadcast(self, event: Event) -> None:
        """Send an event without a number to every client; for any thread.

        Socket.IO clients of every process hear it, and the event streams of this one.
        """
        data = orjson.dumps(event.payload).decode()

        def send() -> None:
            self.sockets.broadcast(event.name, event.payload)
            self.hub.signal(event.name, data)

        self._loop.post(send)

    def _send(self, event: LocalEvent) -> None:
        """Send a Socket.IO event to every client of this process; for any thread."""
        self._loop.post(lambda: self.sockets.emit(event.name, event.payload))

    def start(self) -> list[str]:
        """Begin the background work and return what runs, in words.

        It ends, and every stream with it, when `stopping` is set, by whomever.
        """
        if self._settings.redis_url:
            log.info("ORCH_REDIS_URL: numbered events need no Redis; they are the journal's")
        self.sockets.audience.track_websockets(is_green=self._loop.async_mode != "threading")
        try:
            self.tail.open()
        except BusyError as error:
            log.warning("live events: %s; clients start with a reset", error)
        tasks = {
            "journal tail": self._run_tail,
            "ledger watcher": self._watcher.run_events,
            "ledger looks": self._watcher.run_looks,
            "monitor": self._run_monitor,
            **({"identities": self._run_standing} if self._is_standing else {}),
            "socket gate": self._run_gate,
            **({"journal notices": self._run_notices} if self._database.has_notices else {}),
        }
        for name, task in tasks.items():
            threading.Thread(target=task, name=f"orch-{name}", daemon=True).start()
        threading.Thread(target=self._end_when_stopping, name="orch-stop", daemon=True).start()
        return list(tasks)

    def _end_when_stopping(self) -> None:
        self._stopping.wait()
        self._loop.post(self.hub.close)
        self._watcher.stop()
        self.tail.stop()

    def _run_tail(self) -> None:
        self.tail.run(log.warning)

    def _run_monitor(self) -> None:
        """Sample every 3 s and tell this process's clients every 30 s, without drift (D30)."""
        started, beat = monotonic(), 0
        while not self._stopping.wait(max(0.0, started + beat * SAMPLE_SECONDS - monotonic())):
            self._sample(beat % round(MONITOR_SECONDS / SAMPLE_SECONDS) == 0)
            beat += 1

    def _run_gate(self) -> None:
        while not self._stopping.wait(GATE_SECONDS):
            self._loop.post(self.sockets.drop_unproven)

    def _sample(self, tell: bool) -> None:
        try:
            self.readings.sample()
            payloads = {**self.readings.pulse(), **(self.readings.monitor() if tell else {})}
        except (OrchError, OSError) as error:
            log.warning("monitor: %s", error)
            return
        self._loop.post(self.sockets.audience.drop_stuck)
        for name, payload in payloads.items():
            self._loop.post(partial(self.sockets.emit, name, payload))

    def _run_standing(self) -> None:
        """End what identities have open that were removed or ended their sessions."""
        while not self._stopping.wait(STANDING_SECONDS):
            fallen = find_fallen(self.hub.holders | self.sockets.holders, self._is_standing)
            if fallen:
                self._loop.post(partial(self.hub.end_streams, fallen))
                self._loop.post(partial(self.sockets.end_sockets, fallen))

    def _run_notices(self) -> None:
        """Let the database say that another process has recorded something."""
        self._database.listen(CHANNEL, self.tail.wake, self._stopping)


def find_fallen(holders: set[Holder], is_standing: Callable[[Any], bool] | None) -> set[Holder]:
    """Return who of the holders stands no more; while nobody knows, everybody does."""
    try:
        return {one for one in holders if is_standing is not None and not is_standing(one)}
    except BusyError:
        return set()


def _patience(settings: Settings, *, has_identities: bool) -> Patience:
    seconds = settings.unproven_socket_seconds
    if not has_identities:
        return Patience(seconds)  # who may open a socket may connect as well
    return Patience(seconds, settings.unproven_sockets_per_address, settings.unproven_sockets)


def _views(
    board: Board, readings: Readings, now: Callable[[], datetime]
) -> dict[str, Callable[[], Mapping[str, Any]]]:
    return {
        "initial_data": readings.welcome,
        "metrics_update": lambda: readings.pulse()["metrics_update"],
        "dashboard_overview_update": lambda: view_overview(board.state, now()),
        "timeline_update": lambda: view_timeline(board.journal, now()),
        "heatmap_update": lambda: view_heatmap(board.journal, now()),
        "task_flow_update": lambda: view_flow(board.state, board.journal),
    }
