"""The board in a real browser: drag and drop, keyboard, touch, filters, live changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.board_page import (
    announced,
    card,
    cell,
    cells_changed,
    centre,
    drag,
    edit_tasks,
    open_board,
    read_tasks,
    row,
    stands_in,
    write_ledger,
)
from tests.browser import served, watched
from tests.live_clients import post
from tests.servers import Server

__all__ = ["served"]

WIDE = {"width": 2000, "height": 1300}
ROWS = [
    row("001", "台帳の書式を決める", due="2025-10-17", notes="priority=HIGH・確定"),
    row("002", "運用手順書の作成", due="2025-10-20"),
    row("003", "自動テストの整備", "READY"),
    row("004", "リアルタイム配信の試験", "REVIEW", artifact="docs\\a.md"),
    row("005", "承認画面の文言見直し", "FIX", owner="CMD"),
    row(
        "006",
        "旧サーバーの停止計画",
        "DOING",
        owner="AUDIT",
        lock="AUDIT_1@2099-01-01T00:00:00Z",
        lock_owner="AUDIT_1",
        lock_expires_at="2099-01-01T00:30:00Z",
    ),
    row("007", "通知の連携", "PLAN"),
    row("008", "二つの版を直す", "PLAN"),
    row("009", "ＫＡＴＡＫＡＮＡ ﾀﾞｯｼｭﾎﾞｰﾄﾞ", "READY"),
    row("010", "同じ番号", "PLAN"),
    row("010", "同じ番号その二", "PLAN"),
    row("011", "知らない状態", "WAITING"),
]


@pytest.fixture(scope="module")
def server(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    return served(ledger=write_ledger(tmp_path_factory.mktemp("board"), ROWS))


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with watched(browser, server.url, viewport=WIDE) as (page, _watch):
        yield page


def test_dragging_by_mouse_changes_one_cell(page: Page, server: Server) -> None:
    open_board(page)
    before = read_tasks(server)
    drag(page, "001", cell(page, "READY"))
    stands_in(page, "001", "READY")
    expect(page.locator(".toast-ok")).to_contain_text("001")
    assert cells_changed(before, read_tasks(server)) == [("PLAN", "READY")]


def test_a_column_that_no_step_reaches_says_why(page: Page, server: Server) -> None:
    open_board(page)
    before = read_tasks(server)
    drag(page, "002", cell(page, "DONE"))
    expect(page.locator(".toast-info")).to_contain_text("PLAN から DONE には変えられません")
    stands_in(page, "002", "PLAN")
    assert read_tasks(server) == before


def test_what_the_server_refuses_goes_back(browser: Browser, server: Server) -> None:
    with watched(browser, server.url, viewport=WIDE) as (page, watch):
        watch.allowed.append("status of 409")
        open_board(page)
        before = read_tasks(server)
        duplicate = cell(page, "PLAN").locator(".card", has_text="同じ番号その二")
        page.mouse.move(*centre(duplicate.locator(".card-title")))
        page.mouse.down()
        page.mouse.move(*centre(cell(page, "READY")), steps=4)
        page.mouse.up()
        expect(page.locator(".toast-error")).to_contain_text("010")
        expect(announced(page)).to_contain_text("PLAN に戻りました")
        expect(cell(page, "PLAN").locator(".card", has_text="同じ番号その二")).to_be_visible()
        assert read_tasks(server) == before


def test_escape_puts_a_dragged_card_back(page: Page, server: Server) -> None:
    open_board(page)
    before = read_tasks(server)
    page.mouse.move(*centre(card(page, "002").locator(".card-title")))
    page.mouse.down()
    page.mouse.move(*centre(cell(page, "READY")), steps=4)
    expect(page.locator(".card-ghost")).to_be_visible()
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".card-ghost")).to_have_count(0)
    assert (read_tasks(server), page.url.endswith("/tasks")) == (before, True)


def test_a_card_that_changed_in_the_hand_says_by_whom(page: Page, server: Server) -> None:
    open_board(page)
    page.mouse.move(*centre(card(page, "002").locator(".card-title")))
    page.mouse.down()
    page.mouse.move(*centre(cell(page, "READY")), steps=4)
    expect(page.locator(".card-ghost")).to_be_visible()
    change = {"task_id": "002", "notes": "横から", "actor": "佐藤"}
    post(server.port, "/api/tasks/update", change)
    told = "その間に佐藤が 002 を変更しました。何も移動していません。"
    expect(page.locator(".toast-info .toast-text")).to_have_text(told)
    before = read_tasks(server)
    page.mouse.up()
    stands_in(page, "002", "PLAN")
    assert read_tasks(server) == before


def test_keyboard_lifts_moves_and_drops(page: Page, server: Server) -> None:
    open_board(page)
    before = read_tasks(server)
    card(page, "007").focus()
    for key, said in [("Space", "007 を PLAN から持ち上げました"), ("ArrowRight", "READY の上")]:
        page.keyboard.press(key)
        expect(announced(page)).to_contain_text(said)
    page.keyboard.press("Space")
    stands_in(page, "007", "READY")
    expect(card(page, "007")).to_be_focused()
    assert cells_changed(before, read_tasks(server)) == [("PLAN", "READY")]


def test_arrow_keys_walk_with_one_tab_stop(page: Page) -> None:
    open_board(page, "?q=0")
    cell(page, "READY").locator(".card").first.focus()
    page.keyboard.press("ArrowRight")
    expect(cell(page, "DOING").locator(".card")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    expect(cell(page, "READY").locator(".card").nth(1)).to_be_focused()
    expect(page.locator('.cell .card[tabindex="0"]')).to_have_count(1)


def test_the_menu_lists_the_steps_of_the_status(page: Page, server: Server) -> None:
    open_board(page)
    before = read_tasks(server)
    card(page, "004").focus()
    page.keyboard.press("m")
    items = page.get_by_role("menuitem")
    expect(items.first).to_be_focused()
    verbs = [item.get_attribute("data-verb") for item in items.all()]
    assert verbs == [None, "approve_done", "request_fix", "hold"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    stands_in(page, "004", "DONE")
    assert cells_changed(before, read_tasks(server)) == [("REVIEW", "DONE")]


def test_a_lane_gives_another_owner(page: Page, server: Server) -> None:
    open_board(page, "?lanes=owner")
    before = read_tasks(server)
    drag(page, "005", cell(page, "FIX", "AUDIT"))
    stands_in(page, "005", "FIX", "AUDIT")
    assert cells_changed(before, read_tasks(server)) == [("CMD", "AUDIT")]


def test_touch_drags_after_a_long_press(browser: Browser, server: Server) -> None:
    with watched(browser, server.url, viewport=WIDE, has_touch=True) as (page, _watch):
        open_board(page)
        before = read_tasks(server)
        x, y = centre(card(page, "003").locator(".card-title"))
        to_x, to_y = centre(cell(page, "HOLD"))
        finger = page.context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            shown = [{"x": px, "y": py} for px, py in points]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": shown})

        touch("touchStart", (x, y))
        expect(page.locator(".card-ghost")).to_be_visible()
        touch("touchMove", ((x + to_x) / 2, to_y))
        touch("touchMove", (to_x, to_y))
        touch("touchEnd")
        stands_in(page, "003", "HOLD")
        assert cells_changed(before, read_tasks(server)) == [("READY", "HOLD")]


def test_search_and_filters_live_in_the_url(page: Page) -> None:
    open_board(page)
    page.locator("#task-search").fill("ダッシュボード")
    expect(page.locator("[data-count]")).to_contain_text("12 件中 1 件")
    page.locator("#task-owner").select_option("WORK")
    page.reload()
    expect(page.locator("#task-search")).to_have_value("ダッシュボード")
    expect(page.locator("#task-owner")).to_have_value("WORK")
    expect(page.locator(".cell .card")).to_have_count(1)
    page.locator("#task-owner").select_option("AUDIT")
    expect(page.locator('[data-widget="board"] [data-empty="unmatched"]')).to_be_visible()
    page.go_back()
    expect(page.locator("#task-owner")).to_have_value("WORK")
    expect(card(page, "009")).to_be_visible()
    page.locator("[data-clear-all]").click()
    expect(page.locator("[data-count]")).to_have_text("12 件")
    assert page.url.endswith("/tasks")


def test_a_second_browser_sees_the_move_and_an_outside_edit(
    browser: Browser, server: Server, page: Page
) -> None:
    open_board(page)
    with watched(browser, server.url, viewport=WIDE) as (other, _watch):
        open_board(other)
        drag(other, "008", cell(other, "HOLD"))
        stands_in(page, "008", "HOLD")
        edit_tasks(server, "二つの版を直す | HOLD", "二つの版を直す | FIX")
        for one in (page, other):
            stands_in(one, "008", "FIX")


def test_an_outside_edit_touches_only_its_card(page: Page, server: Server) -> None:
    open_board(page)
    page.evaluate(
        """() => {
          window.touched = new Set();
          new MutationObserver((records) => records.forEach(({target}) => {
            const card = target.closest?.(".card");
            if (card) window.touched.add(card.dataset.taskId);
          })).observe(document.querySelector(".board-lanes"),
            {subtree: true, childList: true, characterData: true});
        }"""
    )
    edit_tasks(server, "| 運用手順書の作成 |", "| 運用手順書の改訂 |")
    expect(card(page, "002")).to_contain_text("運用手順書の改訂")
    assert page.evaluate("[...window.touched]") == ["002"]


def test_a_lease_counts_down_and_unknown_states_have_a_column(page: Page) -> None:
    page.clock.install(time="2099-01-01T00:10:00Z")
    open_board(page)
    left = card(page, "006").locator(".mark-left")
    expect(left).to_have_text(re.compile(r"^1\d:\d\d$"))
    page.clock.fast_forward(10 * 60_000)
    expect(left).to_have_text(re.compile(r"^\d:\d\d$"))
    page.clock.fast_forward(20 * 60_000)
    expect(left).to_have_text("期限切れ")
    stands_in(page, "011", "WAITING")
