"""Leases and wanted sessions on a real PostgreSQL server."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from orch_next.core.database import Database
from orch_next.core.lease_store import LeaseStore
from orch_next.dispatcher.sessions import DispatchRequest
from orch_next.dispatcher.wanted import WantedSessions
from tests.test_core_journal import postgresql

__all__ = ["postgresql"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_database_has_a_clock_and_keeps_what_is_wanted(postgresql: str) -> None:
    with closing(Database(postgresql)) as ours, closing(Database(postgresql)) as theirs:
        check_clock(LeaseStore(ours))
        check_wanted(*(WantedSessions(one, now=time.time) for one in (ours, theirs)))


def check_clock(store: LeaseStore) -> None:
    told = store.read_time()
    assert told is not None
    assert abs(told - time.time()) < 5


def check_wanted(wanted: WantedSessions, other: WantedSessions) -> None:
    first = wanted.want(DispatchRequest("WORK_鬼"), bound=False)
    assert other.want(DispatchRequest("WORK_鬼", stay=False), bound=False) == first
    other.nudge(None)
    other.drain("WORK_鬼")
    other.note(first.uid, 4711, "図がない")
    (row,) = wanted.all()
    said = (row.nudges, row.draining, row.pid, row.problem)
    assert said == (1, True, 4711, "図がない")
    assert (len(other.end(None)), wanted.all()) == (1, [])
