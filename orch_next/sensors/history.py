"""Readings over time: rings in memory for answers, minutes in the database for restarts."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

import sqlalchemy as sa

from orch_next.core.database import Database, metadata

HOUR, DAY = 3_600, 86_400
RAW_SECONDS, MINUTE = 3, 60

readings_table = sa.Table(
    "readings",
    metadata,
    sa.Column("host", sa.String(255), primary_key=True),
    sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("cpu", sa.Float, nullable=False),
    sa.Column("memory", sa.Float, nullable=False),
    sa.Column("disk", sa.Float, nullable=False),
    sa.Column("response", sa.Float),
)


@dataclass(frozen=True)
class Point:
    """The host at one moment: epoch seconds, percents, seconds of a request (None: no request)."""

    at: float
    cpu: float
    memory: float
    disk: float
    response: float | None = None


def mean_of(points: Iterable[Point], at: float) -> Point:
    """Return the mean of some points under the moment `at`."""
    known = list(points)
    responses = [point.response for point in known if point.response is not None]
    return Point(
        at,
        round(fmean(point.cpu for point in known), 2),
        round(fmean(point.memory for point in known), 2),
        round(fmean(point.disk for point in known), 2),
        round(fmean(responses), 6) if responses else None,
    )


class Ring:
    """Means over `step` seconds each, the last `kept` seconds of them."""

    def __init__(self, step: int, kept: int) -> None:
        self._step = step
        self._points: deque[Point] = deque(maxlen=kept // step)
        self._open: list[Point] = []
        self._slot = -1

    def add(self, point: Point) -> Point | None:
        """Take a point; return the mean of the slot that it ends, if it ends one."""
        slot = int(point.at // self._step)
        closed = None
        if self._open and slot != self._slot:
            closed = mean_of(self._open, self._slot * self._step)
            self._points.append(closed)
            self._open = []
        self._slot = slot
        self._open.append(point)
        return closed

    def since(self, at: float) -> list[Point]:
        """Return the points from epoch second `at`, oldest first, with the open slot's mean."""
        found = [point for point in self._points if point.at >= at]
        return [*found, mean_of(self._open, self._slot * self._step)] if self._open else found


class History:
    """The readings of one host; answers come from memory, at the resolution that suffices.

    3 s for the last hour, minutes for a day, hours for `days` days.
    """

    def __init__(self, days: int) -> None:
        self._lock = threading.Lock()
        self._raw = Ring(RAW_SECONDS, HOUR)
        self._minutes = Ring(MINUTE, DAY)
        self._hours = Ring(HOUR, days * DAY)

    def load(self, minutes: Iterable[Point]) -> None:
        """Take in minutes of an earlier run, oldest first."""
        with self._lock:
            for point in minutes:
                self._minutes.add(point)
                self._hours.add(point)

    def add(self, point: Point) -> Point | None:
        """Take a reading; return the mean of the minute that it ends."""
        with self._lock:
            self._raw.add(point)
            self._hours.add(point)
            return self._minutes.add(point)

    def since(self, at: float, now: float) -> list[Point]:
        """Return the readings from epoch second `at` to `now`, oldest first."""
        span = now - at
        ring = self._raw if span <= HOUR else self._minutes if span <= DAY else self._hours
        with self._lock:
            return ring.since(at)


class HistoryStore:
    """The minutes of one host in the database."""

    def __init__(self, database: Database, host: str, days: int) -> None:
        self._database, self._host, self._kept = database, host, days * DAY

    def load(self, now: float) -> list[Point]:
        """Return the kept minutes, oldest first; raise BusyError."""
        columns = readings_table.c
        query = sa.select(columns.at, columns.cpu, columns.memory, columns.disk, columns.response)
        query = query.where(columns.host == self._host, columns.at >= int(now) - self._kept)
        with self._database.reading() as connection:
            return [Point(*row) for row in connection.execute(query.order_by(columns.at))]

    def add(self, point: Point) -> None:
        """Store a minute, and forget those that are too old; raise BusyError."""
        columns = readings_table.c
        mine = columns.host == self._host
        row = {**vars(point), "at": int(point.at), "host": self._host}
        old = sa.or_(columns.at == row["at"], columns.at < row["at"] - self._kept)
        with self._database.transaction() as connection:
            connection.execute(sa.delete(readings_table).where(mine, old))
            connection.execute(sa.insert(readings_table).values(row))
