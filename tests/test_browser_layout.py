"""Nothing is clipped, cut in mid-word or off the screen; colours and words say what is so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.board_page import row, write_ledger
from tests.browser import open_page, served, watched
from tests.live_clients import post
from tests.servers import Server

__all__ = ["served"]

LOW = {"width": 1280, "height": 720}
WIDE = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}
LONG = "画面の文言を見直す AVeryLongUnbrokenWordThatGoesOn"
OVER = {
    "lock": "WORK_AI_01@2025-10-07T00:00:00Z",
    "lock_owner": "WORK_AI_01",
    "lock_expires_at": "2025-10-07T00:30:00Z",
}
STATUSES = ["PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE"]
# The elements whose content is wider than they are, and does not say so by an ellipsis.
CLIPPED = """(places) => places.filter((one) => one.scrollWidth > one.clientWidth + 1
  && getComputedStyle(one).textOverflow !== "ellipsis").map((one) => one.textContent.trim())"""

# As where the extra is not installed.
WITHOUT_EXTRAS = """new MutationObserver(() => {
  if (document.body) document.body.dataset.extras = "none";
}).observe(document, { childList: true, subtree: true });"""


@pytest.fixture(scope="module")
def server(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    rows = [
        row(
            f"{100 + at}",
            LONG,
            STATUSES[at % 6],
            owner="WORK_AI_01",
            due="2025-10-08",
            artifact="成果.md",
            **OVER,
        )
        for at in range(60)
    ]
    folder = write_ledger(tmp_path_factory.mktemp("layout"), rows)
    approvals = folder / "STATE" / "APPROVALS.md"
    pending = "| A001 | 100 | REVIEW→DONE | pending | WORK_AI_01 | - | - | 2025-10-07T15:30:00Z "
    text = approvals.read_text("utf-8") + f"{pending}| - | docs/証跡.md |\n"
    approvals.write_text(text, "utf-8", newline="\n")
    return served(ledger=folder)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_table_scrolls_in_its_box_only(
    browser: Browser, server: Server, size: dict[str, int]
) -> None:
    with watched(browser, server.url, viewport=size, locale="en-US") as (page, _watch):
        open_page(page, "/tasks?view=table")
        expect(page.locator("#tasks-table-body tr[data-task-id]").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0


def test_an_empty_chart_says_so_and_its_axis_is_the_period(
    browser: Browser, server: Server
) -> None:
    nothing = {"success": True, "data": {"performance": [], "response_times": []}}
    with watched(browser, server.url, viewport=LOW, locale="en-US") as (page, _watch):
        page.route("**/metrics/history*", lambda route: route.fulfill(json=nothing))
        open_page(page, "/monitoring")
        said = page.locator(".chart-nothing:not([hidden])")
        expect(said).to_have_text(["Nothing has been measured in this period yet."] * 2)


def test_cells_of_the_table_are_whole_or_say_that_they_are_not(
    browser: Browser, server: Server
) -> None:
    with watched(browser, server.url, viewport=WIDE, locale="en-US") as (page, _watch):
        open_page(page, "/tasks?view=table")
        expect(page.locator("#tasks-table-body tr[data-task-id]").first).to_be_visible()
        cells = "#tasks-table-body :is(.cell-owner, .cell-lock, .cell-actions)"
        assert page.locator(cells).evaluate_all(CLIPPED) == []
        first = page.locator("#tasks-table-body .cell-lock").first
        expect(first).to_have_text("WORK_AI_01expired")
        assert page.locator("#tasks-table-body .cell-lock .mark").evaluate_all(CLIPPED) == []
        button = page.locator("#tasks-table-body .cell-actions .btn").first
        inside = "(one) => one.getBoundingClientRect().left >= one.closest('td')\
.getBoundingClientRect().left"
        assert button.evaluate(inside)


@pytest.mark.parametrize("lang", ["en-US", "ja-JP"])
@pytest.mark.parametrize("size", [LOW, WIDE], ids=["low", "wide"])
def test_the_queue_of_approvals_fits_its_box(
    browser: Browser, server: Server, size: dict[str, int], lang: str
) -> None:
    with watched(browser, server.url, viewport=size, locale=lang) as (page, _watch):
        open_page(page, "/approvals")
        line = page.locator("tr[data-appr-id='A001']")
        expect(line).to_be_visible()
        box = page.locator(".approvals .table-scroll")
        assert box.evaluate("(one) => one.scrollWidth - one.clientWidth") <= 0
        expect(line.locator("td").nth(2)).to_have_css("white-space", "nowrap")


def test_everything_of_the_sidebar_is_on_a_low_screen(browser: Browser, server: Server) -> None:
    with watched(browser, server.url, viewport=LOW) as (page, _watch):
        open_page(page, "/history")
        foot = page.locator(".sidebar-foot").bounding_box()
        assert foot is not None and foot["y"] + foot["height"] <= LOW["height"]


@pytest.mark.parametrize("path", ["/rules", "/console"])
def test_tables_are_cards_on_a_phone(browser: Browser, server: Server, path: str) -> None:
    with watched(browser, server.url, viewport=PHONE, locale="en-US") as (page, _watch):
        open_page(page, path)
        cells = page.locator("table.cards tbody td[data-label]")
        expect(cells.first).to_be_visible()
        assert cells.evaluate_all(CLIPPED) == []
        widths = "(places) => places.map((one) => one.getBoundingClientRect().width)"
        assert min(cells.evaluate_all(widths)) > 250


def test_text_of_the_flow_stays_in_its_boxes(browser: Browser, server: Server) -> None:
    with watched(browser, server.url, viewport=LOW) as (page, _watch):
        open_page(page, "/flow")
        nodes = page.locator(".task-node")
        expect(nodes.first).to_be_visible()
        room = """(nodes) => nodes.map((one) => one.querySelector("rect").getBBox().width
          - one.querySelector("text").getBBox().width - 8)"""
        assert min(nodes.evaluate_all(room)) > 0
        expect(page.locator(".workflow-node")).to_have_count(8)
        tops = page.locator(".workflow-node").evaluate_all(
            "(all) => all.map((one) => one.getBoundingClientRect().top)"
        )
        assert len(set(tops)) == 1


def test_a_core_is_at_work_while_it_holds_a_lease_only(browser: Browser, server: Server) -> None:
    with watched(browser, server.url, viewport=LOW) as (page, _watch):
        open_page(page, "/")
        card = page.locator('.ai-core-card[data-core="WORK"]')
        card.scroll_into_view_if_needed()
        expect(card.locator("#work-status")).to_have_text("待機中")
        expect(card.locator("#work-current-state")).to_contain_text("DOING は 10 件")
        expect(card.locator("#work-heartbeat")).to_have_text("未接続")


def test_the_timeline_opens_at_its_rows_and_counts_the_others(
    browser: Browser, server: Server
) -> None:
    with watched(browser, server.url, viewport=LOW) as (page, _watch):
        open_page(page, "/timeline")
        first = page.locator(".gantt-due").first
        expect(first).to_be_in_viewport()
        page.locator("#gantt-today").click()
        expect(page.locator("#gantt-outside")).to_contain_text("← 以前 50 件")


def test_what_is_not_installed_is_not_asked_for(browser: Browser, server: Server) -> None:
    with watched(browser, server.url, viewport=LOW, locale="en-US") as (page, _watch):
        page.add_init_script(WITHOUT_EXTRAS)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for path in ("/ml", "/ps1", "/realtime"):
            open_page(page, path)
        expect(page.locator("#alertContainer li").first).to_be_visible()
        assert [url for url in asked if "/api/ml/" in url] == []
        open_page(page, "/ml")
        expect(page.locator("#ml-db-section [data-state]")).to_contain_text("orch-next[ml]")


def test_good_news_is_green_and_a_missing_check_is_no_health(
    browser: Browser, server: Server
) -> None:
    with watched(browser, server.url, viewport=LOW) as (page, _watch):
        open_page(page, "/approvals")
        badge = page.locator("[data-waiting]")
        expect(badge).to_have_class("badge status-pending")
        no = {"appr_id": "A001", "approver": "監査", "approver_role": "AUDIT", "comment": "否"}
        post(server.port, "/api/approvals/reject", no)
        expect(badge).to_have_class("badge badge-ok")
        open_page(page, "/security")
        expect(page.locator("#overall-status")).to_have_text("警告")
