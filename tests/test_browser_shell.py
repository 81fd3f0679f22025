"""The frame in a browser: create, undo, conflict, reconnect, outside edits, damage, languages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import open_page, page, served, server, watched
from tests.sample import clean_environ
from tests.servers import Server, running_server

__all__ = ["page", "served", "server"]

HOSTILE = "<img src=x onerror=alert(1)> C:\\作業 | 「引用」"


def create(page: Page, title: str) -> None:
    """Make a task with the keyboard alone."""
    page.keyboard.press("c")
    page.keyboard.insert_text(title)
    page.keyboard.press("Enter")
    expect(page.locator("#createTaskModal")).not_to_be_visible()


def tasks_text(server: Server) -> str:
    return (server.orch_root / "STATE" / "TASKS.md").read_text("utf-8")


def total(page: Page, count: int) -> None:
    expect(page.locator("#total-tasks")).to_have_text(str(count))


def test_a_task_is_created_and_taken_back_by_toast_and_by_key(page: Page, server: Server) -> None:
    open_page(page, "/")
    before = tasks_text(server)
    # A number is given once: the second task is not 009 again.
    for way, name in (("toast", "009"), ("key", "010")):
        with page.expect_response("**/api/history?kind=task*"):
            create(page, HOSTILE)
        total(page, 9)
        toast = page.locator(".toast", has_text=f"{name} を作成しました")
        if way == "toast":
            toast.get_by_role("button", name="元に戻す").click()
        else:
            expect(toast).to_be_visible()
            page.keyboard.press("Control+z")
        expect(page.locator(".toast", has_text=f"{name} を元に戻しました").last).to_be_visible()
        total(page, 8)
    assert tasks_text(server) == before


def test_ctrl_z_in_a_field_is_the_fields(page: Page, server: Server) -> None:
    open_page(page, "/")
    page.keyboard.press("/")
    page.keyboard.insert_text("003")
    page.keyboard.press("Control+z")
    expect(page.locator(".toast")).to_have_count(0)
    page.keyboard.insert_text("003")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/tasks/003")


def test_a_refused_form_keeps_what_was_typed(browser: Browser, server: Server) -> None:
    with watched(browser, server.url) as (page, watch):
        watch.allowed.append("status of 400")
        open_page(page, "/tasks/new")
        expect(page.locator("#createTaskModal")).to_be_visible()
        page.fill("#taskNotes", "備考 A|B")
        submit, why = page.locator("#createTaskForm [type=submit]"), page.locator(".form-error")
        submit.click()
        expect(why.first).to_have_text("タイトルを入力してください。")
        expect(page.locator("#taskTitle")).to_be_focused()
        page.evaluate("document.getElementById('taskTitle').value = 'x\\u0001y'")
        submit.click()
        expect(why.first).to_contain_text("実行できませんでした")
        assert page.input_value("#taskNotes") == "備考 A|B"


@pytest.mark.parametrize(
    ("locale", "text"), [("ja-JP", "あなたの確認待ち"), ("en-GB", "Waiting for me")]
)
def test_both_languages(browser: Browser, server: Server, locale: str, text: str) -> None:
    with watched(browser, server.url, locale=locale) as (page, _):
        open_page(page, "/")
        expect(page.locator("#waiting-mine-heading")).to_have_text(text)
        expect(page.locator(".mine .glance")).to_contain_text("A002")
        page.locator("#language-switch").click()
        expect(page.locator("html")).to_have_attribute("lang", "en" if locale == "ja-JP" else "ja")


def test_the_theme_follows_the_system_and_the_choice(browser: Browser, server: Server) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with watched(browser, server.url, color_scheme="dark") as (page, _):
        open_page(page, "/")
        dark = page.evaluate(background)
        page.select_option("#theme-select", "light")
        light = page.evaluate(background)
        page.reload()
        assert (page.evaluate(background), light != dark) == (light, True)
        page.select_option("#theme-select", "system")
        assert page.evaluate(background) == dark


def test_the_menu_of_a_phone(browser: Browser, server: Server) -> None:
    with watched(browser, server.url, viewport={"width": 390, "height": 800}) as (page, _):
        open_page(page, "/")
        link = page.locator("#sidebar-list a", has_text="承認")
        expect(link).not_to_be_visible()
        page.locator("#menu-btn").click()
        expect(link).to_be_visible()
        page.keyboard.press("Escape")
        expect(link).not_to_be_visible()
        expect(page.locator("#menu-btn")).to_be_focused()


def test_search_finds_by_title_and_says_when_nothing_fits(page: Page, server: Server) -> None:
    open_page(page, "/")
    page.keyboard.press("/")
    page.keyboard.insert_text("通知")
    expect(page.locator("#search-results [role=option]")).to_have_count(1)
    expect(page.locator("#search-results")).to_contain_text("008")
    page.fill("#search-box", "どこにもない")
    expect(page.locator("#search-results")).to_contain_text("該当するタスクはありません。")
    page.fill("#search-box", "00")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"{re.escape(server.url)}/tasks/002"))


def test_the_first_page_stays_small_and_asks_nobody_else(browser: Browser, server: Server) -> None:
    sizes: list[int] = []
    with watched(browser, server.url) as (page, _):
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        kinds: dict[str, str] = {}

        def finished(event: Any) -> None:
            if kinds.get(event["requestId"]) in {"Script", "Stylesheet"}:
                sizes.append(event["encodedDataLength"])

        session.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
        session.on("Network.loadingFinished", finished)
        open_page(page, "/")
        for _step in range(12):
            page.mouse.wheel(0, 900)
            page.wait_for_timeout(100)
        expect(page.locator("[data-widget]:not([data-mounted])")).to_have_count(0)
    # 4 kB of them are the headers of about 80 answers.
    assert (len(sizes) > 20, sum(sizes) < 306_000) == (True, True), sum(sizes)


def test_who_is_logged_in_stands_at_the_side(browser: Browser, tmp_path: Path) -> None:
    env = {"ORCH_AUTH": "token"}
    with running_server(tmp_path, env=env, ready_path="/login") as own:
        token = add_identity(own)
        with watched(browser, own.url) as (page, watch):
            watch.allowed.append("status of 401")
            page.goto("/tasks")
            page.fill("#token", token)
            page.keyboard.press("Enter")
            expect(page).to_have_url(f"{own.url}/tasks")
            expect(page.locator("#identity-name")).to_contain_text("田中")
            expect(page.locator("#connection-status")).to_have_attribute("data-state", "socket")
            page.get_by_role("button", name="ログアウト").click()
            expect(page.locator("#token")).to_be_visible()


def add_identity(server: Server) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "orch_next", "identity", "add", "田中", "--role", "CMD"],
        env=clean_environ(ORCH_ROOT=str(server.orch_root)),
        capture_output=True,
        text=True,
    )
    found = re.search(r"orch_\S+", done.stdout + done.stderr)
    assert found, done.stdout + done.stderr
    return found[0]
