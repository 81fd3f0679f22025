from orch_next.core.kinds import APPROVAL, MILESTONE, TASK
from orch_next.core.records import Approval, Task, columns_of

TASK_NAMES = ["id", "title", "status", "owner", "lock", "lock_owner"]
TASK_NAMES += ["lock_expires_at", "due", "artifact", "notes"]
IN_ORDER = {name: place for place, name in enumerate(TASK_NAMES)}


def test_the_contracts_header_matches() -> None:
    assert TASK.match(TASK_NAMES) == IN_ORDER


def test_the_other_dialect_names_the_same_columns() -> None:
    names = ["task_id", "title", "state", *TASK_NAMES[3:]]
    assert TASK.match(names) == IN_ORDER


def test_case_and_padding_of_names_do_not_matter() -> None:
    assert TASK.match([f"  {name.upper()} " for name in TASK_NAMES]) == IN_ORDER


def test_order_is_free_and_extra_columns_are_passed_over() -> None:
    places = TASK.match(["優先度", *reversed(TASK_NAMES)])
    assert places == {name: 10 - place for name, place in IN_ORDER.items()}


def test_a_missing_column_makes_it_another_table() -> None:
    assert TASK.match([name for name in TASK_NAMES if name != "notes"]) is None


def test_the_contracts_name_wins_over_its_alias() -> None:
    places = TASK.match(["task_id", *TASK_NAMES, "state"])
    assert places == {name: place + 1 for name, place in IN_ORDER.items()}


def test_approvals_and_milestones_have_no_aliases() -> None:
    assert APPROVAL.match(["id", *APPROVAL.columns[1:]]) is None
    assert APPROVAL.match(APPROVAL.columns) is not None
    assert MILESTONE.match(MILESTONE.columns) is not None


def test_the_first_column_is_the_id() -> None:
    kinds = (TASK, APPROVAL, MILESTONE)
    assert [kind.id_column for kind in kinds] == ["id", "appr_id", "ms_id"]


def test_header_names_are_known_in_any_case() -> None:
    assert [TASK.is_header_name(text) for text in ("ID", "task_id", "001")] == [True, True, False]


def test_columns_are_the_ten_of_the_contract() -> None:
    assert [len(columns_of(kind)) for kind in (Task, Approval)] == [10, 10]
    assert MILESTONE.columns[7:] == ("epic_ids", "task_ids", "notes")
