from datetime import datetime, timezone

from orch_next.core.diff import diff_records
from orch_next.core.events import OUTSIDE, Change
from orch_next.core.schema import TASK, load_snapshot
from tests.ledger_text import TASK_NAMES, task_row, task_table

AT = datetime(2025, 10, 9, 3, 4, 5, tzinfo=timezone.utc)


def changes(before: str, after: str) -> list[Change]:
    old, new = (load_snapshot(TASK, text.encode()).records for text in (before, after))
    return diff_records(TASK, old, new, AT)


def told(before: str, after: str) -> list[tuple[str, str]]:
    return [(change.event, change.record_id) for change in changes(before, after)]


def test_equal_readings_have_no_changes() -> None:
    assert told(task_table("001", "002"), "前書き\n\n" + task_table("001", "002")) == []


def test_a_changed_cell_is_one_change_with_both_rows() -> None:
    before, after = task_table("001", "002"), task_table("001") + task_row("002", status="HOLD")
    old, new = (load_snapshot(TASK, text.encode()).get("002") for text in (before, after))
    assert changes(before, after) == [
        Change(
            kind="task",
            event="task_updated",
            record_id="002",
            before=old.as_json(),
            after=new.as_json(),
            rev_before=old.rev,
            rev_after=new.rev,
            at=AT,
            who=OUTSIDE,
            details={},
        )
    ]


def test_added_rows_come_in_file_order_and_removed_ones_last() -> None:
    after = task_table("003", "002", "004")
    assert told(task_table("001", "002"), after) == [
        ("task_added", "003"),
        ("task_added", "004"),
        ("task_removed", "001"),
    ]


def test_rows_that_only_moved_did_not_change() -> None:
    assert told(task_table("001", "002"), task_table("002", "001")) == []


def test_rows_that_share_an_id_are_compared_in_their_order() -> None:
    before = task_table("001", "001")
    assert told(before, task_table("001")) == [("task_removed", "001")]
    after = task_table("001") + task_row("001", status="HOLD")
    assert told(before, after) == [("task_updated", "001")]


def test_a_renamed_column_changes_rows_whose_text_stayed() -> None:
    names = [{"due": "artifact", "artifact": "due"}.get(name, name) for name in TASK_NAMES]
    assert told(task_table("001"), task_table("001", names=names)) == [("task_updated", "001")]
