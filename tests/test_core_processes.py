"""Several processes over one STATE folder lose nothing and do nothing twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.core_processes import create_all, open_at, run_together, set_statuses
from tests.ledger_text import task_table


@pytest.mark.slow
def test_eight_processes_lose_no_update(ledger_folder: Path) -> None:
    ids = [f"{number:03d}" for number in range(8)]
    (ledger_folder / "TASKS.md").write_text(task_table(*ids), encoding="utf-8")
    revs = run_together(set_statuses, ledger_folder, 8, 26)
    board = open_at(ledger_folder)
    tasks = board.state.tasks.records
    assert {task.rev for task in tasks} == set(revs)
    assert {task.status for task in tasks} == {"HOLD"}
    events = [event for event in board.journal.events(1000) if event["user_id"] != "outside"]
    assert Counter(event["resource_id"] for event in events) == dict.fromkeys(ids, 26)


@pytest.mark.slow
def test_equal_keys_from_eight_processes_have_one_effect_each(ledger_folder: Path) -> None:
    answers = run_together(create_all, ledger_folder, 8, 40)
    assert len({tuple(answer) for answer in answers}) == 1
    made = [task for task in open_at(ledger_folder).state.tasks.records if task.title[0] == "題"]
    assert {task.title: task.id for task in made} == {
        f"題{key}": task_id for key, task_id in enumerate(answers[0])
    }
    assert len(made) == len({task.id for task in made}) == 40
