"""Alerts have a first and a last time, are acknowledged, end, and are remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from orch_next.clock import as_local_iso
from orch_next.core.database import Database
from orch_next.core.events import Who
from orch_next.errors import NotFoundError
from orch_next.sensors.alerts import Alert, AlertBook, AlertChanges
from orch_next.storage.leader import FixedLeadership

NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)
LATER = NOW + timedelta(seconds=3)
CMD = Who("司令", "CMD")


def trouble(key: str = "task_timeout_007", message: str = "タスク 007 がタイムアウト") -> Any:
    return {"id": key, "type": "warning", "title": "タスクタイムアウト", "message": message}


TROUBLE = trouble()
ALERT = Alert(TROUBLE["id"], TROUBLE["type"], TROUBLE["title"], TROUBLE["message"], NOW, NOW)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'orch.db'}")
    yield opened
    opened.close()


def book(database: Database, *, leads: bool = True) -> AlertBook:
    return AlertBook(database, FixedLeadership(leads))


def test_an_alert_keeps_its_first_time_until_it_is_over(database: Database) -> None:
    alerts = book(database)
    assert alerts.observe([trouble()], NOW) == AlertChanges(raised=(ALERT,))
    assert alerts.observe([trouble()], LATER) == AlertChanges()
    lasting = replace(ALERT, last_at=LATER)
    assert alerts.present() == [lasting]
    ended = replace(lasting, ended_at=LATER)
    assert alerts.observe([], LATER) == AlertChanges(ended=(ended,))
    assert alerts.present() == []


def test_the_story_is_stored(database: Database) -> None:
    alerts = book(database)
    alerts.observe([trouble()], NOW)
    alerts.observe([], LATER)
    alerts.observe([trouble()], LATER + timedelta(minutes=1))
    stored = [(one.first_at, one.ended_at) for one in alerts.list_since(NOW)]
    assert stored == [(LATER + timedelta(minutes=1), None), (NOW, LATER)]
    assert [one.first_at for one in alerts.list_since(LATER + timedelta(seconds=1))] == [
        LATER + timedelta(minutes=1)
    ]


def test_acknowledging_survives_a_restart(database: Database) -> None:
    alerts = book(database)
    alerts.observe([trouble()], NOW)
    seen = alerts.acknowledge("task_timeout_007", CMD, "対応中", LATER)
    assert (seen.seen_at, seen.seen_by, seen.comment) == (LATER, "司令", "対応中")
    again = book(database)
    again.observe([trouble()], LATER)
    assert again.present() == [replace(seen, last_at=LATER)]


def test_an_alert_that_does_not_last_cannot_be_acknowledged(database: Database) -> None:
    with pytest.raises(NotFoundError):
        book(database).acknowledge("system_health_critical", CMD, "", NOW)


def test_a_process_that_is_not_the_owner_only_reads(database: Database) -> None:
    owner, other = book(database), book(database, leads=False)
    other.observe([trouble()], LATER)
    assert owner.list_since(NOW) == []
    owner.observe([trouble()], NOW)
    other.observe([trouble()], LATER)
    assert other.present() == [replace(ALERT, last_at=LATER)]


def test_without_a_database_the_story_goes_on_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    alerts = book(Database(f"sqlite:///{tmp_path / 'file' / 'orch.db'}"))
    alerts.observe([trouble()], NOW)
    assert alerts.observe([trouble(message="二度目")], LATER) == AlertChanges()
    assert alerts.present() == [replace(ALERT, message="二度目", last_at=LATER)]


def test_the_json_has_the_contracts_keys_and_ours() -> None:
    seen = replace(ALERT, last_at=LATER, seen_at=LATER, seen_by="監査")
    assert seen.as_json() == {
        **trouble(),
        "timestamp": as_local_iso(LATER),
        "severity": "warning",
        "first_seen": as_local_iso(NOW),
        "last_seen": as_local_iso(LATER),
        "ended": None,
        "acknowledged": True,
        "acknowledged_by": "監査",
    }
