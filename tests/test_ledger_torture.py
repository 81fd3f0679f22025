from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytest.importorskip("fcntl", reason="the torture forks, which Windows cannot")

from orch_next.ledger.swap import compare_and_replace, swap
from orch_next.storage.process_locks import locked
from tests.ledger_disks import fast_folder
from tests.ledger_torture import (
    PORTABLE_LOCK,
    compare_then_replace,
    edit_against_writer,
    kill_trials,
    lock_data_file,
    race,
    replace_blindly,
    write_in_place,
)

pytestmark = pytest.mark.kill

NATIVE, PORTABLE = (swap, locked), (compare_and_replace, PORTABLE_LOCK)


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as folder:
        yield folder


@pytest.mark.parametrize(
    ("size", "trials", "how"),
    [
        (10_000, 120, NATIVE),
        (10_000, 50, PORTABLE),
        (1_000_000, 22, NATIVE),
        (1_000_000, 8, PORTABLE),
    ],
)
def test_killed_writers_lose_and_leave_nothing(
    folder: Path, size: int, trials: int, how: Any
) -> None:
    report = kill_trials(folder, size, trials, Random(size), *how)
    assert (report.trials, report.faults) == (trials, (0, 0, 0))
    assert report.acknowledged > 0


def test_writing_in_place_is_caught(folder: Path) -> None:
    assert kill_trials(folder, 10_000, 30, Random(1), write_in_place).torn > 0


@pytest.mark.parametrize("how", [NATIVE, PORTABLE])
def test_eight_processes_lose_no_update(folder: Path, how: Any) -> None:
    report = race(folder, 8, 250, *how)
    assert (len(report.waits), report.lost) == (8 * 250, 0)
    assert report.wait(0.99) < 0.5


def test_locking_the_data_file_itself_is_caught(folder: Path) -> None:
    assert race(folder, 8, 100, replace_blindly, lock_data_file).lost > 0


@pytest.mark.skipif(sys.platform != "linux", reason="the exchange is Linux's")
def test_no_editors_save_is_destroyed(folder: Path) -> None:
    report = edit_against_writer(folder, 300, Random(3))
    assert (report.saves, report.destroyed) == (300, 0)
    assert report.writes > 600


def test_comparing_and_replacing_is_caught(folder: Path) -> None:
    assert edit_against_writer(folder, 200, Random(4), compare_then_replace).destroyed > 0
