"""Webhook keys: one effect in 24 hours, whoever repeats it, and no key burnt by a failure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from orch_next.core.database import Database, claims_table
from orch_next.core.deliveries import KEEP, Accepted, Deliveries
from orch_next.core.events import Change
from orch_next.core.terminal import AGENT
from orch_next.errors import BusyError, ConflictError

START = datetime(2025, 10, 9, 3, 4, 5, 678901, tzinfo=timezone.utc)
ONE, TWO = "1" * 64, "2" * 64


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_deliveries(tmp_path: Path, clock: Clock) -> Callable[[], Deliveries]:
    """Return a maker of what each process has of its own over one database."""

    def build() -> Deliveries:
        database = Database(f"sqlite:///{tmp_path / 'データ' / 'orch.db'}")
        lock = tmp_path / "データ" / "deliveries.lock"
        return Deliveries(database, lock, now=clock, lock_timeout=60)

    return build


def effect_of(effects: list[str], name: str = "x") -> Callable[[], Change]:
    def effect() -> Change:
        effects.append(name)
        row = {"task_id": "001"}
        place = {"kind": "callback", "event": "terminal_callback", "record_id": "001"}
        none = {"before": None, "rev_before": None, "rev_after": None}
        return Change(**place, after=row, **none, at=START, who=AGENT, details={})  # type: ignore[arg-type]

    return effect


def test_a_repeated_key_is_a_duplicate_whatever_it_carries(
    open_deliveries: Callable[[], Deliveries],
) -> None:
    effects: list[str] = []
    answers = [
        open_deliveries().accept(key, sha256, effect_of(effects))
        for key, sha256 in (("k-1", ONE), ("k-1", ONE), ("k-1", TWO), ("k-2", TWO))
    ]
    assert answers == [Accepted(ONE, False), *[Accepted(ONE, True)] * 2, Accepted(TWO, False)]
    assert len(effects) == 2


def test_a_key_is_kept_for_a_day(
    open_deliveries: Callable[[], Deliveries], clock: Clock, tmp_path: Path
) -> None:
    deliveries, effects = open_deliveries(), list[str]()
    ages = (timedelta(), KEEP - timedelta(microseconds=1), KEEP)
    for age in ages:
        clock.at = START + age
        deliveries.accept("k-1", ONE, effect_of(effects, str(age)))
    assert effects == [str(ages[0]), str(ages[2])]
    database = Database(f"sqlite:///{tmp_path / 'データ' / 'orch.db'}")
    with database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(claims_table)) == 1


def test_an_effect_that_fails_leaves_the_key_free(
    open_deliveries: Callable[[], Deliveries],
) -> None:
    deliveries, effects = open_deliveries(), list[str]()

    def fail() -> Change:
        raise ConflictError("遅い")

    with pytest.raises(ConflictError):
        deliveries.accept("k-1", ONE, fail)
    assert deliveries.accept("k-1", ONE, effect_of(effects)) == Accepted(ONE, False)


def test_a_journal_entry_that_cannot_be_stored_leaves_the_key_free(
    open_deliveries: Callable[[], Deliveries],
) -> None:
    deliveries, effects = open_deliveries(), list[str]()

    def impossible() -> Change:
        change = effect_of(effects)()
        return Change(**{**vars(change), "details": {"x": object()}})

    with pytest.raises((BusyError, TypeError)):
        deliveries.accept("k-1", ONE, impossible)
    assert deliveries.accept("k-1", ONE, effect_of(effects)) == Accepted(ONE, False)


def test_the_same_key_a_hundred_times_at_once_has_one_effect(
    open_deliveries: Callable[[], Deliveries],
) -> None:
    effects: list[str] = []
    answers: list[Accepted] = []
    processes = [open_deliveries() for _ in range(4)]
    start = threading.Barrier(100)

    def deliver(number: int) -> None:
        start.wait()
        answers.append(processes[number % 4].accept("k-1", ONE, effect_of(effects)))

    threads = [threading.Thread(target=deliver, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(effects), len(answers)) == (1, 100)
    assert sorted(answer.duplicate for answer in answers) == [False] + [True] * 99
