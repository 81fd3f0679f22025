"""The realtime room of one application: what it is made of, and what starting it starts."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import orjson
from flask import Flask
from flask_socketio import SocketIO

from orch_next.core.board import Board
from orch_next.core.entries import CHANNEL
from orch_next.core.events import Change
from orch_next.core.schema import KINDS
from orch_next.core.views import view_flow, view_heatmap, view_overview, view_timeline
from orch_next.errors import BusyError, OrchError
from orch_next.realtime.hub import Holder, Hub
from orch_next.realtime.owner import FileLease, Lease, Owner, RedisLease
from orch_next.realtime.proving import Patience
from orch_next.realtime.sockets import Identify, RunsBlocking, Sockets, make_socketio
from orch_next.realtime.tail import Tail
from orch_next.realtime.watcher import Watcher

log = logging.getLogger(__name__)
REDIS_PREFIX = "orch-next"
MONITOR_SECONDS = 30.0
SAMPLE_SECONDS = 3.0
STANDING_SECONDS = 0.5
GATE_SECONDS = 1.0


class LiveSettings(Protocol):
    """The settings that this room reads."""

    @property
    def state_folder(self) -> Path:
        """Return the folder of the ledgers."""

    @property
    def redis_url(self) -> str:
        """Return the URL of Redis, empty for none."""

    @property
    def unproven_socket_seconds(self) -> float:
        """Return how long a socket may be open before its client connects."""

    @property
    def unproven_sockets_per_address(self) -> int:
        """Return how many such sockets one address may have where there are identities."""

    @property
    def unproven_sockets(self) -> int:
        """Return how many such sockets there may be in all where there are identities."""


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
    """Everything live of one app; `start` begins the background, `stop` ends it."""

    def __init__(
        self,
        socketio: SocketIO,
        board: Board,
        settings: LiveSettings,
        readings: Readings,
        *,
        now: Callable[[], datetime],
        identify: Identify | None = None,
        is_standing: Callable[[Any], bool] | None = None,
    ) -> None:
        self._is_standing = is_standing
        self.socketio, self.readings, self.now = socketio, readings, now
        self._settings = settings
        self._loop: LoopLike | None = None
        self._stopping = threading.Event()
        self.hub = Hub(self._make_queue)
        self.sockets = Sockets(
            socketio,
            self.hub,
            views=_views(board, readings, now),
            identify=identify,
            is_shared=bool(settings.redis_url),
            patience=_patience(settings, has_identities=identify is not None),
        )
        self.owner = Owner(_lease(settings), gained=lambda: self.tail.wake())
        self._database = board.journal.database
        self.tail = Tail(
            board.journal,
            board.state.try_snapshots,
            settles_at=board.state.settles_at,
            load=lambda kept: self._post(
                lambda: self.hub.load(kept.events, kept.newest, kept.floor)
            ),
            deliver=lambda events: self._post(lambda: self.hub.deliver(events)),
            now=now,
            clock=monotonic,
        )
        names = [kind.file_name for kind in KINDS]
        self._doubt = board.state.doubt
        self._watcher = Watcher(settings.state_folder, names, self._look_again)

    def _look_again(self) -> None:
        """Compare the ledgers' bytes: something about them has changed."""
        self._doubt()
        self.tail.wake()

    def offer(self, _change: Change) -> None:
        """Hear that the board has recorded a change; for any thread, never waits."""
        self.tail.wake()

    def broadcast(self, name: str, payload: Any) -> None:
        """Send an event without a number to every client; for any thread.

        Socket.IO clients of every process hear it, and the event streams of this one.
        """
        data = orjson.dumps(payload).decode()

        def tell() -> None:
            self.sockets.broadcast(name, payload)
            self.hub.signal(name, data)

        self._post(tell)

    def emit(self, name: str, payload: Any) -> None:
        """Send a Socket.IO event to every client of this process; for any thread."""
        self._post(lambda: self.sockets.emit(name, payload))

    def start(self, loop: LoopLike, stopping: threading.Event | None = None) -> list[str]:
        """Begin the background work and return what runs, in words.

        `stopping` ends it and every stream when it is set, by whomever.
        """
        self._loop = self.sockets.loop = loop
        if self._settings.redis_url:
            log.info("ORCH_REDIS_URL: numbered events need no Redis; they are the journal's")
        self._stopping = stopping or self._stopping
        self.sockets.audience.track_websockets(is_green=loop.async_mode != "threading")
        self.owner.claim()
        try:
            self.tail.open()
        except BusyError as error:
            log.warning("live events: %s; clients start with a reset", error)
        tasks = {
            "journal tail": self._run_tail,
            "ledger watcher": self._watcher.run_events,
            "ledger looks": self._watcher.run_looks,
            "owner lease": self.owner.run,
            "monitor": self._run_monitor,
            **({"identities": self._run_standing} if self._is_standing else {}),
            "socket gate": self._run_gate,
            **({"journal notices": self._run_notices} if self._database.has_notices else {}),
        }
        for name, task in tasks.items():
            threading.Thread(target=task, name=f"orch-{name}", daemon=True).start()
        threading.Thread(target=self._end_when_stopping, name="orch-stop", daemon=True).start()
        return list(tasks)

    def stop(self) -> None:
        """End streams and background work; they are gone within about a second."""
        self._stopping.set()

    def _end_when_stopping(self) -> None:
        self._stopping.wait()
        self._post(self.hub.close)
        self._watcher.stop()
        self.tail.stop()
        self.owner.stop()

    def _post(self, work: Callable[[], object]) -> None:
        if self._loop is None:
            work()
        else:
            self._loop.post(work)

    def _make_queue(self) -> Any:
        return queue.Queue() if self._loop is None else self._loop.queue()

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
            self._post(self.sockets.drop_unproven)

    def _sample(self, tell: bool) -> None:
        try:
            self.readings.sample()
            payloads = {**self.readings.pulse(), **(self.readings.monitor() if tell else {})}
        except (OrchError, OSError) as error:
            log.warning("monitor: %s", error)
            return
        self._post(self.sockets.audience.drop_stuck)
        for name, payload in payloads.items():
            self._post(partial(self.sockets.emit, name, payload))

    def _run_standing(self) -> None:
        """End what identities have open that were removed or ended their sessions."""
        while not self._stopping.wait(STANDING_SECONDS):
            fallen = find_fallen(self.hub.holders | self.sockets.holders, self._is_standing)
            if fallen:
                self._post(partial(self.hub.end_streams, fallen))
                self._post(partial(self.sockets.end_sockets, fallen))

    def _run_notices(self) -> None:
        """Let the database say that another process has recorded something."""
        self._database.listen(CHANNEL, self.tail.wake, self._stopping)


