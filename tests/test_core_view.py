from typing import Any

import pytest

from orch_next.core.kinds import APPROVAL, KINDS, MILESTONE, TASK, LedgerKind
from orch_next.core.reading import read_ledger
from orch_next.core.records import Task
from orch_next.core.view import LedgerView
from orch_next.errors import ConflictError, DamagedError, NotFoundError, RowError
from orch_next.ledger.parser import parse
from tests.ledger_text import TASK_NAMES, line, task_row, task_table


def read(text: str) -> LedgerView[Task]:
    return read_ledger(TASK, parse(text))


def ids(view: LedgerView[Task]) -> list[str]:
    return [record.id for record in view.records]


def problems(view: LedgerView[Task]) -> list[tuple[str, str, int, str]]:
    return [(p.code, p.severity, p.line, p.record_id) for p in view.problems]


def test_rows_after_a_blank_line_and_a_heading_belong_to_the_table() -> None:
    view = read(task_table("001") + "\n" + task_row("002") + "\n## 追加\n\n" + task_row("003"))
    assert ids(view) == ["001", "002", "003"]
    apart = [("row-apart", "warning", 5, "002"), ("row-apart", "warning", 9, "003")]
    assert problems(view) == apart


def test_a_second_full_table_rekeys_and_its_rows_count() -> None:
    names = ["state", "task_id", *(n for n in TASK_NAMES if n not in ("id", "status"))]
    row = line(["DONE", "T-2", "移行", "CMD", "-", "-", "-", "-", "-", "完了"])
    second = line(names) + line("---" for _ in names) + row
    view = read(task_table("001") + "\n## 旧\n\n" + second)
    assert [(task.id, task.status, task.title) for task in view.records] == [
        ("001", "READY", "統合テスト"),
        ("T-2", "DONE", "移行"),
    ]
    assert view.problems == ()


def test_another_table_with_a_task_id_never_matters() -> None:
    other = "\n| task_id | 見積 |\n|---|---|\n| 009 | 3 |\n本文\n"
    view = read(other + "\n" + task_table("001"))
    assert (ids(view), view.problems) == (["001"], ())


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_bom_and_line_ends_do_not_hide_the_table(bom: str, eol: str) -> None:
    view = read(bom + task_table("001", "002").replace("\n", eol))
    assert (ids(view), view.problems) == (["001", "002"], ())


def test_a_row_without_an_id_and_a_repeated_header_are_no_records() -> None:
    view = read(task_table("001", "", "-") + line(TASK_NAMES) + task_row("002"))
    assert ids(view) == ["001", "002"]
    assert problems(view) == [("no-id", "warning", number, "") for number in (4, 5, 6)]


def test_missing_cells_read_empty_and_block_the_row() -> None:
    view = read(task_table("001") + "| 002 | 短い行 | READY |\n")
    assert view.records[1].notes == ""
    assert problems(view) == [("missing-cells", "row", 4, "002")]
    with pytest.raises(RowError, match=r"TASKS\.md:4: 3 cells"):
        view.get_writable("002")
    assert view.get_writable("001").record.id == "001"


def test_a_row_without_its_last_pipe_is_whole() -> None:
    view = read(task_table("001") + task_row("002").rstrip(" |\n") + "\n")
    assert (view.records[1].notes, view.problems) == ("確認", ())


def test_a_duplicate_id_is_shown_twice_and_written_never() -> None:
    view = read(task_table("001", "002", "001"))
    assert ids(view) == ["001", "002", "001"]
    duplicates = [("duplicate-id", "row", 3, "001"), ("duplicate-id", "row", 5, "001")]
    assert problems(view) == duplicates
    with pytest.raises(RowError, match="2 rows have the id 001"):
        view.get_writable("001")


def test_an_unknown_status_is_a_warning() -> None:
    view = read(task_table() + task_row("001", status="完了"))
    assert problems(view) == [("unknown-status", "warning", 3, "001")]


def test_ids_compare_as_exact_strings() -> None:
    view = read(task_table("001"))
    assert view.find("001") is not None
    assert [view.find(other) for other in ("1", " 001", "001 ")] == [None, None, None]
    with pytest.raises(NotFoundError, match="no task has the id '1'"):
        view.get_writable("1")


def test_another_revision_is_a_conflict_that_shows_the_present_row() -> None:
    view = read(task_table("001"))
    record = view.records[0]
    assert view.get_writable("001", record.rev).record is record
    with pytest.raises(ConflictError) as caught:
        view.get_writable("001", "0" * 16)
    assert caught.value.present == {**record.as_json(), "rev": record.rev}


