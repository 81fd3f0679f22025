from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from orch_next.errors import BusyError
from orch_next.realtime.tail import AGAIN_SECONDS, MASS
from tests.ledger_text import task_row, task_table
from tests.live import Process, bring_back, look, make_change, set_status, take_away


def save(process: Process, text: str) -> None:
    (process.folder / "TASKS.md").write_bytes(text.encode())


@pytest.fixture
def process(tmp_path: Path) -> Process:
    (tmp_path / "TASKS.md").write_bytes(task_table("001", "002", "003").encode())
    return Process(tmp_path, tmp_path / "orch.db")


def second(process: Process) -> Process:
    return Process(process.folder, process.database)


def test_the_first_look_tells_nothing(process: Process) -> None:
    process.run()
    assert process.names() == []


def test_a_change_of_our_own_is_one_event(process: Process) -> None:
    set_status(process, "002", "HOLD")
    process.run()
    assert process.names() == [(1, "task_updated", "002", "http")]


def test_what_another_process_did_has_its_author_and_is_told_once(process: Process) -> None:
    """As the command line does: it writes and ends, without telling anybody."""
    other = second(process)
    set_status(other, "002", "HOLD")
    process.run()
    found = [(e.payload["source"], e.payload["actor"], e.payload["change"]) for e in process.told]
    assert found == [("http", "CMD", "task_moved")]
    other.run()
    process.told.clear()
    process.run(3)
    assert (process.names(), [e.seq for e in other.told]) == ([], [1])


def test_an_edit_is_not_forgotten_while_somebody_has_the_ledger(process: Process) -> None:
    text = (process.folder / "TASKS.md").read_text()
    save(process, text.replace("READY", "FIX", 1))
    process.tail.step()  # it is seen, and must last
    process.time, process.busy = 0.02, True
    pauses = [process.tail.step(), process.tail.step()]
    process.time, process.busy = 0.04, False
    process.tail.step()
    assert (pauses[1], process.names()) == (
        AGAIN_SECONDS,
        [(1, "task_updated", "001", "outside")],
    )


def test_an_edit_after_anothers_change_is_nobodys(process: Process) -> None:
    text = (process.folder / "TASKS.md").read_text()
    set_status(second(process), "002", "HOLD")
    process.run()
    held = (process.folder / "TASKS.md").read_text()
    for saved in (text, held):
        save(process, saved)
        process.run()
    assert process.names() == [
        (1, "task_updated", "002", "http"),
        (2, "task_updated", "002", "outside"),
        (3, "task_updated", "002", "outside"),
    ]


def test_an_outside_edit_of_one_cell_is_one_event(process: Process) -> None:
    text = (process.folder / "TASKS.md").read_text()
    save(process, text.replace("READY", "FIX", 1))
    process.run()
    assert [(e.record_id, e.payload["task"]["status"]) for e in process.told] == [("001", "FIX")]


def test_a_row_that_is_only_padded_otherwise_has_a_new_revision(process: Process) -> None:
    text = (process.folder / "TASKS.md").read_text()
    save(process, text.replace("| 002 |", "|  002 |"))
    process.run()
    assert process.names() == [(1, "task_updated", "002", "outside")]


def test_added_and_removed_rows_are_told(process: Process) -> None:
    save(process, task_table("001", "003", "004"))
    process.run()
    found = {(e.record_id, e.payload["change"], e.payload["task"] is None) for e in process.told}
    assert found == {("002", "task_removed", True), ("004", "task_added", False)}


def test_an_edit_that_is_taken_back_at_once_is_no_event(process: Process) -> None:
    save(process, task_table("001", "003"))
    process.run(0.2)
    save(process, task_table("001", "002", "003"))
    process.run(3)
    assert process.names() == []


@pytest.mark.parametrize("during", [b"", b"# \xe6\x97\xa5", None])
def test_a_missing_empty_or_half_written_file_tells_nothing(
    process: Process, during: bytes | None
) -> None:
    path = process.folder / "TASKS.md"
    before = path.read_bytes()
    path.unlink() if during is None else path.write_bytes(during)
    process.run(1.5)
    path.write_bytes(before)
    process.run(3)
    assert process.names() == []


def test_damage_that_lasts_is_told_once_and_so_is_its_end(process: Process) -> None:
    path = process.folder / "TASKS.md"
    before = path.read_bytes()
    path.write_bytes(b"<<<<<<< HEAD\n" + before)
    process.run(5)
    codes = [[p["severity"] for p in e.payload["problems"]] for e in process.told]
    names = process.names()
    path.write_bytes(before)
    process.run(5)
    assert (names, "damage" in codes[0], process.names()) == (
        [(1, "ledger_changed", "TASKS.md", "outside")],
        True,
        [(2, "ledger_changed", "TASKS.md", "outside")],
    )


def test_text_outside_the_table_is_told_as_the_file(process: Process) -> None:
    save(process, task_table("001", "002", "003") + "\n追記 C:\\作業\n")
    process.run()
    assert [(e.name, e.payload["file"]) for e in process.told] == [("ledger_changed", "TASKS.md")]


def test_what_changed_while_nobody_ran_is_told_at_the_next_start(process: Process) -> None:
    set_status(process, "001", "HOLD")
    process.run()
    save(process, (process.folder / "TASKS.md").read_text().replace("HOLD", "DROP"))
    again = second(process)
    again.run()
    assert ([e.seq for e in again.loaded], again.names()) == (
        [1],
        [(2, "task_updated", "001", "outside")],
    )


