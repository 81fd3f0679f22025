from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest

from orch_next.dispatcher.hashing import FRESH_SECONDS, MOST_AT_ONCE, Hashes
from orch_next.errors import ConfigError, SlowFileError

FILE = "ORCH/成果.md"


def in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def hashes(
    digest: Callable[[str], str | None],
    *,
    clock: Callable[[], float] = lambda: 0.0,
    patience: float = 5.0,
    threads: Callable[[Callable[[], None]], object] = in_thread,
) -> Hashes:
    return Hashes(digest, threads, clock, patience=patience)


def test_what_is_read_at_once_is_given_and_read_again() -> None:
    count = itertools.count(1)
    found = hashes(lambda name: f"{name}-{next(count)}")
    assert (found.get(FILE), found.get(FILE)) == (f"{FILE}-1", f"{FILE}-2")


def test_a_file_that_takes_long_is_asked_for_again() -> None:
    go = threading.Event()
    begun: list[str] = []

    def digest(name: str) -> str:
        begun.append(name)
        go.wait(20)
        return "sha"

    slow = hashes(digest, patience=0.05)
    for _ in range(3):
        with pytest.raises(SlowFileError, match="成果"):
            slow.get(FILE)
    go.set()
    patient = Hashes(digest, in_thread, lambda: 0.0)
    patient._readings = slow._readings
    assert (patient.get(FILE), begun) == ("sha", [FILE])


def test_disks_that_hang_keep_a_few_threads_and_no_more() -> None:
    started: list[Callable[[], None]] = []
    found = hashes(lambda name: name, patience=0.0, threads=started.append)
    for number in range(20):
        with pytest.raises(SlowFileError):
            found.get(f"C:\\x\\{number}")
    assert len(started) == MOST_AT_ONCE


def test_a_result_that_nobody_fetched_grows_old() -> None:
    at = [0.0]
    started: list[Callable[[], None]] = []
    found = hashes(lambda name: name, clock=lambda: at[0], patience=0.0, threads=started.append)
    with pytest.raises(SlowFileError):
        found.get(FILE)
    started[0]()
    at[0] = FRESH_SECONDS
    with pytest.raises(SlowFileError):
        found.get(FILE)
    assert len(started) == 2


def test_an_error_is_raised_where_the_hash_is_asked_for() -> None:
    def digest(name: str) -> str:
        raise ConfigError(f"cores.toml: {name}")

    with pytest.raises(ConfigError, match="cores"):
        hashes(digest).get(FILE)
