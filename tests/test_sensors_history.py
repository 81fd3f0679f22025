"""Readings over time: means, resolutions, and what survives a restart."""

from __future__ import annotations

from pathlib import Path

from orch_next.core.database import Database
from orch_next.sensors.history import DAY, HOUR, MINUTE, History, HistoryStore, Point, Ring

START = 1_760_000_400.0  # a full hour


def point(at: float, cpu: float, response: float | None = None) -> Point:
    return Point(START + at, cpu, 50.0, 20.0, response)


def test_a_ring_keeps_means_and_tells_each_slot_that_ends() -> None:
    ring = Ring(MINUTE, 2 * MINUTE)
    told = [ring.add(point(at, at)) for at in (0, 30, 60, 90, 120, 180)]
    assert told == [None, None, point(0, 15), None, point(60, 75), point(120, 120)]
    assert ring.since(START) == [point(60, 75), point(120, 120), point(180, 180)]


def test_responses_are_means_of_those_that_were_measured() -> None:
    ring = Ring(MINUTE, HOUR)
    for one in (point(0, 1), point(3, 1, 0.2), point(6, 1, 0.4)):
        ring.add(one)
    assert ring.since(0.0) == [point(0, 1, 0.3)]


def test_the_resolution_follows_the_span() -> None:
    history = History(days=2)
    for at in range(0, 2 * HOUR, 60):
        history.add(point(at, 10))
    now = START + 2 * HOUR
    counts = [len(history.since(now - span, now)) for span in (HOUR, DAY, 2 * DAY)]
    assert counts == [60, 120, 2]


def test_minutes_survive_a_restart_and_old_ones_go(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / '記録.db'}")
    store = HistoryStore(database, "端末", days=1)
    HistoryStore(database, "other", days=1).add(point(0, 99))
    for one in (point(-DAY - 60, 1), point(0, 2), point(0, 3, 0.5), point(60, 4)):
        store.add(one)
    history = History(days=1)
    history.load(store.load(START + 60))
    assert history.since(START - DAY + HOUR, START + 60) == [point(0, 3, 0.5), point(60, 4)]
    database.close()
