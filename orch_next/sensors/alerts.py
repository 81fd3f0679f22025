"""Alerts with an identity: since when, until when, who has seen them (docs/sensors.md)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orch_next.clock import as_local_iso, parse_micros, utc_micros
from orch_next.core.database import Database, metadata, storable_text
from orch_next.core.events import Who
from orch_next.errors import BusyError, NotFoundError
from orch_next.storage.leader import Leadership

log = logging.getLogger(__name__)

# How the monitoring page grades the contract's types.
SEVERITIES = {"error": "critical", "warning": "warning", "info": "info"}
KEPT_DAYS = 90
# How stale `last_seen` may get in the database while nothing else changes.
TOUCH = timedelta(minutes=1)

alerts_table = sa.Table(
    "alerts",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("alert_id", sa.Text, nullable=False),  # as long as a task's id in the ledger
    sa.Column("type", sa.String(16), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("first_at", sa.String(32), nullable=False, index=True),
    sa.Column("last_at", sa.String(32), nullable=False),
    sa.Column("ended_at", sa.String(32)),
    sa.Column("seen_at", sa.String(32)),
    sa.Column("seen_by", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
)


@dataclass(frozen=True)
class Alert:
    """One trouble from its first to its last time (aware UTC); `ended_at` None: it lasts.

    `seen_at` and `seen_by` say who acknowledged it.
    """

    alert_id: str
    type: str
    title: str
    message: str
    first_at: datetime
    last_at: datetime
    ended_at: datetime | None = None
    seen_at: datetime | None = None
    seen_by: str = ""
    comment: str = ""

    @property
    def severity(self) -> str:
        """Return critical, warning or info."""
        return SEVERITIES.get(self.type, "info")

    def as_json(self) -> dict[str, Any]:
        """Return the Alert of contract 0.2 and the additive keys (docs/http.md)."""
        return {
            "id": self.alert_id,
            "type": self.type,
            "title": self.title,
            "message": self.message,
            "timestamp": as_local_iso(self.last_at),
            "severity": self.severity,
            "first_seen": as_local_iso(self.first_at),
            "last_seen": as_local_iso(self.last_at),
            "ended": None if self.ended_at is None else as_local_iso(self.ended_at),
            "acknowledged": self.seen_at is not None,
            "acknowledged_by": self.seen_by or None,
        }


@dataclass(frozen=True)
class AlertChanges:
    """What changed: alerts that came up, those that are over, those that somebody saw."""

    raised: tuple[Alert, ...] = ()
    ended: tuple[Alert, ...] = ()
    seen: tuple[Alert, ...] = ()


class AlertBook:
    """The alerts that last, in memory; their story in the database.

    One process of several writes, the leader; the others read what it wrote.
    """

    def __init__(self, database: Database, leader: Leadership) -> None:
        self._store, self._leader = AlertStore(database), leader
        self._lock = threading.Lock()
        self._open: dict[str, Alert] = {}
        self._touched: datetime | None = None

    def present(self) -> list[Alert]:
        """Return the alerts that last, the newest first."""
        # Without the lock, which is held while the database answers: the dict is never altered.
        return sorted(self._open.values(), key=lambda alert: alert.first_at, reverse=True)

    def observe(self, troubles: Iterable[Mapping[str, Any]], now: datetime) -> AlertChanges:
        """Compare the troubles of contract 0.2 with those that last.

        Without the database the story goes on in memory.
        """
        with self._lock:
            known = self._known()
            merged = [_merge(known, trouble, now) for trouble in troubles]
            found = {alert.alert_id: alert for alert in merged}
            raised = tuple(alert for key, alert in found.items() if key not in self._open)
            ended = tuple(
                replace(alert, ended_at=now)
                for key, alert in self._open.items()
                if key not in found
            )
            self._open = found
            if self._leader.is_leader():
                self._write(known, found, now)
        return AlertChanges(raised, ended)

    def acknowledge(self, alert_id: str, who: Who, comment: str, now: datetime) -> Alert:
        """Note that somebody has seen an alert that lasts; raise NotFoundError, BusyError."""
        with self._lock:
            alert = self._open.get(alert_id)
            if alert is None:
                raise NotFoundError(f"no alert {alert_id!r} is active")
            told = (storable_text(who.actor), storable_text(comment))
            seen = replace(alert, seen_at=now, seen_by=told[0], comment=told[1])
            self._store.save([seen])
            self._open = {**self._open, alert_id: seen}
            return seen

    def list_since(self, at: datetime, most: int = 100) -> list[Alert]:
        """Return alerts that lasted after `at`, the newest first; raise BusyError."""
        return self._store.list_since(at, most)

    def _write(self, known: Mapping[str, Alert], found: Mapping[str, Alert], now: datetime) -> None:
        ended = [replace(one, ended_at=now) for key, one in known.items() if key not in found]
        stale = self._touched is None or now - self._touched >= TOUCH
        new = [one for key, one in found.items() if stale or _differs(known.get(key), one)]
        if new or ended:
            try:
                self._store.save([*ended, *new])
                self._touched = now
            except BusyError as error:
                log.warning("alerts are not stored yet: %s", error)

    def _known(self) -> Mapping[str, Alert]:
        try:
            return self._store.list_open()
        except BusyError:
            return dict(self._open)


class AlertStore:
    """The table of alerts; a row is one alert from its first to its last time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_open(self) -> dict[str, Alert]:
        """Return the alerts that last, by id."""
        query = sa.select(alerts_table).where(alerts_table.c.ended_at.is_(None))
        return {alert.alert_id: alert for alert in self._read(query)}

    def list_since(self, at: datetime, most: int) -> list[Alert]:
        """Return alerts that lasted after `at`, the newest first."""
        columns = alerts_table.c
        lasting = sa.or_(columns.ended_at.is_(None), columns.ended_at >= utc_micros(at))
        query = sa.select(alerts_table).where(lasting).order_by(columns.first_at.desc())
        return self._read(query.limit(most))

    def save(self, alerts: Iterable[Alert]) -> None:
        """Update the rows of these alerts, or add them; forget what is older than 90 days."""
        columns = alerts_table.c
        with self._database.transaction() as connection:
            for alert in alerts:
                row = _as_row(alert)
                same = (columns.alert_id == row["alert_id"], columns.first_at == row["first_at"])
                update = sa.update(alerts_table).where(*same).values(row)
                if not connection.execute(update).rowcount:
                    connection.execute(sa.insert(alerts_table).values(row))
                old = utc_micros(alert.last_at - timedelta(days=KEPT_DAYS))
                connection.execute(sa.delete(alerts_table).where(columns.ended_at < old))

    def _read(self, query: sa.Select[Any]) -> list[Alert]:
        with self._database.reading() as connection:
            return [_as_alert(dict(row)) for row in connection.execute(query).mappings()]


def _merge(known: Mapping[str, Alert], trouble: Mapping[str, Any], now: datetime) -> Alert:
    names = ("id", "type", "title", "message")
    key, kind, title, message = (storable_text(str(trouble[name])) for name in names)
    found = Alert(key, kind, title, message, first_at=now, last_at=now)
    before = known.get(found.alert_id)
    if before is None:
        return found
    return replace(before, type=found.type, title=found.title, message=found.message, last_at=now)


def _differs(before: Alert | None, after: Alert) -> bool:
    return before is None or replace(before, last_at=after.last_at) != after


def _as_row(alert: Alert) -> dict[str, Any]:
    return {
        name: utc_micros(value) if isinstance(value, datetime) else value
        for name, value in vars(alert).items()
    }


def _as_alert(row: dict[str, Any]) -> Alert:
    del row["number"]
    for name in ("first_at", "last_at", "ended_at", "seen_at"):
        if row[name] is not None:
            row[name] = parse_micros(row[name])
    return Alert(**row)
