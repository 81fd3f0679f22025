from __future__ import annotations

import pytest

from orch_next.core.deadlines import Deadlines
from tests.lease_desk import Turned

DAY = 86_400.0


@pytest.fixture
def turned() -> Turned:
    return Turned()


def passed(deadlines: Deadlines, turned: Turned, instant: float, *seconds: float) -> list[bool]:
    """Ask after each number of seconds."""
    told = []
    for more in seconds:
        turned.pass_time(more)
        told.append(deadlines.passed("001", instant, longest=60.0))
    return told


def test_an_instant_is_over_when_it_comes(turned: Turned) -> None:
    instant = turned.at.timestamp() + 30
    assert passed(Deadlines(turned.clock), turned, instant, 0, 29, 1) == [False, False, True]


def test_a_clock_that_was_a_day_behind_at_first_sight_delays_by_longest_only(
    turned: Turned,
) -> None:
    deadlines, instant = Deadlines(turned.clock), turned.at.timestamp() + 30
    turned.jump(-DAY)
    assert passed(deadlines, turned, instant, 0) == [False]
    turned.jump(DAY)
    assert passed(deadlines, turned, instant, 59, 1) == [False, True]


@pytest.mark.parametrize("jump", [-DAY, -30.0, 30.0, DAY])
def test_a_jump_after_the_first_sight_changes_nothing(turned: Turned, jump: float) -> None:
    deadlines, instant = Deadlines(turned.clock), turned.at.timestamp() + 30
    assert passed(deadlines, turned, instant, 0) == [False]
    turned.jump(jump)
    assert passed(deadlines, turned, instant, 29, 1) == [False, True]


def test_what_was_over_at_first_sight_stays_over(turned: Turned) -> None:
    deadlines, instant = Deadlines(turned.clock), turned.at.timestamp() - 1
    assert passed(deadlines, turned, instant, 0) == [True]
    turned.jump(-DAY)
    assert passed(deadlines, turned, instant, 0) == [True]


def test_another_instant_of_a_key_and_a_forgotten_key_are_seen_anew(turned: Turned) -> None:
    deadlines, instant = Deadlines(turned.clock), turned.at.timestamp() + 30
    assert passed(deadlines, turned, instant, 0, 30) == [False, True]
    assert passed(deadlines, turned, instant + 60, 0, 30) == [False, False]
    deadlines.keep_only(set())
    turned.jump(DAY)
    assert passed(deadlines, turned, instant + 60, 0) == [True]
