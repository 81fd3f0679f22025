import pytest

from orch_next.core.dialects.bullets import read_bullets
from orch_next.core.kinds import TASK
from orch_next.core.reading import read_ledger
from orch_next.errors import RowError
from orch_next.ledger.parser import parse
from tests.ledger_text import task_table

SECTION = """# 作業

#### WORK-7: ログ基盤: 移行

- **task_id**: WORK-7
- **state**: DOING
- **owner**: WORK
- **artifact**: C:\\作業\\log.md
説明の本文

#### メモ

- **PLAN**: 計画段階
"""


def test_a_section_with_id_and_status_is_a_read_only_task() -> None:
    (task,) = read_bullets(TASK, SECTION)
    assert task.as_json() == {
        "id": "WORK-7",
        "title": "ログ基盤: 移行",
        "status": "DOING",
        "owner": "WORK",
        "lock": "",
        "lock_owner": "",
        "lock_expires_at": "",
        "due": "",
        "artifact": "C:\\作業\\log.md",
        "notes": "",
    }
    assert (task.line, task.read_only) == (3, True)


def test_the_revision_follows_the_section() -> None:
    changed = SECTION.replace("DOING", "DONE")
    revs = [read_bullets(TASK, text)[0].rev for text in (SECTION, "\n" + SECTION, changed)]
    assert revs[0] == revs[1] != revs[2]


def test_fenced_examples_are_no_tasks() -> None:
    assert read_bullets(TASK, f"~~~\n{SECTION}~~~\n") == []


def test_the_view_lists_it_names_the_problem_and_refuses_writes() -> None:
    view = read_ledger(TASK, parse(SECTION))
    codes = [(p.code, p.severity, p.line, p.record_id) for p in view.problems]
    assert codes == [("read-only-dialect", "row", 3, "WORK-7")]
    with pytest.raises(RowError, match="only read"):
        view.get_writable("WORK-7")
    with pytest.raises(RowError, match="no table"):
        view.add_row({"id": "001"})


def test_a_table_row_with_the_same_id_wins() -> None:
    view = read_ledger(TASK, parse(task_table("WORK-7") + "\n" + SECTION))
    assert [(task.id, task.read_only) for task in view.records] == [("WORK-7", False)]