@pytest.mark.parametrize("text", ["", "\ufeff", "| id | title |\n|---|---|\n", "# 台帳\n"])
def test_a_tasks_file_without_its_table_is_damaged(text: str) -> None:
    view = read(text)
    assert [problem.severity for problem in view.problems] == ["damage"]
    with pytest.raises(DamagedError, match=r"TASKS\.md:1: "):
        view.add_row({"id": "001"})


def test_a_header_with_its_delimiter_row_is_an_empty_ledger() -> None:
    view = read(task_table())
    assert (view.records, view.problems) == ((), ())


def test_a_new_row_goes_to_the_first_table_with_dashes_for_the_rest() -> None:
    view = read(task_table(names=["優先度", *TASK_NAMES]))
    (change,) = view.add_row({"id": "001", "title": "新規", "notes": ""})
    assert getattr(change, "values") == ["-", "001", "新規", *["-"] * 8]  # noqa: B009


def test_rows_that_stayed_are_taken_from_the_reading_before() -> None:
    before = read(task_table("001", "002"))
    changed = task_table("001") + task_row("002", status="HOLD")
    after = read_ledger(TASK, parse(changed), before)
    assert after.records[0] is before.records[0]
    assert after == read(changed)


def table_of(kind: LedgerKind[Any]) -> str:
    head = line(kind.columns) + line("---" for _ in kind.columns)
    return "# 台帳\n\n" + head + line([kind.columns[0], *("x" for _ in kind.columns[1:])])


def told(kind: LedgerKind[Any], text: str) -> list[tuple[str, str, int, str]]:
    found = read_ledger(kind, parse(text)).problems
    return [(p.code, p.severity, p.line, p.message) for p in found]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_a_deleted_delimiter_row_is_told_where_it_stood(kind: LedgerKind[Any]) -> None:
    text = table_of(kind).replace(line("---" for _ in kind.columns), "")
    message = "line 3 has the ledger's columns but no `|---|` line below it; insert one"
    assert told(kind, text) == [("no-table", "damage", 3, message)]
    assert told(kind, text.rsplit("\n", 2)[0] + "\n") == [("no-table", "damage", 3, message)]


def test_a_delimiter_row_that_is_none_is_told_with_its_line() -> None:
    text = table_of(APPROVAL).replace("| --- |", "| --x |", 1)
    message = "line 3 has the ledger's columns, but line 4 is no delimiter row of 10 cells: mend it"
    assert told(APPROVAL, text) == [("no-table", "damage", 3, message)]


def test_a_header_that_lacks_a_column_names_it() -> None:
    text = table_of(MILESTONE).replace("| kpi |", "| KPI値 |")
    message = "line 3 lacks the ledger's column kpi"
    assert told(MILESTONE, text) == [("no-table", "damage", 3, message)]
    without = text.replace(line("---" for _ in MILESTONE.columns), "")
    message = "line 3 has the ledger's columns but kpi and no `|---|` line below it; insert one"
    assert told(MILESTONE, without) == [("no-table", "damage", 3, message)]


def test_a_lost_header_is_damage_beside_tasks_in_prose() -> None:
    text = table_of(TASK).replace(line("---" for _ in TASK.columns), "")
    prose = "\n#### T-9: 移行\n\n- **task_id**: T-9\n- **state**: PLAN\n"
    assert [code for code, severity, *_ in told(TASK, text + prose) if severity == "damage"] == [
        "no-table"
    ]


def test_a_conflict_in_a_table_is_one_fact() -> None:
    mine, other = task_row("002", status="HOLD"), task_row("002", status="DROP")
    conflict = f"<<<<<<< HEAD\n{mine}=======\n{other}>>>>>>> 別\n"
    assert told(TASK, task_table("001") + conflict) == [
        ("conflict-marker", "damage", 4, "a merge conflict, down to line 8")
    ]


def test_a_duplicate_beside_a_conflict_is_told() -> None:
    conflict = f"<<<<<<< HEAD\n{task_row('002')}=======\n{task_row('003')}>>>>>>> 別\n"
    found = told(TASK, task_table("001", "001") + conflict)
    assert [(code, at) for code, _, at, _ in found] == [
        ("duplicate-id", 3),
        ("duplicate-id", 4),
        ("conflict-marker", 5),
    ]