def attach_realtime(
    app: Flask,
    board: Board,
    settings: LiveSettings,
    async_mode: str,
    *,
    readings: Readings,
    now: Callable[[], datetime],
    identify: Identify | None = None,
    is_standing: Callable[[Any], bool] | None = None,
) -> Realtime:
    """Give the app a Socket.IO server and a hub; start nothing.

    The caller lets the board tell every change to `Realtime.offer`.
    """
    socketio = make_socketio(app, async_mode, settings.redis_url)
    realtime = Realtime(
        socketio, board, settings, readings, now=now, identify=identify, is_standing=is_standing
    )
    app.extensions["orch_realtime"] = realtime
    return realtime


def find_fallen(holders: set[Holder], is_standing: Callable[[Any], bool] | None) -> set[Holder]:
    """Return who of the holders stands no more; while nobody knows, everybody does."""
    try:
        return {one for one in holders if is_standing is not None and not is_standing(one)}
    except BusyError:
        return set()


def _patience(settings: LiveSettings, *, has_identities: bool) -> Patience:
    seconds = settings.unproven_socket_seconds
    if not has_identities:
        return Patience(seconds)  # who may open a socket may connect as well
    return Patience(seconds, settings.unproven_sockets_per_address, settings.unproven_sockets)


def _lease(settings: LiveSettings) -> Lease:
    if settings.redis_url:
        return RedisLease(settings.redis_url, REDIS_PREFIX, clock=monotonic)
    return FileLease(settings.state_folder)


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
