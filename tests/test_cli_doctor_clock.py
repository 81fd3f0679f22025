"""What is said of a clock."""

from __future__ import annotations

import pytest

from orch_next.cli.doctor_clock import judge_offset


@pytest.mark.parametrize(
    ("offset", "level", "message"),
    [
        (0.04, "ok", "agrees with the database's to 0.0 s"),
        (-2.0, "ok", "agrees with the database's to 2.0 s"),
        (3599.6, "warn", "3600 s ahead of the database's"),
        (-3600, "warn", "3600 s behind the database's"),
    ],
)
def test_a_clock_that_is_off_is_told(offset: float, level: str, message: str) -> None:
    found = judge_offset(offset)
    assert (found.level, found.message) == (level, message)
