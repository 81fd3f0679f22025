"""Timeline, flow and statistics in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.board_page import row, write_ledger
from tests.browser import open_page, page, served
from tests.live_clients import post
from tests.servers import Server

__all__ = ["page", "served"]


MILESTONES = (
    "| ms_id | name | status | owner | due | kpi | description | epic_ids | task_ids | notes |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)


def in_days(days: int) -> str:
    return (date.today() + timedelta(days)).isoformat()


@pytest.fixture(scope="module")
def server(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    rows = [
        row("001", "期限を過ぎた仕事", "READY", due=in_days(-9)),
        row("002", "<i>先の仕事</i>", due=in_days(12)),
        row("003", "期限のない仕事"),
        row("004", "終わった仕事", "DONE", due=in_days(-3)),
        row("005", "遠すぎる仕事", due="9999-12-31"),
    ]
    orch = write_ledger(tmp_path_factory.mktemp("timeline"), rows)
    text = f"{MILESTONES}| M1 | 本番移行 | DOING | CMD | {in_days(5)} | - | - | - | 001 | - |\n"
    (orch / "STATE" / "MILESTONES.md").write_text(text, encoding="utf-8")
    return served(ledger=orch)


def names(page: Page) -> list[str]:
    return page.locator("#gantt-chart a.gantt-name").all_inner_texts()


def test_due_dates_and_starts_of_the_journal_stand_on_the_timeline(
    page: Page, server: Server
) -> None:
    open_page(page, "/timeline?lang=ja")
    expect(page.locator("#gantt-chart a.gantt-name")).to_have_count(3)
    assert names(page) == ["001 期限を過ぎた仕事", "002 <i>先の仕事</i>", "005 遠すぎる仕事"]
    overdue = page.locator(".gantt-row", has_text="001")
    expect(overdue).to_contain_text("9 日超過")
    expect(overdue.locator(".gantt-over")).to_be_visible()
    page.locator("#gantt-finished").check()
    expect(page.locator("#gantt-chart a.gantt-name")).to_have_count(4)
    page.get_by_role("button", name="日", exact=True).click()
    assert page.url.endswith("?lang=ja&finished=1&scale=day")
    page.reload()
    expect(page.get_by_role("button", name="日", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator("#gantt-chart a.gantt-name")).to_have_count(4)


def test_a_start_appears_as_it_is_made(page: Page, server: Server) -> None:
    open_page(page, "/timeline?lang=ja")
    bars = page.locator(".gantt-row", has_text="期限のない仕事").locator(".gantt-worked")
    expect(page.locator("#gantt-chart a.gantt-name")).to_have_count(3)
    post(server.port, "/api/task/create", {"title": "今日からの仕事", "due": in_days(3)})
    new = page.locator(".gantt-row", has_text="今日からの仕事")
    expect(new.locator(".gantt-planned")).to_be_visible()
    assert bars.count() == 0
    post(server.port, "/api/agents/claim", {"coreId": "WORK_01", "task_id": "001"})
    claimed = page.locator(".gantt-row", has_text="期限を過ぎた仕事")
    expect(claimed.locator(".gantt-worked")).to_be_visible()


def test_milestones_stand_on_it(page: Page) -> None:
    open_page(page, "/timeline?lang=ja")
    milestone = page.locator(".gantt-row", has_text="M1 本番移行")
    expect(milestone.locator(".gantt-diamond")).to_be_visible()


def test_moves_and_the_path_of_a_task_are_those_of_the_journal(page: Page, server: Server) -> None:
    post(server.port, "/api/tasks/hold", {"task_id": "003", "actor": "指揮"})
    post(server.port, "/api/tasks/promote", {"task_id": "003", "actor": "監査"})
    open_page(page, "/flow?lang=ja&task=003")
    steps = page.locator("#flow-path li:not(.path-task)")
    expect(steps).to_have_count(2)
    expect(steps.nth(0)).to_contain_text("HOLD")
    expect(steps.nth(1)).to_contain_text("監査")
    moves = page.locator("#flow-moves tbody tr", has_text="HOLD").last
    expect(moves).to_contain_text("1")
    expect(page.locator("#workflow-container > .status-ready")).to_contain_text("003")
    node = page.locator('.task-node[data-task-id="001"]')
    expect(node).to_contain_text("001")


def test_charts_are_told_in_words(page: Page) -> None:
    open_page(page, "/flow?lang=ja")
    expect(page.locator("#taskStatusChart")).to_have_attribute(
        "aria-label", "PLAN 3, READY 1, DOING 1, DONE 1"
    )
    expect(page.locator("#durations tbody tr").first).to_contain_text("リードタイム")
    page.locator("#charts-days").select_option("7")
    expect(page.get_by_role("img", name="7 日間で作成")).to_be_visible()
