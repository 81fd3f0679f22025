"""Roles, refusals in the reader's language, other time zones and ended sessions, in Chromium."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import open_page, served, watched
from tests.sample import clean_environ
from tests.servers import PROJECT, Server, copy_orch

__all__ = ["served"]

NOT_ALLOWED = "あなたの役割ではこの操作はできません。"
UTC = {"TZ": "UTC"}
CLOSED_TO_VIEWERS = {
    "/console": "#btn-dispatch-start",
    "/agents": "#registerForm [type=submit]",
    "/results": "#save-outcome-open",
    "/ml": "#ml-schedule-toggle",
    "/": "#ins-form [type=submit]",
}


@pytest.fixture(scope="module")
def door(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("door")
    return served(folder, env={"ORCH_AUTH": "token", **UTC})


@pytest.fixture(scope="module")
def open_server(served: Callable[..., Server]) -> Server:
    return served(env=UTC)


@pytest.fixture
def tokyo(browser: Browser, open_server: Server) -> Iterator[Page]:
    with watched(browser, open_server.url, timezone_id="Asia/Tokyo") as (page, _watch):
        yield page


def log_in(page: Page, server: Server, role: str) -> None:
    words = [sys.executable, "-m", "orch_next", "identity", "add", f"人-{role}", "--role", role]
    environ = clean_environ(ORCH_ROOT=str(copy_orch(server.orch_root.parent.parent)))
    told = subprocess.run(words, cwd=PROJECT, env=environ, capture_output=True, check=True)
    page.goto("/login")
    page.locator("#token").fill(told.stdout.decode().split()[-1])
    page.locator(".card [type=submit]").click()
    expect(page.locator("#identity-name")).to_contain_text(role)


def test_a_viewer_is_offered_no_change(browser: Browser, door: Server) -> None:
    with watched(browser, door.url) as (page, _watch):
        log_in(page, door, "viewer")
        open_page(page, "/tasks/003")
        expect(page.locator(".cell-value").first).to_have_attribute("title", NOT_ALLOWED)
        expect(page.locator("#new-task-btn")).to_be_disabled()
        assert page.locator("[data-verbs] button").count() == 0
        page.keyboard.press("c")
        expect(page.locator(".toast-text")).to_have_text(NOT_ALLOWED)
        open_page(page, "/approvals")
        expect(page.locator("[data-decide]").first).to_be_disabled()
        for path, button in CLOSED_TO_VIEWERS.items():
            open_page(page, path)
            page.locator(button).scroll_into_view_if_needed()
            expect(page.locator(button)).to_be_disabled()
            expect(page.locator(button)).to_have_attribute("title", NOT_ALLOWED)


def test_a_role_is_offered_its_own_steps(browser: Browser, door: Server) -> None:
    with watched(browser, door.url) as (page, _watch):
        log_in(page, door, "AUDIT")
        open_page(page, "/tasks/003")
        verbs = page.locator("[data-verbs] button")
        expect(verbs).to_have_text(["完了にする", "修正を依頼"])


def test_an_ended_session_leads_to_the_login_and_back(browser: Browser, door: Server) -> None:
    with watched(browser, door.url) as (page, watch):
        log_in(page, door, "CMD")
        open_page(page, "/tasks?q=承認")
        page.context.clear_cookies()
        watch.allowed = ["401"]
        page.locator("#refresh-btn").click()
        page.locator(".toast-action", has_text="ログイン").click()
        expect(page).to_have_url(re.compile(r"/login\?next=%2Ftasks%3Fq%3D"))


def test_reasons_are_told_in_the_reader_s_language(tokyo: Page) -> None:
    open_page(tokyo, "/tasks/005")
    expect(tokyo.locator("[data-code=owner] .muted")).to_have_text(
        "担当者 WORK に当たるコアがありません"
    )


def test_stamps_without_a_zone_are_the_server_s(tokyo: Page) -> None:
    # The server runs in UTC: read on a clock in Tokyo these would be nine hours old.
    open_page(tokyo, "/rules")
    expect(tokyo.locator("#rules-body td.nowrap").first).to_have_text(re.compile("秒|分|今"))


def test_the_other_language_keeps_the_filters(tokyo: Page) -> None:
    open_page(tokyo, "/tasks")
    tokyo.locator(".task-toolbar [type=search]").fill("承認")
    expect(tokyo).to_have_url(re.compile("q="))
    tokyo.locator("#language-switch").click()
    expect(tokyo.locator("html")).to_have_attribute("lang", "en")
    expect(tokyo.locator(".task-toolbar [type=search]")).to_have_value("承認")


def test_a_list_that_was_not_read_is_not_shown_as_empty(
    browser: Browser, open_server: Server
) -> None:
    held: list[Route] = []
    with watched(browser, open_server.url) as (page, watch):
        watch.allowed = ["503"]
        page.route("**/api/approvals", lambda route: held.append(route))
        page.goto("/")
        expect(page.locator("[data-count=overdue]")).to_have_text("—")
        expect(page.locator("#total-tasks")).to_have_text("—")
        held.pop().fulfill(status=503, body="{}")
        expect(page.locator("[data-empty=mine]")).to_have_text("読み込み中…")
        page.unroute("**/api/approvals")
        expect(page.locator("[data-list=mine] li").first).to_contain_text("A002")
