"""Attacks on real servers with tokens: what `tests/attacks.py` sees is what should be seen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import attacks
from tests.attacks import Target, target

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="FIFOs are POSIX")
GTHREAD = [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:{port}", "wsgi:app"]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target(tmp_path_factory.mktemp("attacked")) as running:
        yield running


@pytest.fixture
def with_eight_threads(tmp_path: Path) -> Iterator[Target]:
    command = [*GTHREAD, "-k", "gthread", "--threads", "8", "-w", "1"]
    with target(tmp_path, command=command) as running:
        yield running


def test_a_fifo_as_artifact_stops_nobody(attacked: Target) -> None:
    assert attacks.fifo_as_artifact(attacked) == {
        "reported": 200,
        "core reached review": True,
        "problems": {},
        "health": 200,
    }


def test_a_file_without_an_end_is_not_read(attacked: Target) -> None:
    assert attacks.file_without_end(attacked) == {
        "reported": 200,
        "quick": True,
        "asked": True,
        "evidence": ("file", None),
    }


def test_fifos_in_the_places_of_files_are_not_waited_for(attacked: Target) -> None:
    assert set(attacks.fifos_everywhere(attacked).values()) == {True}


def test_silent_websockets_end_and_count_for_nothing(attacked: Target) -> None:
    assert attacks.silent_websockets(attacked) == {
        "opened": 8,
        "health beside them": True,
        "counted": 0.0,
        "ended": True,
    }


def test_silent_websockets_leave_threads_to_others(with_eight_threads: Target) -> None:
    assert attacks.silent_websockets(with_eight_threads) == {
        "opened": 2,
        "health beside them": True,
        "counted": 0.0,
        "ended": True,
    }


def test_silent_polling_is_bounded_and_ends(attacked: Target) -> None:
    assert attacks.silent_polling(attacked) == {"opened": 20, "counted": 0.0, "ended": True}


def test_a_false_bearer_is_refused_at_the_handshake(attacked: Target) -> None:
    assert attacks.false_bearer_on_socket(attacked) == {"status": 401}


def test_one_file_by_many_names_is_kept_once(attacked: Target) -> None:
    seen = attacks.one_file_by_many_names(attacked)
    assert (seen["answers"], seen["grown MB"] < 12) == ({(200, True)}, True)


def test_odd_methods_make_no_labels(attacked: Target) -> None:
    assert attacks.odd_methods(attacked) == {"in metrics": 0}


def test_long_cells_are_refused_and_answers_stay_small(attacked: Target) -> None:
    seen = attacks.long_cells(attacked)
    assert seen["answers"] == {200, 400}
    assert seen["largest answer MB"] < 6


def test_the_registry_stays_small(attacked: Target) -> None:
    seen = attacks.swollen_registry(attacked)
    assert (seen["answers"], seen["beat"]) == ({200}, (200, True))
    assert seen["registry MB"] < 1


def test_a_flood_of_lines_ends_in_time(attacked: Target) -> None:
    seen = attacks.flood_of_lines(attacked)
    assert (seen["taken"], seen["ended"], seen["grown MB"] < 80) == (True, True, True)
