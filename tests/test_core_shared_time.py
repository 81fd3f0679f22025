"""Hosts whose clocks differ count leases by one clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from orch_next.core.deadlines import Clock
from orch_next.core.shared_time import LOOK_SECONDS, SharedTime
from orch_next.errors import BusyError
from tests.lease_desk import CORE, START, Turned, make_desk, open_desk, row

HOUR = 3600.0


class DatabaseClock:
    """A clock of its own that tests turn, or that does not answer."""

    def __init__(self) -> None:
        self.at: float | None = START.timestamp()
        self.is_away = False

    def read(self) -> float | None:
        if self.is_away:
            raise BusyError("it is away")
        return self.at


def test_the_databases_clock_counts_whatever_ours_says() -> None:
    turned, database = Turned(START - timedelta(hours=1)), DatabaseClock()
    time = SharedTime(turned.clock, database.read)
    assert (time.now(), time.offset()) == (START.timestamp(), -HOUR)
    turned.pass_time(30)
    turned.jump(HOUR)
    assert (time.now(), time.offset()) == (START.timestamp() + 30, 0.0)
    assert time.now_utc() == START + timedelta(seconds=30)


def test_it_is_asked_now_and_then_and_counted_on_while_it_is_away() -> None:
    turned, database = Turned(), DatabaseClock()
    time = SharedTime(turned.clock, database.read)
    time.now()
    database.is_away = True
    turned.pass_time(LOOK_SECONDS)
    assert time.now() == START.timestamp() + LOOK_SECONDS
    database.is_away, database.at = False, START.timestamp() + 5
    assert time.now() == START.timestamp() + 5


def test_without_another_clock_ours_counts() -> None:
    turned, database = Turned(), DatabaseClock()
    database.at = None
    time = SharedTime(turned.clock, database.read)
    turned.jump(-HOUR)
    assert (time.now(), time.offset()) == (START.timestamp() - HOUR, None)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_host_whose_clock_is_wrong_neither_loses_nor_takes_leases(
    tmp_path: Path, hours: int
) -> None:
    right = make_desk(tmp_path, row("001") + row("002"))
    wrong = open_desk(right.state_folder, Turned(START + timedelta(hours=hours)))
    for desk in (right, wrong):
        shared = SharedTime(desk.turned.clock, DatabaseClock().read)
        desk.leases.time = shared
        desk.leases.deadlines._clock = Clock(shared.now_utc, desk.turned.clock.monotonic)
    there, here = wrong.leases.claim("001", CORE, started=True), right.leases.claim("002", CORE)
    assert right.row("001")[3] == right.row("002")[3] == "2025-10-09T08:30:00Z"
    assert (right.watch.overdue(), wrong.watch.overdue()) == ([], [])
    wrong.leases.renew("001", there.token)
    right.leases.check(right.board.state.tasks.get("002"), here.token)
