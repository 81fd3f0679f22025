"""Answers kept for a moment: made once, renewed by one caller, errors not kept."""

from __future__ import annotations

import threading

import pytest

from orch_next.sensors.memory import MOST_KEPT, Remembered


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
        finish.wait(5)
        return "new"

    thread = threading.Thread(target=lambda: kept.get("a", make))
    thread.start()
    started.wait(5)
    meanwhile = kept.get("a", lambda: "never made")
    finish.set()
    thread.join()
    assert (meanwhile, kept.get("a", lambda: "never made")) == ("old", "new")


def test_the_oldest_key_goes() -> None:
    kept = Remembered(1.0, clock=Clock())
    for key in range(MOST_KEPT + 1):
        kept.get(key, lambda: "first")
    assert [kept.get(key, lambda: "second") for key in (MOST_KEPT, 0)] == ["first", "second"]
