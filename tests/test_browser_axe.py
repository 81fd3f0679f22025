"""Each page: no WCAG 2.2 A or AA violation in either theme (axe-core), no scrolling sideways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser import open_page, served, server, watched
from tests.sample import REPOSITORY
from tests.servers import Server

__all__ = ["served", "server"]

AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
# The themes differ in colours alone: what else axe-core looks at is the same in both.
EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
THEMES: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": {"type": "tag", "values": EVERYTHING},
    "dark": {"type": "rule", "values": COLOURS},
}
RUN = """async (rules) => (await axe.run(document, {
  runOnly: rules,
  resultTypes: ["violations"],
})).violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 200))])"""
WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=360, height=800)
PAGES = ["/", "/tasks", "/tasks?view=table", "/tasks/new", "/tasks/003", "/approvals", "/ledger"]
PAGES += ["/history", "/timeline", "/flow", "/realtime", "/monitoring", "/console", "/agents"]
PAGES += ["/ml", "/ps1", "/results", "/rules", "/git", "/security"]


def violations(page: Page) -> dict[str, list[Any]]:
    """Return theme -> [rule, elements] for the page as it is in each theme."""
    found: dict[str, list[Any]] = {}
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme, rules in THEMES.items():
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found[theme] = page.evaluate(RUN, rules)
    return found


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """What the page asked for otherwise than by GET."""
    return []


@pytest.fixture(scope="module")
def opened(browser: Browser, server: Server, asked: list[str]) -> Iterator[Page]:
    """Return one page for all."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (scripts/vendor.py --dev)")
    with watched(browser, server.url) as (page, watch):
        watch.allowed.extend(["status of 400", "status of 404"])
        page.on("request", lambda one: asked.extend([one.url] if one.method != "GET" else []))
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
def test_no_violation_and_no_scrolling_sideways(opened: Page, path: str) -> None:
    opened.set_viewport_size(WIDE)
    open_page(opened, path)
    mount_all(opened)
    assert violations(opened) == {"light": [], "dark": []}
    opened.set_viewport_size(NARROW)
    opened.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", ["/", "/tasks", "/approvals"])
def test_no_violation_on_a_phone(opened: Page, path: str) -> None:
    opened.set_viewport_size(NARROW)
    open_page(opened, path)
    mount_all(opened)
    assert violations(opened) == {"light": [], "dark": []}


def test_what_is_wrong_is_found_in_either_theme(opened: Page) -> None:
    opened.set_viewport_size(NARROW)
    open_page(opened, "/history")
    opened.evaluate("""() => {
      const bad = Object.assign(document.createElement("p"), { textContent: "読めない" });
      Object.assign(bad.style, { color: "#888", backgroundColor: "#777", width: "800px" });
      const unnamed = document.createElement("button");
      document.querySelector("main").append(bad, unnamed);
    }""")
    rules = {theme: [rule for rule, _ in found] for theme, found in violations(opened).items()}
    assert rules == {"light": ["button-name", "color-contrast"], "dark": ["color-contrast"]}
    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") > 0


def test_looking_at_every_page_writes_nothing(
    opened: Page, asked: list[str], server: Server
) -> None:
    names = ("TASKS.md", "APPROVALS.md", "MILESTONES.md")
    sample, served = REPOSITORY / "ORCH" / "STATE", server.orch_root / "STATE"
    differ = [n for n in names if (sample / n).read_bytes() != (served / n).read_bytes()]
    assert (asked, differ) == ([], [])
    opened.evaluate("fetch('/api/task/create', { method: 'POST' })")
    assert len(asked) == 1


def test_no_violation_of_an_error(opened: Page) -> None:
    opened.goto("/nothing-here")
    assert violations(opened) == {"light": [], "dark": []}


def test_no_violation_of_the_login(browser: Browser, served: Callable[..., Server]) -> None:
    own = served(env={"ORCH_AUTH": "token"}, ready_path="/login")
    with watched(browser, own.url) as (page, _):
        page.goto("/login")
        assert violations(page) == {"light": [], "dark": []}
