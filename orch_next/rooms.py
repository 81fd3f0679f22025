"""Open the rooms of one application and join them: who hears of what; starts nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Any

from flask import Flask

from orch_next.blueprints.context import Orch
from orch_next.config import Settings
from orch_next.core.agents import Agents
from orch_next.core.board import Board, open_board
from orch_next.core.database import Database
from orch_next.core.deadlines import Clock
from orch_next.core.deliveries import Deliveries
from orch_next.core.events import Change
from orch_next.core.instructions import open_instructions
from orch_next.core.lease_terms import LeaseRules
from orch_next.core.notify import Notifier, make_post
from orch_next.dispatcher.build import Outside, make_control
from orch_next.dispatcher.situation import Predict
from orch_next.events import EventBus
from orch_next.knowledge.forecast import open_forecaster
from orch_next.knowledge.room import find_learner, open_knowledge
from orch_next.realtime.room import Realtime, attach_realtime
from orch_next.security import Identity, door_identities, identify_socket, load_agents_access, sign
from orch_next.sensors.alerts import Turn
from orch_next.sensors.host import HostReading, HostSensor
from orch_next.sensors.metrics import Gauges, Metrics
from orch_next.sensors.pulse import Pulse
from orch_next.sensors.rules.inspector import open_inspector
from orch_next.sensors.station import open_station
from orch_next.sensors.telling import automation_status, turn_events, turn_messages
from orch_next.storage.json_files import JsonRecords


def open_rooms(app: Flask, settings: Settings, async_mode: str) -> None:
    """Join the live room, the dispatcher, the station and the memory to the app's board."""
    orch: Orch = app.extensions["orch_next"]
    attach_live_room(app, orch, settings, async_mode)
    attach_dispatcher(app, orch, settings)
    attach_station(app, orch, settings)
    attach_knowledge(app, orch, settings)


def make_orch(settings: Settings, now: Callable[[], datetime]) -> Orch:
    """Open the board and the sensors of one application."""
    bus = EventBus()
    board = open_board(
        settings.state_folder,
        settings.database,
        governance=settings.governance,
        lock_timeout=settings.lock_timeout_seconds,
        most_cell_bytes=settings.max_cell_bytes,
        now=now,
        bus=bus,
    )
    host = HostSensor(settings.root.anchor, now=now)
    metrics = Metrics()
    bus.subscribe(Change, metrics.count_change)
    return Orch(
        settings,
        board,
        now,
        host,
        Pulse(lambda: look(board, host), clock=monotonic),
        metrics,
        open_registry(settings, now),
        open_deliveries(settings, board, now),
        station=open_station(settings, board, host, metrics, now),
        instructions=open_instructions(settings.moc_root, settings.lock_timeout_seconds, now),
        inspector=open_inspector(board, settings.moc_root, now),
        bus=bus,
    )


def stands(app: Flask) -> Callable[[Identity], bool]:
    """Return what tells whether an identity still is who it was; the door is made later."""

    def is_standing(identity: Identity) -> bool:
        identities = door_identities(app)
        return identities is None or identities.is_standing(identity)

    return is_standing


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


def attach_live_room(app: Flask, orch: Orch, settings: Settings, async_mode: str) -> None:
    """Give the app Socket.IO and the hub, and let the board tell them every change."""
    live = attach_realtime(
        app,
        orch.board,
        settings,
        async_mode,
        readings=orch.station,
        now=orch.now,
        identify=identify_socket if settings.auth == "token" else None,
        is_standing=stands(app) if settings.auth == "token" else None,
    )
    orch.bus.subscribe(Change, live.offer)
    live.hub.listen(lambda item: orch.metrics.note_event(getattr(item, "payload", {}), orch.now()))
    figures = {
        "orch_clients_connected": lambda: float(live.sockets.clients + live.hub.streams),
        "orch_alerts_active": lambda: float(len(orch.station.present_alerts())),
    }
    registry = load_agents_access(settings.moc_root).registry
    orch.metrics.gauges(
        Gauges(
            orch.board.state,
            orch.host,
            settings.moc_root,
            now=orch.now,
            live=figures,
            registry=registry,
        )
    )
    attach_notifier(orch, settings, live.owner.is_mine)


def attach_notifier(orch: Orch, settings: Settings, is_mine: Callable[[], bool]) -> None:
    """Let the configured URL hear of changes; one process of several tells it."""
    if not settings.webhook_out_url:
        return
    secret = settings.webhook_out_secret
    orch.notifier = Notifier(
        make_post(settings.webhook_out_url),
        lambda body: sign(secret, body, orch.now()) if secret else "",
        is_mine=is_mine,
    )
    orch.bus.subscribe(Change, orch.notifier.offer)


def attach_dispatcher(app: Flask, orch: Orch, settings: Settings) -> None:
    """Give the app the dispatcher of its STATE folder, and let the board wake it."""
    live: Realtime = app.extensions["orch_realtime"]

    def tell(name: str, payload: dict[str, Any]) -> None:
        live.broadcast(name, payload)
        orch.knowledge.tell(name, payload)
        if name == "job_decided" and orch.notifier is not None:
            orch.notifier.tell(name, payload)

    outside = Outside(
        Clock(orch.now, monotonic),
        secrets.token_urlsafe,
        tell,
        os.environ,
        rules=lease_rules(settings),
        token_auth=settings.auth == "token",
        is_mine=live.owner.is_mine,
        predict=predictions(settings, orch.board.journal.database),
        artifact_bytes=settings.artifact_max_bytes,
    )
    orch.control = orch.reports = make_control(orch.board, outside)
    orch.bus.subscribe(Change, orch.control.on_change)


def predictions(settings: Settings, database: Database) -> Predict | None:
    """Return what foresees runs for the scheduler; None unless the configuration says so."""
    return open_forecaster(database).forecast if settings.scheduler_uses_predictions else None


def lease_rules(settings: Settings) -> LeaseRules:
    """Return the leases' times; raise `ConfigError` for times that cannot work."""
    return LeaseRules(
        ttl=settings.lease_ttl_seconds,
        extension=settings.lease_extension_seconds,
        grace=settings.lease_grace_seconds,
        start=settings.lease_start_seconds,
        max_failures=settings.lease_max_failures,
    )


def attach_station(app: Flask, orch: Orch, settings: Settings) -> None:
    """Let the station know the dispatcher's alerts, and clients and the webhook hear of them."""
    live: Realtime = app.extensions["orch_realtime"]
    orch.services["security"] = lambda: settings.auth == "token"
    orch.station.troubles.append(lambda: orch.control.alerts())
    orch.station.automation = lambda: automation_status(
        orch.control.status(), orch.control.stats()["leases"]
    )
    orch.station.is_predicting = lambda: orch.services.get("ml_engine", bool)()

    def tell(turn: Turn) -> None:
        for name, payload in turn_events(turn):
            live.emit(name, payload)
        if orch.notifier is not None:
            for name, payload in turn_messages(turn):
                orch.notifier.tell(name, payload)

    orch.station.turned.append(tell)


def attach_knowledge(app: Flask, orch: Orch, settings: Settings) -> None:
    """Give the app its memory; clients hear of trainings."""
    live: Realtime = app.extensions["orch_realtime"]
    orch.knowledge = open_knowledge(
        orch.board.journal.database,
        settings.moc_root,
        now=orch.now,
        emit=live.broadcast,
        learn=find_learner(),
    )
    orch.services["ml_engine"] = lambda: orch.knowledge.learning is not None
