"""axe-core finds no WCAG 2.2 A or AA violation on any page in either theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import open_page, served, server, watched
from tests.sample import REPOSITORY
from tests.servers import Server

__all__ = ["served", "server"]

AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  resultTypes: ["violations"],
})).violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 200))])"""
PAGES = ["/", "/tasks", "/tasks?view=table", "/tasks/new", "/tasks/003", "/approvals", "/ledger"]
PAGES += ["/history", "/timeline", "/flow", "/realtime", "/monitoring", "/console", "/agents"]
PAGES += ["/ml", "/ps1", "/results", "/rules", "/git", "/security"]


def violations(page: Page) -> dict[str, list[Any]]:
    """Return theme -> [rule, elements] for the page as it is in each theme."""
    found = {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found[theme] = page.evaluate(RUN)
    return found


@pytest.fixture(scope="module")
def opened(browser: Browser, server: Server) -> Iterator[Page]:
    """Return one page for all."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (scripts/vendor.py --dev)")
    with watched(browser, server.url) as (page, watch):
        watch.allowed.append("status of 404")
        yield page


def mount_all(page: Page) -> None:
    """Scroll down until every widget is there, then up again."""
    page.evaluate("""async () => {
      for (const root of document.querySelectorAll("[data-widget]:not([data-mounted])")) {
        root.scrollIntoView();
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      scrollTo(0, 0);
    }""")
    expect(page.locator("[data-widget]:not([data-mounted], [hidden])")).to_have_count(0)


@pytest.mark.parametrize("path", PAGES)
def test_no_violation(opened: Page, path: str) -> None:
    open_page(opened, path)
    mount_all(opened)
    assert violations(opened) == {"light": [], "dark": []}


def test_no_violation_of_an_error(opened: Page) -> None:
    opened.goto("/nothing-here")
    assert violations(opened) == {"light": [], "dark": []}


def test_no_violation_of_the_login(browser: Browser, served: Callable[..., Server]) -> None:
    own = served(env={"ORCH_AUTH": "token"}, ready_path="/login")
    with watched(browser, own.url) as (page, _):
        page.goto("/login")
        assert violations(page) == {"light": [], "dark": []}
