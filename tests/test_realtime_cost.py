"""What one change costs the database: a number that rises is a second log coming back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.database_cost import counted
from tests.ledger_text import task_table
from tests.live import Process, set_status


@pytest.fixture
def process(tmp_path: Path) -> Process:
    (tmp_path / "TASKS.md").write_bytes(task_table("001", "002", "図面-3").encode())
    process = Process(tmp_path, tmp_path / "orch.db")
    process.run()
    return process


def test_an_outside_edit_of_one_cell_is_one_transaction(process: Process) -> None:
    path = process.folder / "TASKS.md"
    path.write_text(path.read_text().replace("READY", "HOLD", 1))
    with counted() as found:
        process.state.doubt()
        process.tail.step()  # it must last
        process.time += 0.05
        process.tail.step()
    assert (found["transactions"], found["reads"], process.names()) == (
        1,
        2,
        [(1, "task_updated", "001", "outside")],
    )


def test_a_change_is_one_transaction_and_one_read(process: Process) -> None:
    with counted() as found:
        set_status(process, "図面-3", "HOLD")
        process.tail.step()
    assert (found, process.names()) == (
        Counter(transactions=1, reads=1),
        [(1, "task_updated", "図面-3", "http")],
    )


def test_what_another_process_changed_is_looked_up_once(process: Process) -> None:
    other = Process(process.folder, process.database)
    set_status(other, "001", "HOLD")
    process.state.doubt()
    with counted() as found:
        process.tail.step()
        process.time += 0.05
        process.tail.step()
    assert (found["transactions"], process.names()) == (
        1,
        [(1, "task_updated", "001", "http")],
    )


def test_nothing_new_is_one_read(process: Process) -> None:
    with counted() as found:
        process.tail.step()
    assert found == Counter(reads=1)


def test_very_many_rows_at_once_are_one_transaction(process: Process) -> None:
    ids = [f"{number:05d}" for number in range(200)]
    (process.folder / "TASKS.md").write_bytes(task_table("001", "002", "図面-3", *ids).encode())
    with counted() as found:
        process.run()
    assert found["transactions"] <= 2  # the rows, and the highest number of their series
    assert len(process.told) == 200
