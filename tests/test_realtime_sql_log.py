from __future__ import annotations

import threading
from pathlib import Path

import pytest

from orch_next.core.database import Database
from orch_next.errors import BusyError
from orch_next.realtime.events import Draft, draft_of
from orch_next.realtime.sql_log import SqlEventLog
from tests.live import NOW, make_change, open_log
from tests.patience import PATIENCE


def news(task_id: str, after: str | None) -> Draft:
    return draft_of(make_change(task_id, after=after))


def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    first = open_log(tmp_path / "orch.db")
    first.append([news("001", "r2"), news("002", "r9")], NOW)
    first.close()
    second = open_log(tmp_path / "orch.db")
    second.append([news("001", "r3")], NOW)
    found = [(e.seq, e.record_id, e.rev) for e in second.after(0)]
    assert (found, second.newest()) == ([(1, "001", "r2"), (2, "002", "r9"), (3, "001", "r3")], 3)


def test_a_revision_is_told_once_whoever_notices_it(tmp_path: Path) -> None:
    one, other = open_log(tmp_path / "orch.db"), open_log(tmp_path / "orch.db")
    counts = [one.append([news("001", "r2")], NOW), other.append([news("001", "r2")], NOW)]
    assert (counts, one.newest(), other.told()) == ([1, 0], 1, {("task", "001"): "r2"})


def test_a_row_may_come_back_to_an_earlier_revision(tmp_path: Path) -> None:
    log = open_log(tmp_path / "orch.db")
    counts = [log.append([news("001", rev)], NOW) for rev in ("r2", "r1", "r2", None, None)]
    assert (counts, log.told()) == ([1, 1, 1, 1, 0], {})


def test_file_events_are_always_told(tmp_path: Path) -> None:
    log = open_log(tmp_path / "orch.db")
    draft = Draft("ledger_changed", "ledger", "TASKS.md", "d" * 64, {"file": "TASKS.md"})
    assert [log.append([draft], NOW), log.append([draft], NOW)] == [1, 1]


def test_the_log_is_trimmed_and_numbers_are_not_given_again(tmp_path: Path) -> None:
    log = open_log(tmp_path / "orch.db", keep=50)
    log.append([news("001", f"r{n}") for n in range(2, 302)], NOW)
    kept = [event.seq for event in log.after(0)]
    log.append([news("002", "r1")], NOW)
    assert (kept, log.newest()) == (list(range(251, 301)), 301)


def test_revisions_can_be_noted_silently(tmp_path: Path) -> None:
    log = open_log(tmp_path / "orch.db")
    log.set_told({("task", "001"): "r1", ("task", "002"): "r1"})
    log.set_told({("task", "001"): None, ("task", "002"): "r2"})
    assert (log.told(), log.newest()) == ({("task", "002"): "r2"}, 0)


def test_writers_beside_each_other_get_rising_numbers_without_holes(tmp_path: Path) -> None:
    log = open_log(tmp_path / "orch.db")
    seen: list[int] = []

    def write(name: str) -> None:
        own = open_log(tmp_path / "orch.db")
        for n in range(40):
            own.append([news(f"{name}-{n}", "r1")], NOW)
        own.close()

    def read() -> None:
        own, cursor = open_log(tmp_path / "orch.db"), 0
        while cursor < 120:
            found = [event.seq for event in own.after(cursor)]
            seen.extend(found)
            cursor = found[-1] if found else cursor

    threads = [threading.Thread(target=write, args=(name,)) for name in "あいう"]
    threads.append(threading.Thread(target=read))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert (seen, log.newest()) == (list(range(1, 121)), 120)


def test_a_database_that_is_not_there_is_busy_not_broken(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    log = SqlEventLog(Database(f"sqlite:///{tmp_path / 'data' / 'orch.db'}"))
    with pytest.raises(BusyError):
        log.append([news("001", "r2")], NOW)


def test_the_log_is_trimmed_by_bytes_too(tmp_path: Path) -> None:
    log = SqlEventLog(Database(f"sqlite:///{tmp_path / 'orch.db'}"), keep_bytes=3_000)
    log.append([news("001", f"r{n}") for n in range(2, 302)], NOW)
    kept = log.after(0)
    assert (kept[-1].seq, sum(event.size for event in kept) <= 3_000) == (300, True)
    assert len(kept) > 5
