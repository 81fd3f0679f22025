from __future__ import annotations

import threading
from pathlib import Path

import pytest

from orch_next.core.database import Database
from orch_next.errors import BusyError
from orch_next.realtime.feed import Feed, Position
from tests.live import make_change, open_journal
from tests.patience import PATIENCE

START = Position()


def record(path: Path, *rows: tuple[str, str | None]) -> None:
    journal = open_journal(path)
    for task_id, rev in rows:
        journal.record(make_change(task_id, after=rev))
    journal.close()


def feed_of(path: Path, **keep: int) -> Feed:
    return Feed(Database(f"sqlite:///{path}"), **keep)


def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    record(tmp_path / "orch.db", ("001", "r2"), ("002", "r9"))
    record(tmp_path / "orch.db", ("001", "r3"))
    kept = feed_of(tmp_path / "orch.db").load()
    found = [(e.seq, e.record_id, e.rev) for e in kept.events]
    assert (found, kept.newest, kept.floor) == (
        [(1, "001", "r2"), (2, "002", "r9"), (3, "001", "r3")],
        3,
        0,
    )


def test_so_many_events_are_kept_for_those_who_come_back(tmp_path: Path) -> None:
    record(tmp_path / "orch.db", *[("001", f"r{n}") for n in range(60)])
    kept = feed_of(tmp_path / "orch.db", keep=50).load()
    assert ([e.seq for e in kept.events], kept.floor) == (list(range(11, 61)), 10)


def test_so_many_bytes_are_kept_and_always_the_newest(tmp_path: Path) -> None:
    record(tmp_path / "orch.db", *[("001", f"r{n}") for n in range(60)])
    few = feed_of(tmp_path / "orch.db", keep_bytes=3_000).load()
    one = feed_of(tmp_path / "orch.db", keep_bytes=1).load()
    assert (few.events[-1].seq, sum(e.size for e in few.events) <= 3_000) == (60, True)
    assert (len(few.events) > 5, few.floor, [e.seq for e in one.events]) == (
        True,
        few.events[0].seq - 1,
        [60],
    )


def test_what_is_behind_a_position_comes_once(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "orch.db")
    record(tmp_path / "orch.db", ("001", "r2"), ("002", "r2"))
    first = feed.after(START, 10)
    assert first is not None
    record(tmp_path / "orch.db", ("003", "r2"))
    then = feed.after(first[1], 10)
    assert then is not None
    again = feed.after(then[1], 10)
    assert ([e.record_id for e in first[0]], [e.record_id for e in then[0]], again) == (
        ["001", "002"],
        ["003"],
        ([], then[1]),
    )


def test_a_position_that_another_database_has_not_is_none(tmp_path: Path) -> None:
    record(tmp_path / "orch.db", ("001", "r2"), ("002", "r2"))
    record(tmp_path / "other.db", ("001", "r2"), ("002", "r2"), ("003", "r2"))
    found = feed_of(tmp_path / "orch.db").after(START, 10)
    assert found is not None
    assert feed_of(tmp_path / "other.db").after(found[1], 10) is None


def test_revisions_are_those_of_the_checkpoint_and_what_came_after(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "orch.db")
    before = feed.told_revisions("task")
    feed.keep_revisions("task", {"001": "r1", "002": "r1", "題 C:\\図": "r1"})
    record(tmp_path / "orch.db", ("001", "r2"), ("002", None), ("004", "r1"))
    assert (before, feed.told_revisions("task"), feed.told_revisions("approval")) == (
        None,
        {"001": "r2", "題 C:\\図": "r1", "004": "r1"},
        None,
    )


def test_writers_beside_each_other_get_rising_numbers_without_holes(tmp_path: Path) -> None:
    path, seen = tmp_path / "orch.db", list[int]()
    open_journal(path).open()

    def write(name: str) -> None:
        record(path, *[(f"{name}-{n}", "r1") for n in range(40)])

    def read() -> None:
        feed, position = feed_of(path), START
        while position.id < 120:
            found = feed.after(position, 1_000)
            assert found is not None
            events, position = found
            seen.extend(event.seq for event in events)

    threads = [threading.Thread(target=write, args=(name,)) for name in "あいう"]
    threads.append(threading.Thread(target=read))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert seen == list(range(1, 121))


def test_a_database_that_is_not_there_is_busy_not_broken(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(BusyError):
        feed_of(tmp_path / "data" / "orch.db").after(START, 10)
