"""The same readings, alerts and breaches of rules on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from orch_next.core.database import Database
from orch_next.core.events import Who
from orch_next.sensors.alerts import AlertBook
from orch_next.sensors.history import HistoryStore, Point
from orch_next.sensors.rules.files import Finding
from orch_next.sensors.rules.store import RuleStore
from orch_next.storage.leader import FixedLeadership
from tests.postgresql import postgresql

__all__ = ["postgresql"]

NOW = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)
LATER = NOW + timedelta(seconds=61)


@pytest.fixture
def databases(postgresql: str) -> Iterator[list[Database]]:
    """Return the same database as two processes have it."""
    opened = [Database(postgresql), Database(postgresql)]
    yield opened
    for one in opened:
        one.close()


def trouble(key: str, message: str = "図 | 表") -> dict[str, Any]:
    return {"id": key, "type": "warning", "title": "タスクタイムアウト", "message": message}


# One server for all three: starting it takes two seconds.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_readings_alerts_and_breaches_on_postgresql(databases: list[Database]) -> None:
    check_readings(*databases)
    check_alerts(*databases)
    check_breaches(*databases)


def check_readings(database: Database, other: Database) -> None:
    store, at = HistoryStore(database, "端末", days=1), float(60 * (NOW.timestamp() // 60))
    HistoryStore(other, "別", days=1).add(Point(at, 99, 99, 99))
    minutes = [
        Point(at - 86_460, 1, 2, 3),
        Point(at, 12.5, 50.0, 20.0),
        Point(at + 60, 1, 2, 3, 0.25),
    ]
    for one in (*minutes, replace(minutes[2], cpu=2.5)):
        store.add(one)
    same = HistoryStore(other, "端末", days=1)
    assert same.load(at) == [minutes[1], replace(minutes[2], cpu=2.5)]


def check_alerts(database: Database, other: Database) -> None:
    book = AlertBook(database, FixedLeadership())
    reader = AlertBook(other, FixedLeadership(False))
    # Ids and texts come from the ledger: of any length, with anything in them.
    long, odd = f"task_timeout_{'作業' * 3_000}", "task_timeout_\0 '; --"
    book.observe([trouble(long), trouble(odd, "\0\ud800")], NOW)
    book.acknowledge(odd.replace("\0", "\ufffd"), Who("司令", "CMD"), "見た\0", NOW)
    reader.observe([trouble(long), trouble(odd)], LATER)
    odd = odd.replace("\0", "\ufffd")
    assert {one.alert_id: one.first_at for one in reader.present()} == {long: NOW, odd: NOW}
    assert [one.seen_by for one in reader.present() if one.alert_id == odd] == ["司令"]
    book.observe([trouble(long)], LATER)
    story = {one.alert_id[-4:]: (one.ended_at, one.seen_by) for one in reader.list_since(NOW)}
    assert story == {long[-4:]: (None, ""), odd[-4:]: (LATER, "司令")}


def check_breaches(database: Database, other: Database) -> None:
    store = RuleStore(database)
    name = b"\xff.md".decode("utf-8", "surrogateescape")
    store.record(
        "rule_001", [Finding("報告.md", 1, "CR\0LF", "eol"), Finding(name, 2, "m", "k")], NOW
    )
    store.record("rule_001", [Finding("報告.md", 7, "CR\0LF", "eol")], LATER)
    store.record_problem("rule_002", "ruff: \0 not found", LATER)
    seen = RuleStore(other)
    assert [(one.file, one.line, one.detected_at) for one in seen.list_open()] == [
        ("報告.md", 7, NOW)
    ]
    assert [one.resolved_at for one in seen.list_resolved(9)] == [LATER]
    assert {one.rule_id for one in seen.list_checks()} == {"rule_001", "rule_002"}
