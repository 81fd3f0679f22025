"""Answers kept for a moment: made once, renewed by one caller, errors not kept."""

from __future__ import annotations

import threading

import pytest

from orch_next.sensors.memory import MOST_KEPT, STAMPED_SECONDS, Remembered
from tests.patience import PATIENCE


class Clock:
    """A clock that is set by hand, in seconds."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_a_value_is_made_again_when_it_is_too_old() -> None:
    clock, made = Clock(), iter(range(9))
    kept = Remembered(2.0, clock=clock)
    answers = []
    for step in (0.0, 1.9, 0.2):
        clock.at += step
        answers.append(kept.get("図", lambda: next(made)))
    assert answers == [0, 0, 1]


def test_an_error_is_not_kept() -> None:
    kept = Remembered(2.0, clock=Clock())
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 / 0)
    assert kept.get("a", lambda: "後") == "後"


def test_the_old_value_is_shown_while_another_caller_makes_the_next() -> None:
    clock = Clock()
    kept = Remembered(1.0, clock=clock)
    kept.get("a", lambda: "old")
    clock.at += 5
    started, finish = threading.Event(), threading.Event()

    def make() -> str:
        started.set()
        finish.wait(PATIENCE)
        return "new"

    thread = threading.Thread(target=lambda: kept.get("a", make))
    thread.start()
    started.wait(PATIENCE)
    meanwhile = kept.get("a", lambda: "never made")
    finish.set()
    thread.join()
    assert (meanwhile, kept.get("a", lambda: "never made")) == ("old", "new")


def test_the_oldest_key_goes() -> None:
    kept = Remembered(1.0, clock=Clock())
    for key in range(MOST_KEPT + 1):
        kept.get(key, lambda: "first")
    assert [kept.get(key, lambda: "second") for key in (MOST_KEPT, 0)] == ["first", "second"]


def test_a_value_whose_stamp_is_the_same_is_good_for_a_minute() -> None:
    clock, made = Clock(), iter(range(9))
    kept = Remembered(2.0, clock=clock)

    def ask(stamp: object, after: float) -> int:
        clock.at += after
        answer: int = kept.get("図", lambda: next(made), lambda: stamp)
        return answer

    assert [ask("a", 3) for _ in range(20)] == [0] * 20
    assert ask("b", 1) == 0  # looked at every two seconds
    assert ask("b", 1) == 1
    assert [ask(None, 3), ask(None, 3)] == [2, 3]
    assert [ask("c", 3), ask("c", STAMPED_SECONDS), ask("c", 3)] == [4, 5, 5]


def test_a_change_while_a_value_is_made_is_seen_next_time() -> None:
    clock, stamps, made = Clock(), iter("abb"), iter(range(9))
    kept = Remembered(2.0, clock=clock)
    answers = []
    for _ in range(3):
        answers.append(kept.get("図", lambda: next(made), lambda: next(stamps)))
        clock.at += 3
    assert answers == [0, 1, 1]
