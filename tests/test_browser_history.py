"""The history page in a browser: everybody's changes, filters in the URL, undo and its refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import open_page, served, watched
from tests.live_clients import post
from tests.servers import Server

__all__ = ["served"]

REFUSED = "Failed to load resource: the server responded with a status of 409"


@pytest.fixture(scope="module")
def server(served: Callable[..., Server]) -> Server:
    """Serve four changes: two of 006 by WORK and CMD, one decision, one by an editor."""
    server = served()
    edit = {"task_id": "006", "due": "2026-01-05", "actor": "WORK_AI_01", "role": "WORK"}
    post(server.port, "/api/tasks/update", edit)
    post(server.port, "/api/tasks/promote", {"task_id": "006", "actor": "CMD"})
    decision = {"appr_id": "A002", "approver": "AUDIT", "approver_role": "AUDIT", "comment": "可"}
    post(server.port, "/api/approvals/approve", decision)
    path = server.orch_root / "STATE" / "TASKS.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("旧サーバーの停止計画", "旧サーバーの停止手順"), encoding="utf-8")
    return server


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with watched(browser, server.url, locale="en-US") as (page, watch):
        watch.allowed.append(REFUSED)
        yield page


def test_everybodys_changes_stand_there_newest_first(page: Page) -> None:
    open_page(page, "/history")
    entries = page.locator(".entry")
    expect(entries).to_have_count(4)
    expect(entries.nth(0)).to_contain_text("file edit")
    expect(entries.nth(0).locator("ins")).to_contain_text("旧サーバーの停止手順")
    expect(entries.nth(1)).to_contain_text("approval A002")
    expect(entries.nth(1).locator("blockquote")).to_have_text("可")
    expect(entries.nth(2)).to_contain_text("made ready")
    expect(entries.nth(3)).to_contain_text("WORK_AI_01 (WORK), unproven, by web")


@pytest.mark.parametrize(
    ("query", "count"),
    [("kind=approval", 1), ("id=006", 2), ("actor=WORK_AI_01", 1), ("source=outside", 1)],
)
def test_filters_stand_in_the_url(page: Page, query: str, count: int) -> None:
    open_page(page, f"/history?{query}")
    expect(page.locator(".entry")).to_have_count(count)
    name, value = query.split("=")
    expect(page.locator(f"#history-{name}")).to_have_value(value)


def test_a_filter_is_chosen_and_cleared(page: Page) -> None:
    open_page(page, "/history")
    page.locator("#history-id").fill("無い")
    page.locator("#history-id").press("Enter")
    expect(page.locator("[data-none]")).to_have_text("No change fits the filter.")
    page.locator("[data-clear]").click()
    expect(page.locator(".entry")).to_have_count(4)
    assert page.url.endswith("/history")


def test_undo_and_its_refusal(page: Page, server: Server) -> None:
    later = {"task_id": "006", "due": "2026-02-05", "actor": "CMD"}
    post(server.port, "/api/tasks/update", later)
    open_page(page, "/history?id=006")
    entries = page.locator(".entry")
    expect(entries).to_have_count(3)
    before = (server.orch_root / "STATE" / "TASKS.md").read_bytes()
    entries.nth(2).get_by_role("button", name="Undo").click()
    refusal = page.locator(".toast-error .toast-text")
    expect(refusal).to_have_text("006 cannot be undone: CMD changed Due since then.")
    entries.nth(0).get_by_role("button", name="Undo").click()
    expect(entries).to_have_count(4)
    expect(entries.nth(0)).to_contain_text("takes back entry")
    entries.nth(0).get_by_role("button", name="Redo").click()
    expect(entries).to_have_count(5)
    assert (server.orch_root / "STATE" / "TASKS.md").read_bytes() == before


def test_a_change_elsewhere_appears_by_itself(page: Page, server: Server) -> None:
    open_page(page, "/history?id=008")
    expect(page.locator("[data-none]")).to_be_visible()
    post(server.port, "/api/tasks/promote", {"task_id": "008"})
    expect(page.locator(".entry")).to_have_count(1)