def test_two_processes_tell_every_change_once_in_one_order(process: Process) -> None:
    other = second(process)
    set_status(other, "001", "HOLD")
    set_status(process, "002", "DROP")
    other.run()
    process.run()
    save(process, (process.folder / "TASKS.md").read_text().replace("DROP", "FIX"))
    process.run()
    other.run()
    names = process.names()
    assert (names, names == other.names()) == (
        [
            (1, "task_updated", "001", "http"),
            (2, "task_updated", "002", "http"),
            (3, "task_updated", "002", "outside"),
        ],
        True,
    )


def test_a_change_of_very_many_rows_is_one_reset(process: Process) -> None:
    ids = [f"{n:05d}" for n in range(MASS + 1)]
    save(process, task_table("001", "002", "003") + "".join(task_row(i) for i in ids))
    process.run()
    found = [(e.name, e.resets) for e in process.told]
    process.told.clear()
    process.run()
    assert (found, process.names()) == ([("ledger_changed", True)], [])


def test_a_database_that_is_away_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "TASKS.md").write_bytes(task_table("001").encode())
    process = Process(tmp_path, tmp_path / "orch.db")
    take_away(process)
    set_status(process, "001", "HOLD")
    with pytest.raises(BusyError):
        process.tail.step()
    bring_back(process)
    process.run()
    assert process.names() == [(1, "task_updated", "001", "http")]


def test_what_two_processes_did_without_the_database_is_told_once(process: Process) -> None:
    other = second(process)
    take_away(process, other)
    for one, status in ((process, "HOLD"), (other, "READY")):
        set_status(one, "001", status)
        for looking in (process, other):
            look(looking)
    save(process, (process.folder / "TASKS.md").read_text().replace("READY", "FIX", 1))
    for looking in (process, other):
        look(looking)
    bring_back(process)
    for looking in (process, other):
        looking.run()
    names = process.names()
    assert (names, other.names()) == (
        [
            (1, "task_updated", "001", "http"),
            (2, "task_updated", "001", "http"),
            (3, "task_updated", "001", "outside"),
        ],
        names,
    )


def test_an_edit_after_an_absence_is_told_though_the_row_was_so_before(process: Process) -> None:
    other = second(process)
    take_away(process, other)
    set_status(process, "001", "HOLD")
    held = (process.folder / "TASKS.md").read_text()
    look(other)
    set_status(process, "001", "READY")
    look(other)
    bring_back(process)
    for one in (process, other):
        one.run()
    process.names()
    save(process, held)
    other.run()
    process.run()
    assert process.names() == [(3, "task_updated", "001", "outside")]


def copy(origin: Path, target: Path) -> None:
    """Copy a database that is in use: a backup, or one that is put back, as PostgreSQL's."""
    with closing(sqlite3.connect(origin)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def test_a_database_from_a_backup_resets_clients_and_tells_nothing_twice(process: Process) -> None:
    other = second(process)
    set_status(process, "001", "HOLD")
    process.run()
    backup = process.folder / "backup.db"
    copy(process.database, backup)
    for status in ("FIX", "HOLD", "DROP"):
        set_status(process, "002", status)
    for one in (process, other):
        one.run()
    assert [seq for seq, *_ in process.names()] == [1, 2, 3, 4]
    copy(backup, process.database)
    process.run()
    found = [(event.seq, event.resets) for event in process.told]
    other.told.clear()
    other.run()
    set_status(process, "003", "HOLD")
    for one in (process, other):
        one.run()
    assert found == [(5, True)]
    assert [e.seq for e in process.told] == sorted({e.seq for e in process.told})
    assert [(e.resets, e.record_id) for e in other.told][-1] == (False, "003")
    assert {e.record_id for e in other.told if not e.resets} == {"003"}
    again = second(process)
    again.run()
    assert again.names() == []


def test_a_ledger_from_a_backup_is_told_as_it_is(process: Process) -> None:
    old = (process.folder / "TASKS.md").read_text()
    set_status(process, "001", "HOLD")
    set_status(process, "001", "READY")
    set_status(process, "001", "DROP")
    process.run()
    process.names()
    save(process, old)
    process.run()
    assert process.names() == [(4, "task_updated", "001", "outside")]


def test_rows_that_changed_while_nobody_ran_are_told_whoever_changed_them(process: Process) -> None:
    process.run()
    save(process, task_table("001", "003", "004").replace("READY", "HOLD", 1))
    process.journal.close()
    again = second(process)
    again.run()
    found = {(e.record_id, e.payload["change"], e.payload["rev"] is None) for e in again.told}
    again.names()
    third = second(process)
    third.run()
    assert (found, third.names()) == (
        {
            ("001", "task_updated", False),
            ("002", "task_removed", True),
            ("004", "task_added", False),
        },
        [],
    )


def test_only_the_first_of_rows_that_share_an_id_is_told(process: Process) -> None:
    save(process, task_table("001", "002", "003", "003"))
    process.run()
    process.names()
    text = (process.folder / "TASKS.md").read_text()
    head, _, last = text.rpartition("READY")
    save(process, f"{head}HOLD{last}")
    process.run()
    again = second(process)
    again.run()
    assert ([n for n in process.names() if n[1] == "task_updated"], again.names()) == ([], [])


def test_what_no_client_may_see_leaves_a_gap(process: Process) -> None:
    process.journal.record(replace(make_change("司令"), kind="security", event="login_failed"))
    set_status(process, "001", "HOLD")
    process.run()
    assert process.names() == [(2, "task_updated", "001", "http")]
