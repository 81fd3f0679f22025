"""The rows that are in a page's first answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from orch_next.blueprints.first_rows import FirstRow, first_rows
from orch_next.core.schema import TASK, load_snapshot
from tests.lease_desk import TASKS_HEAD

EVIL = '<script>alert(1)</script> "図面"'


def ledger(*rows: str) -> bytes:
    return (TASKS_HEAD + "".join(rows)).encode()


def task(task_id: str, status: str, title: str = "作業", due: str = "-", notes: str = "-") -> str:
    return f"| {task_id} | {title} | {status} | WORK | - | - | - | {due} | - | {notes} |\n"


def save(root: Path, *rows: str) -> None:
    (root / "STATE" / "TASKS.md").write_bytes(ledger(*rows))


def test_columns_have_the_order_of_the_board() -> None:
    found = first_rows(
        load_snapshot(
            TASK,
            ledger(
                task("1", "READY", due="2025-12-01"),
                task("2", "READY", due="2025-10-01"),
                task("3", "READY", notes="priority＝high"),
                task("4", "DONE"),
                task("5", "DONE"),
                task("6", "待ち"),
            ),
        )
    )
    assert [[row.id for row in column] for column in found.columns] == [
        [],
        ["3", "2", "1"],
        [],
        [],
        [],
        ["5", "4"],
        [],
    ]
    assert found.columns[1][0] == FirstRow("3", "作業", "READY", "WORK", "", "HIGH")
    assert (len(found.rows), found.in_work) == (6, ())


def test_no_more_than_a_screen_shows() -> None:
    rows = [task(f"{number:03d}", "DOING", title="長" * 400) for number in range(100)]
    found = first_rows(load_snapshot(TASK, ledger(*rows)))
    assert (len(found.columns[2]), len(found.rows), len(found.in_work)) == (12, 40, 8)
    assert len(found.rows[0].title) == 301


@pytest.mark.parametrize("path", ["/tasks", "/tasks?view=table", "/"])
def test_rows_are_in_the_page_and_escaped(client: FlaskClient, orch_root: Path, path: str) -> None:
    save(orch_root, task("図/1", "DOING", title=EVIL))
    page = client.get(path).get_data(as_text=True)
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt; &#34;図面&#34;"
    assert [text in page for text in (escaped, "<script>alert")] == [True, False]
    assert re.findall(r'href="(/tasks/%[^"]*)"', page)[0] == "/tasks/%E5%9B%B3%2F1"


@pytest.mark.parametrize("path", ["/tasks?q=x", "/tasks?status=DONE", "/tasks?sort=due"])
def test_filters_show_no_wrong_rows_first(client: FlaskClient, orch_root: Path, path: str) -> None:
    save(orch_root, task("001", "DOING", title="目印"))
    found = "目印" in client.get(path).get_data(as_text=True)
    assert not found


@pytest.mark.parametrize("text", [None, "", "# 見出し\n"])
def test_a_ledger_without_rows_has_a_page(
    client: FlaskClient, orch_root: Path, text: str | None
) -> None:
    path = orch_root / "STATE" / "TASKS.md"
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    answer = client.get("/tasks")
    assert (answer.status_code, b'class="card"' in answer.data) == (200, False)
