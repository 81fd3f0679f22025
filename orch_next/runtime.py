"""One application's parts, built once and in the order in which they need each other."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from flask_socketio import SocketIO

from orch_next.bounded import Bounded
from orch_next.config import Settings
from orch_next.core.agents import Agents
from orch_next.core.board import Board, open_board
from orch_next.core.deadlines import Clock
from orch_next.core.deliveries import Deliveries
from orch_next.core.events import Change
from orch_next.core.instructions import Instructions, open_instructions
from orch_next.core.journal import Journal
from orch_next.core.notify import Notifier, make_post
from orch_next.core.terminal import Reports
from orch_next.dispatcher import monitor_loop
from orch_next.dispatcher.build import Outside, make_control
from orch_next.dispatcher.control import Control
from orch_next.dispatcher.settings import lease_rules
from orch_next.errors import BusyError, ConfigError, DatabaseError
from orch_next.events import Event, EventBus
from orch_next.knowledge.forecast import chosen_forecast
from orch_next.knowledge.room import Knowledge, find_learner, open_knowledge
from orch_next.offload import Loop
from orch_next.ready import Ready, ReadyAnswers
from orch_next.realtime.room import Realtime
from orch_next.realtime.sockets import Identify
from orch_next.security import load_agents_access, sign
from orch_next.sensors.host import HostReading, HostSensor
from orch_next.sensors.memory import Remembered
from orch_next.sensors.metrics import Gauges, Metrics
from orch_next.sensors.pulse import Pulse
from orch_next.sensors.rules.inspector import Inspector, open_inspector
from orch_next.sensors.station import Station, open_station
from orch_next.storage.json_files import JsonRecords
from orch_next.storage.leader import AskedLeadership, Leader, Leadership, make_lease
from orch_next.storage.private import close_to_others, may_write, private_places

log = logging.getLogger(__name__)
MOST_PAGES, MOST_PAGE_BYTES = 256, 16 << 20
# How long an answer that is costly to make may be repeated.
KEPT_SECONDS = 2.0
# The dispatcher stops its commands within 10 s and writes down how they ended.
CLOSING_SECONDS = 12.0
DOCTOR = "run: orch-next doctor"


@dataclass(frozen=True)
class Door:
    """Who may open a socket and keep it: an identity of `identify` while it `is_standing`.

    None where nobody is asked who he is.
    """

    identify: Identify | None = None
    is_standing: Callable[[Any], bool] | None = None


@dataclass(frozen=True)
class Runtime:
    """The parts of one application, complete and final; several live in one process.

    `loop` is the server's; `stopping` ends everything when it is set, and `ended` tells that
    the dispatcher has. `control` is the dispatcher, `reports` the same as callbacks see it,
    `notifier` the webhook out, None where there is none. `ready`, `ready_answers`,
    `pages` and `answers` are what views may answer again.
    """

    settings: Settings
    now: Callable[[], datetime]
    loop: Loop
    stopping: threading.Event
    bus: EventBus
    board: Board
    leader: Leader
    host: HostSensor
    pulse: Pulse
    metrics: Metrics
    agents: Agents
    deliveries: Deliveries
    instructions: Instructions
    inspector: Inspector
    notifier: Notifier | None
    control: Control
    reports: Reports
    knowledge: Knowledge
    station: Station
    live: Realtime
    ended: threading.Event = field(default_factory=threading.Event)
    ready: dict[str, Ready] = field(default_factory=dict)
    ready_answers: ReadyAnswers = field(default_factory=ReadyAnswers)
    pages: Bounded[tuple[Any, ...], Ready] = field(
        default_factory=lambda: Bounded(MOST_PAGES, most_size=MOST_PAGE_BYTES, size=size_of)
    )
    answers: Remembered = field(default_factory=lambda: Remembered(KEPT_SECONDS, clock=monotonic))

    def start(self) -> list[str]:
        """Start what runs beside the requests, and return what does, in words.

        Raise `ConfigError` where nothing could be recorded.
        """
        close_to_others(private_places(self.settings.root))
        open_journal(self.board.journal)
        warn_of_state(self.settings.state_folder)
        self.pulse.beat()
        self.leader.claim()
        self._run("pulse", partial(self.pulse.run, self.stopping, self.board.journal.catch_up))
        self._run("leader", partial(self.leader.run, self.stopping))
        running = ["leader", *self.live.start()]
        if self.notifier is not None:
            self._run("notify", partial(self.notifier.run, self.stopping))
            running.append("webhook out")
        self.inspector.start(self.stopping, self.settings.rules_interval_seconds)
        self.knowledge.start(self.stopping)
        # The task waits in the server's loop; files, locks and commands are for a real thread.
        self.live.socketio.start_background_task(self.loop.run_blocking, self._dispatch)
        return [*running, "rules", "knowledge", "dispatcher"]

    def stop(self) -> None:
        """End what was started; wait until the dispatcher's commands have ended."""
        self.stopping.set()
        self.ended.wait(CLOSING_SECONDS)

    def _dispatch(self) -> None:
        monitor_loop(self.control, stopping=self.stopping.is_set)
        self.ended.set()

    def _run(self, name: str, work: Callable[[], object]) -> None:
        threading.Thread(target=work, name=f"orch-{name}", daemon=True).start()


