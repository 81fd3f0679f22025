from functools import partial
from pathlib import Path

import pytest

from orch_next.core.spool import Entry, Spool
from orch_next.storage.process_locks import locked


def store(stored: list[Entry], entry: Entry) -> bool:
    stored.append(entry)
    return True


def test_entries_are_drained_in_order_and_the_file_goes(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "データ" / "pending.jsonl")
    spool.put({"題": "一"})
    spool.put({"題": "二"})
    stored: list[Entry] = []
    assert spool.drain(partial(store, stored)) == 2
    assert (stored, spool.path.exists()) == ([{"題": "一"}, {"題": "二"}], False)
    assert spool.drain(lambda entry: False) == 0


def test_refused_entries_stay(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "pending.jsonl")
    for number in range(3):
        spool.put({"n": number})
    assert spool.drain(lambda entry: entry["n"] != 1) == 2
    assert spool.path.read_bytes() == b'{"n": 1}\n'


def test_a_line_that_a_crash_cut_short_is_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "pending.jsonl")
    spool.path.write_bytes(b'{"n": 1}\n{"n": \n')
    spool.put({"n": 2})
    stored: list[Entry] = []
    spool.drain(partial(store, stored))
    assert stored == [{"n": 1}, {"n": 2}]


def test_a_spool_that_another_process_keeps_refuses_as_a_disk_does(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "pending.jsonl", lock_timeout=0.05)
    with locked(tmp_path / "pending.jsonl.lock", 1.0), pytest.raises(OSError, match="another"):
        spool.put({"題": "一"})
    assert spool.path.exists() is False
