"""The first answer of a page shows tasks already: without scripts, escaped, to those who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.board_page import row, write_ledger
from tests.browser import watched
from tests.servers import Server, running_server

TITLE = "承認画面 <script>alert(1)</script> C:\\作業"
ROWS = [
    *(row("001", TITLE, "DOING"), row("002", "普通の優先度", "READY")),
    row("003", "急ぎの配信試験", "READY", notes="priority=CRITICAL"),
    *(row(f"1{number:02d}", f"完了 {number}", "DONE") for number in range(20)),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("first")
    with running_server(folder, source=write_ledger(folder / "source", ROWS)) as running:
        yield running


@pytest.fixture
def plain(browser: Browser, server: Server) -> Iterator[Page]:
    """Return a page without scripts."""
    context = browser.new_context(
        java_script_enabled=False, base_url=server.url, locale="ja-JP", viewport=WINDOW
    )
    yield context.new_page()
    context.close()


WINDOW: ViewportSize = {"width": 1280, "height": 900}


def test_the_board_shows_its_first_cards_in_their_order(plain: Page) -> None:
    plain.goto("/tasks")
    expect(plain.locator(".card-title", has_text=TITLE)).to_be_visible()
    ready = plain.locator('.cell[data-status="READY"] .card-title')
    assert ready.all_inner_texts() == ["急ぎの配信試験", "普通の優先度"]
    done = plain.locator('.cell[data-status="DONE"] .card-title')
    assert done.all_inner_texts() == [f"完了 {number}" for number in range(19, 11, -1)]


def test_the_overview_shows_what_is_in_work(plain: Page) -> None:
    plain.goto("/")
    rows = plain.locator("#in-progress-table-body tr")
    expect(rows).to_have_count(1)
    expect(rows.locator("a")).to_have_text(TITLE)
    expect(plain.locator("#completed-count")).to_have_text("20")


@pytest.mark.parametrize("query", ["?q=配信", "?view=table", "?tab=all", "?owner=CMD"])
def test_a_search_is_not_answered_with_other_rows(plain: Page, query: str) -> None:
    plain.goto(f"/tasks{query}")
    expect(plain.locator("[data-first]")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/tasks"])
def test_the_scripts_take_the_first_rows_over(browser: Browser, server: Server, path: str) -> None:
    with watched(browser, server.url) as (page, _):
        page.goto(path)
        expect(page.locator("[data-key]").first).to_be_visible()
        expect(page.locator("[data-first]")).to_have_count(0)


def test_a_change_is_in_the_next_page(tmp_path: Path, plain: Page) -> None:
    source = write_ledger(tmp_path / "source", ROWS)
    with running_server(tmp_path, source=source) as own:
        ledger = own.orch_root / "STATE" / "TASKS.md"
        for title in ("普通の優先度", "変更後"):
            text = ledger.read_text(encoding="utf-8").replace("普通の優先度", title)
            ledger.write_text(text, encoding="utf-8", newline="\n")
            for _ in range(3):
                plain.goto(f"{own.url}/tasks")
                expect(plain.locator('.cell[data-status="READY"]')).to_contain_text(title)
        ledger.unlink()
        plain.goto(f"{own.url}/tasks")
        expect(plain.locator("[data-first]")).to_have_count(0)
