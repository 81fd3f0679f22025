from __future__ import annotations

from pathlib import Path

import pytest

from orch_next.core.changes import ChangeRequest, Edit
from orch_next.core.events import Who
from orch_next.core.schema import TASK, Task
from orch_next.core.view import LedgerView
from orch_next.errors import BusyError
from orch_next.realtime.pump import AGAIN_SECONDS, MASS
from tests.ledger_text import task_row, task_table
from tests.live import Process

CMD = Who("CMD", "CMD", "http")


def save(process: Process, text: str) -> None:
    (process.folder / "TASKS.md").write_bytes(text.encode())


def set_status(process: Process, task_id: str, status: str) -> None:
    """Change a task as a view would: through the state, which tells the pump."""

    def plan(view: LedgerView[Task]) -> Edit:
        return Edit(task_id, view.set_cells(view.get_writable(task_id), {"status": status}))

    process.state.change(TASK, plan, ChangeRequest("task_moved", CMD))


@pytest.fixture
def process(tmp_path: Path) -> Process:
    (tmp_path / "TASKS.md").write_bytes(task_table("001", "002", "003").encode())
    return Process(tmp_path, tmp_path / "orch.db")


def second(process: Process, owner: bool = False) -> Process:
    return Process(process.folder, process.database, owner)


def test_the_first_look_tells_nothing(process: Process) -> None:
    process.run()
    assert process.names() == []


def test_a_change_of_our_own_is_one_event(process: Process) -> None:
    set_status(process, "002", "HOLD")
    process.run()
    assert process.names() == [(1, "task_updated", "002", "http")]


def test_what_another_process_did_has_its_author_and_is_told_once(process: Process) -> None:
    """As the command line does: it writes and ends, without telling any log."""
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
    process.pump.poke()
    process.pump.step()  # it is seen, and must last
    process.time, process.busy = 0.02, True
    pauses = [process.pump.step(), process.pump.step()]
    process.time, process.busy = 0.04, False
    process.pump.step()
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
    again = second(process, owner=True)
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


def test_a_guest_tells_an_outside_edit_when_the_owner_sleeps(process: Process) -> None:
    guest = second(process)
    text = (process.folder / "TASKS.md").read_text()
    save(process, text.replace("READY", "FIX", 1))
    guest.run(0.9)
    early = guest.names()
    guest.run(1)
    assert (early, guest.names()) == ([], [(1, "task_updated", "001", "outside")])


def test_a_change_of_very_many_rows_is_one_reset(process: Process) -> None:
    ids = [f"{n:05d}" for n in range(MASS + 1)]
    save(process, task_table("001", "002", "003") + "".join(task_row(i) for i in ids))
    process.run()
    found = [(e.name, e.resets) for e in process.told]
    process.told.clear()
    process.run()
    assert (found, process.names()) == ([("ledger_changed", True)], [])


def test_a_log_that_is_away_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "TASKS.md").write_bytes(task_table("001").encode())
    process = Process(tmp_path, tmp_path / "orch.db")
    lost = tmp_path / "lost"
    process.log.close()
    for path in tmp_path.glob("orch.db*"):
        path.rename(lost.with_name(f"lost-{path.name}"))
    (tmp_path / "orch.db").mkdir()
    set_status(process, "001", "HOLD")
    with pytest.raises(BusyError):
        process.pump.step()
    (tmp_path / "orch.db").rmdir()
    for path in tmp_path.glob("lost-*"):
        path.rename(tmp_path / path.name.removeprefix("lost-"))
    process.run()
    assert process.names() == [(1, "task_updated", "001", "http")]
