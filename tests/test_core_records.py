from orch_next.core.records import Task, milestone_from_cells, split_ids

CELLS = ("001", "結合|試験", "READY", "WORK", "-", "-", "-", "2025-10-07", r"C:\作業", "")


def test_a_task_as_json_has_the_ten_keys_only() -> None:
    task = Task(*CELLS, rev="abc", line=7)
    assert task.as_json() == {
        "id": "001",
        "title": "結合|試験",
        "status": "READY",
        "owner": "WORK",
        "lock": "-",
        "lock_owner": "-",
        "lock_expires_at": "-",
        "due": "2025-10-07",
        "artifact": r"C:\作業",
        "notes": "",
    }


def test_ids_are_split_at_commas_and_trimmed() -> None:
    assert split_ids(" E1, E2 ,,001") == ("E1", "E2", "001")
    assert split_ids("") == ()


def test_a_milestones_id_lists_are_arrays() -> None:
    cells = ("M1", "設計", "done", "CMD", "2025-09-30", "通過", "設計書", "E1, E2", "", "-")
    milestone = milestone_from_cells(*cells, rev="r", line=5)
    assert milestone.epic_ids == ("E1", "E2")
    assert (milestone.key, milestone.rev, milestone.line) == ("M1", "r", 5)
    assert milestone.as_json() == {
        "ms_id": "M1",
        "name": "設計",
        "status": "done",
        "owner": "CMD",
        "due": "2025-09-30",
        "kpi": "通過",
        "description": "設計書",
        "epic_ids": ["E1", "E2"],
        "task_ids": [],
        "notes": "-",
    }
