"""The rate limit: per caller and minute, in bounded memory (D50)."""

from __future__ import annotations

import threading

from orch_next.security.windows import Windows


class Clock:
    def __init__(self, at: float = 0.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def test_a_caller_has_its_limit_in_each_minute() -> None:
    clock = Clock(130.0)
    windows = Windows(2, clock=clock)
    assert [windows.admit("10.0.0.1") for _ in range(3)] == [0, 0, 50]
    assert windows.admit("10.0.0.2") == 0
    clock.at = 179.9
    assert windows.admit("10.0.0.1") == 1
    clock.at = 180.0
    assert windows.admit("10.0.0.1") == 0


def test_memory_is_bounded_and_the_rest_shares_a_count() -> None:
    windows = Windows(1, clock=Clock(), most=3)
    waits = [windows.admit(f"2001:db8::{number:x}") for number in range(1_000)]
    assert (waits[:4], set(waits[4:]), len(windows)) == ([0, 0, 0, 0], {60}, 4)


def test_no_request_slips_through_between_threads() -> None:
    windows = Windows(50, clock=Clock())
    passed: list[bool] = []

    def knock() -> None:
        passed.extend(not windows.admit("10.0.0.1") for _ in range(100))

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(passed), len(passed)) == (50, 800)