def build_runtime(
    settings: Settings,
    socketio: SocketIO,
    loop: Loop,
    *,
    now: Callable[[], datetime],
    door: Door,
) -> Runtime:
    """Build every part once, each from those before it; touch no disk and start nothing."""
    bus, stopping = EventBus(), threading.Event()
    board = make_board(settings, bus, now)
    leader = Leader(make_lease(settings.state_folder, settings.database, clock=monotonic), bus)
    host, metrics = HostSensor(settings.root.anchor, now=now), Metrics(bus, now)
    control = make_dispatcher(settings, board, bus, leader, now)
    knowledge = open_knowledge(
        board.journal.database, settings.moc_root, now=now, bus=bus, learn=find_learner()
    )
    is_predicting = knowledge.learning is not None
    station = open_station(
        *(settings, board, host, metrics, bus, leader, control),
        is_predicting=is_predicting,
        now=now,
    )
    live = Realtime(
        *(socketio, board, settings, station, bus, loop, stopping),
        now=now,
        identify=door.identify,
        is_standing=door.is_standing,
    )
    measure(settings, metrics, board, host, station, live, now)
    return Runtime(
        settings=settings,
        now=now,
        loop=loop,
        stopping=stopping,
        bus=bus,
        board=board,
        leader=leader,
        host=host,
        pulse=Pulse(partial(look, board, host), clock=monotonic),
        metrics=metrics,
        agents=open_registry(settings, now),
        deliveries=open_deliveries(settings, board, now),
        instructions=open_instructions(settings.moc_root, settings.lock_timeout_seconds, now),
        inspector=open_inspector(
            board, settings.moc_root, AskedLeadership(leader.leads_or_is_alone), now
        ),
        notifier=make_notifier(settings, bus, leader, now),
        control=control,
        reports=control,
        knowledge=knowledge,
        station=station,
        live=live,
    )


def make_board(settings: Settings, bus: EventBus, now: Callable[[], datetime]) -> Board:
    """Open the ledgers and their journal."""
    return open_board(
        settings.state_folder,
        settings.database,
        governance=settings.governance,
        lock_timeout=settings.lock_timeout_seconds,
        most_cell_bytes=settings.max_cell_bytes,
        now=now,
        bus=bus,
    )


def make_dispatcher(
    settings: Settings,
    board: Board,
    bus: EventBus,
    leader: Leadership,
    now: Callable[[], datetime],
) -> Control:
    """Build the dispatcher of the STATE folder; changes of the board wake it."""
    outside = Outside(
        Clock(now, monotonic),
        secrets.token_urlsafe,
        lambda name, payload: bus.publish(Event(name, payload)),
        os.environ,
        rules=lease_rules(settings),
        token_auth=settings.auth == "token",
        leader=leader,
        predict=chosen_forecast(
            board.journal.database, is_wanted=settings.scheduler_uses_predictions
        ),
        artifact_bytes=settings.artifact_max_bytes,
    )
    control = make_control(board, outside)
    bus.subscribe(Change, control.on_change)
    return control


def make_notifier(
    settings: Settings, bus: EventBus, leader: Leadership, now: Callable[[], datetime]
) -> Notifier | None:
    """Return what lets the configured URL hear of changes; None without one."""
    if not settings.webhook_out_url:
        return None
    secret = settings.webhook_out_secret
    return Notifier(
        make_post(settings.webhook_out_url),
        lambda body: sign(secret, body, now()) if secret else "",
        bus,
        leader,
    )


def measure(
    settings: Settings,
    metrics: Metrics,
    board: Board,
    host: HostSensor,
    station: Station,
    live: Realtime,
    now: Callable[[], datetime],
) -> None:
    """Put the gauges among the metrics."""
    figures = {
        "orch_clients_connected": lambda: float(live.sockets.clients + live.hub.streams),
        "orch_alerts_active": lambda: float(len(station.present_alerts())),
    }
    registry = load_agents_access(settings.moc_root).registry
    root = settings.moc_root
    Gauges(metrics, board.state, host, root, now=now, live=figures, registry=registry)


def size_of(_key: object, ready: Ready) -> int:
    """Return how many bytes a kept page needs."""
    return len(ready.body)


def look(board: Board, host: HostSensor) -> HostReading:
    """Read the ledgers, which proves that they can be, and the host; raise `LedgerError`."""
    state = board.state
    _ = (state.tasks, state.approvals, state.milestones)
    return host.read()


def open_registry(settings: Settings, now: Callable[[], datetime]) -> Agents:
    """Return the agents' registry; its file is where `config/agents_api.json` says (D39)."""
    path = load_agents_access(settings.moc_root).registry
    records = JsonRecords(path, "agents", lock_timeout=settings.lock_timeout_seconds)
    return Agents(records, now=now, offline_after=settings.agent_offline_seconds)


def open_deliveries(settings: Settings, board: Board, now: Callable[[], datetime]) -> Deliveries:
    """Return what keeps a webhook's keys."""
    lock = settings.moc_root / "data" / "deliveries.lock"
    timeout = settings.lock_timeout_seconds
    return Deliveries(board.journal.database, lock, now=now, lock_timeout=timeout)


def open_journal(journal: Journal) -> None:
    """Open the journal, or leave it to the spool; raise ConfigError where it can be neither."""
    try:
        journal.open()
    except DatabaseError as error:
        if error.lasting:
            raise ConfigError(f"nothing can be recorded: {told(error)}") from error
        try:
            journal.ready()
        except BusyError as refused:
            raise ConfigError(f"nothing can be recorded: {refused}; {DOCTOR}") from refused
        log.warning("%s; changes are kept in the journal's spool until it answers", error.reason)


def told(error: DatabaseError) -> str:
    """Return the reason with the command to run."""
    return error.reason if "run: " in error.reason else f"{error.reason}; {DOCTOR}"


def warn_of_state(state_folder: Path) -> None:
    """Say at the start that nobody can change anything, rather than at each change."""
    if not may_write(state_folder, *state_folder.glob("*.md"), *state_folder.glob(".*.lock")):
        log.warning("STATE cannot be written by this user: every change will be refused")
