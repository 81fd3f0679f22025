"""The ledger page in a browser: states, problems with their lines, the raw text, damage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import open_page, served, watched
from tests.servers import Server, copy_orch

__all__ = ["served"]

PROSE = """
#### T-90: 散文のタスク
- **task_id**: T-90
- **status**: READY
"""
SUMMARY = """
| タスクID | 状態 |
|---|---|
| 006 | DONE |
"""


@pytest.fixture(scope="module")
def server(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("ledger")
    state = copy_orch(folder) / "STATE"
    tasks = (state / "TASKS.md").read_text(encoding="utf-8")
    # line 12 repeats the id of line 11; further down stands a task that is no row
    tasks = tasks.replace("| 004 |", "| 003 |", 1) + PROSE
    (state / "TASKS.md").write_text(tasks, encoding="utf-8")
    with (state / "MILESTONES.md").open("a", encoding="utf-8") as file:
        file.write(SUMMARY)
    return served(folder)


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with watched(browser, server.url, locale="en-US") as (page, _watch):
        yield page


def test_each_file_has_its_state(page: Page) -> None:
    open_page(page, "/ledger")
    conditions = {"tasks": "warnings", "approvals": "sound", "milestones": "warnings"}
    for name, condition in conditions.items():
        tab = page.locator(f'[data-ledger="{name}"]')
        expect(tab).to_have_attribute("data-condition", condition)


def test_a_problem_leads_to_its_line(page: Page) -> None:
    open_page(page, "/ledger")
    group = page.locator('.problem-group[data-code="duplicate-id"]')
    expect(group).to_contain_text("blocks writes to the row")
    group.get_by_role("button", name="line 12").click()
    line = page.locator('.raw-line[data-line="12"]')
    expect(line).to_have_class("raw-line is-row is-target")
    expect(line.locator(".raw-text")).to_contain_text("| 003 | 承認画面の文言見直し |")
    assert "line=12" in page.url
    expect(page.locator(".raw-view")).to_be_focused()


def test_tasks_in_prose_are_told(page: Page) -> None:
    open_page(page, "/ledger")
    group = page.locator('.problem-group[data-code="read-only-dialect"]')
    expect(group).to_contain_text("Tasks found in prose")
    expect(group).to_contain_text("T-90")


def test_a_table_that_disagrees_with_the_rows_is_told(page: Page) -> None:
    open_page(page, "/ledger?file=milestones")
    group = page.locator('.problem-group[data-code="text-disagrees"]')
    expect(group).to_contain_text("Text and tables that disagree with the rows")
    expect(group).to_contain_text("006")
    group.get_by_role("button").click()
    expect(page.locator(".raw-line.is-target")).to_contain_text("| 006 | DONE |")


def test_tabs_turn_by_arrow_keys(page: Page) -> None:
    open_page(page, "/ledger")
    page.locator('[data-ledger="tasks"]').focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-ledger="approvals"]')).to_be_focused()
    expect(page.locator(".raw-view")).to_contain_text("| A001 | 002 |")
    assert "file=approvals" in page.url
    expect(page.locator("[data-problems]")).to_contain_text("None.")


def test_the_file_is_downloaded_as_it_stands(page: Page, server: Server, tmp_path: Path) -> None:
    open_page(page, "/ledger?file=approvals")
    expect(page.locator("[data-download]")).to_be_enabled()
    with page.expect_download() as download:
        page.locator("[data-download]").click()
    kept = tmp_path / "kept.md"
    download.value.save_as(kept)
    assert download.value.suggested_filename == "APPROVALS.md"
    assert kept.read_bytes() == (server.orch_root / "STATE" / "APPROVALS.md").read_bytes()


def test_damage_is_told_with_its_line_and_ends_by_itself(page: Page, server: Server) -> None:
    path = server.orch_root / "STATE" / "MILESTONES.md"
    good = path.read_bytes()
    open_page(page, "/ledger?file=milestones")
    expect(page.locator(".raw-view")).to_contain_text("本番移行")
    line = good.count(b"\n") + 1
    path.write_bytes(good + "<<<<<<< HEAD\n| M9 | 片方\n".encode())
    banner = page.locator("[data-damage]")
    expect(banner).to_contain_text("Nothing can be written to MILESTONES.md while it is damaged.")
    expect(banner).to_contain_text(f"line {line}")
    expect(page.locator('[data-ledger="milestones"]')).to_have_attribute(
        "data-condition", "damaged"
    )
    expect(page.locator(".raw-line.is-damage")).to_have_count(1)
    path.write_bytes(good)
    expect(banner).to_be_hidden()


def test_ten_thousand_lines_are_few_in_the_page(page: Page, server: Server) -> None:
    path = server.orch_root / "STATE" / "APPROVALS.md"
    good = path.read_bytes()
    path.write_bytes(good + b"\n".join(b"%d" % number for number in range(10_000)) + b"\n")
    last = good.count(b"\n") + 9_000
    open_page(page, f"/ledger?file=approvals&line={last}")
    expect(page.locator(f'.raw-line[data-line="{last}"]')).to_be_in_viewport()
    assert page.locator(".raw-line").count() < 1_500
    path.write_bytes(good)
