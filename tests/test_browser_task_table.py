"""The task table and 10,000 rows in a real browser: tabs, sorting, hostile cells, windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.board_page import card, cells_changed, open_board, read_tasks, row, write_ledger
from tests.browser import served, watched
from tests.servers import Server

__all__ = ["served"]

HOSTILE = "<img src=x onerror=document.title=1>"
CELLS = {
    "owner": "</script><script>document.title=2</script>",
    "lock": '"><b onmouseover=document.title=3>',
    "lock_owner": "\u202eRTL\u2066",
    "lock_expires_at": "{{7*7}}",
    "due": "'\" onfocus=document.title=4 x='",
    "artifact": "javascript:document.title=5",
    "notes": "priority=CRITICAL・<svg onload=document.title=6>",
}
FIRST = [
    row("<b>1</b>", f"{HOSTILE} {'長' * 3000}", "READY", **CELLS),
    row("002", "締切が近い", "PLAN", due="2025-10-01"),
    row("003", "締切が遠い", "PLAN", due="2999-10-01", notes="Ｐｒｉｏｒｉｔｙ"),
    row("004", "直し中", "FIX", owner="CMD"),
    row("005", "中止した", "DROP"),
    row("006", "不明", "<i>?</i>"),
]
MANY = [row(f"{number:05d}", f"課題 {number} の検証", "PLAN") for number in range(100, 10_100)]
TABS = ("all", "in-progress", "planned", "not-started", "completed")


@pytest.fixture(scope="module")
def server(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    return served(ledger=write_ledger(tmp_path_factory.mktemp("table"), FIRST + MANY))


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with watched(browser, server.url, viewport={"width": 1500, "height": 900}) as (page, _watch):
        yield page


def open_table(page: Page, query: str = "") -> None:
    page.goto(f"/tasks?view=table{query}")
    expect(page.locator('[data-widget="task-table"][data-ready]')).to_be_visible()


def shown_ids(page: Page, tab: str = "tasks", count: int = 3) -> list[str]:
    rows = page.locator(f"#{tab}-table-body tr[data-task-id]")
    expect(rows.first).to_be_visible()
    return [str(one.get_attribute("data-task-id")) for one in rows.all()[:count]]


def test_tabs_hold_every_status_and_are_counted(page: Page) -> None:
    open_table(page)
    counts = {tab: page.locator(f"#{tab}-count").inner_text() for tab in TABS}
    wanted = {"all": "10,006", "in-progress": "1", "planned": "10,003"}
    assert counts == {**wanted, "not-started": "0", "completed": "0"}
    page.locator("#all-tab").press("ArrowRight")
    expect(page.locator("#in-progress-tab")).to_be_focused()
    assert shown_ids(page, "in-progress") == ["004"]
    page.reload()
    assert shown_ids(page, "in-progress") == ["004"]


def test_sorting_is_in_the_url_and_told(page: Page) -> None:
    open_table(page, "&tab=planned")
    due = page.locator("#planned th[data-sort='due']")
    due.get_by_role("button").press("Enter")
    expect(due).to_have_attribute("aria-sort", "ascending")
    assert shown_ids(page, "planned", 2) == ["002", "003"]
    due.get_by_role("button").press("Enter")
    page.reload()
    expect(due).to_have_attribute("aria-sort", "descending")
    assert shown_ids(page, "planned", 2) == ["003", "002"]


def test_ten_thousand_rows_are_windowed(page: Page) -> None:
    open_table(page)
    rows = page.locator("#tasks-table-body tr[data-task-id]")
    assert 10 < rows.count() < 100
    page.locator("#all .table-window").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(page.locator('tr[data-task-id="10099"]')).to_be_visible()
    assert rows.count() < 100
    page.locator('[data-view-link="board"]').click()
    expect(card(page, "00100")).to_be_visible()
    assert 10 < page.locator(".cell .card").count() < 400


def test_hostile_cells_are_text(page: Page) -> None:
    open_table(page, "&q=onerror")
    line = page.locator("#tasks-table-body tr[data-task-id]")
    expect(line).to_have_count(1)
    table = page.locator("#tasks-table-body")
    for text in ("<b>1</b>", HOSTILE, CELLS["owner"], CELLS["due"], "RTL"):
        expect(table).to_contain_text(text)
    assert table.locator("img, script, svg[onload], b, i").count() == 0
    page.locator('[data-view-link="board"]').click()
    board = page.locator(".board-lanes")
    for text in ("<b>1</b>", HOSTILE, CELLS["owner"], CELLS["due"]):
        expect(board).to_contain_text(text)
    assert board.locator("img, script, b, i").count() == 0
    height = board.locator(".card").evaluate("card => card.offsetHeight")
    assert (page.title(), height) == ("タスク管理", 104)


def test_a_row_moves_its_task_on(page: Page, server: Server) -> None:
    open_table(page, "&q=締切が遠い")
    before = read_tasks(server)
    page.locator('tr[data-task-id="003"] [data-verb="promote"]').click()
    moved = page.locator('tr[data-task-id="003"]:not(.is-moving) .badge')
    expect(moved).to_have_text("READY")
    assert cells_changed(before, read_tasks(server)) == [("PLAN", "READY")]


def test_an_unknown_status_can_be_filtered_and_has_a_column(page: Page) -> None:
    open_board(page, "?status=%3Ci%3E%3F%3C%2Fi%3E")
    expect(page.locator("[data-count]")).to_have_text("10,006 件中 1 件")
    expect(page.locator('.col-head[data-status="<i>?</i>"] h3')).to_have_text("<i>?</i>")
    expect(card(page, "006")).to_be_visible()


def test_the_overview_shows_a_few_of_each(page: Page) -> None:
    page.goto("/?q=nothing")
    table = page.locator('[data-widget="task-table"]')
    table.scroll_into_view_if_needed()
    expect(table).to_have_attribute("data-ready", "")
    page.locator("#planned-tab").click()
    expect(page.locator("#planned-table-body tr")).to_have_count(8)
    page.locator("#all-tab").click()
    expect(page.locator("#tasks-table-body tr")).to_have_count(8)
    expect(page.locator("#all [data-more] a")).to_have_attribute("href", "/tasks?view=table")


def test_an_empty_ledger_says_how_to_begin(
    browser: Browser, served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty = served(ledger=write_ledger(tmp_path_factory.mktemp("empty"), []))
    with watched(browser, empty.url) as (page, _watch):
        page.goto("/tasks")
        expect(page.locator('[data-widget="board"] [data-empty="none"]')).to_be_visible()
        (empty.orch_root / "STATE" / "TASKS.md").unlink()
        page.reload()
        expect(page.locator('[data-widget="board"] [data-empty="lost"]')).to_be_visible()
