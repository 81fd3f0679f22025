"""Test tool: Debian's Chromium over the real server, by Playwright.

    from tests.browser import page, served     # the fixtures that a test file uses

`page` opens pages and fails its test for console errors, page errors and requests to another host.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.patience import PATIENCE_MS
from tests.servers import Server, running_server

# The shell has no window, no address bar and needs two thirds of the computing.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# The popups of the address bar, which nobody sees here, took half of the browser's time; the rest
# is what Playwright turns off, whose own list gives way to ours.
TURNED_OFF = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    *("PreloadTopChromeWebUI", "AcceptCHFrame", "AvoidUnnecessaryBeforeUnloadCheckSync"),
    *("DestroyProfileOnBrowserClose", "DialMediaRouteProvider", "GlobalMediaControls"),
    *("HttpsUpgrades", "LensOverlay", "MediaRouter", "PaintHolding", "Translate"),
    *("ThirdPartyStoragePartitioning", "AutoDeElevate", "RenderDocument", "OptimizationHints"),
)
ARGUMENTS = [
    f"--disable-features={','.join(TURNED_OFF)}",
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
# What the browser itself says while no server answers; only tests that stop one may see it.
WITHOUT_SERVER = ("net::ERR_", "WebSocket connection to", "Failed to load resource")

expect.set_options(timeout=PATIENCE_MS)


class Watch:
    """What went wrong in one browser context; `allowed` are parts of texts that may occur."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.faults: list[str] = []
        self.allowed: list[str] = []
        self._host = urlsplit(origin).netloc
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"page error: {error.error}"))
        context.on("request", lambda request: self._request(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text} {message.location.get('url', '')}")

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self._host:
            self.faults.append(f"request to another host: {url}")

    def check(self) -> None:
        """Fail for everything that was not allowed."""
        found = [f for f in self.faults if not any(part in f for part in self.allowed)]
        assert not found, "\n".join(found)


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Start Playwright for the tests of a process.

    It keeps an event loop running in the thread: neither a second Playwright nor `asyncio.run` of
    another test can start beside it.
    """
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(driver: Playwright) -> Iterator[Browser]:
    """Start one Chromium for the tests of a process; skip them where there is none."""
    with launched(driver, NAMES) as started:
        yield started


@pytest.fixture(scope="module")
def full_browser(driver: Playwright) -> Iterator[Browser]:
    """Start the Chromium with everything: the shell shows no notifications."""
    with launched(driver, NAMES[1:]) as started:
        yield started


@contextmanager
def launched(driver: Playwright, names: Sequence[str]) -> Iterator[Browser]:
    """Run the first of these programs that is installed; skip the test where none starts."""
    program = next((found for name in names if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    try:
        started = driver.chromium.launch(executable_path=program, args=ARGUMENTS)
    except Error as error:
        pytest.skip(f"Chromium does not start: {error}")
    yield started
    started.close()


@contextmanager
def watched(browser: Browser, origin: str, **options: Any) -> Iterator[tuple[Page, Watch]]:
    """Open a fresh context (cookies and storage of its own) and check it at the end.

    `options` are Playwright's: locale, color_scheme, viewport, reduced_motion, ...
    """
    chosen = {"locale": "ja-JP", "viewport": {"width": 1280, "height": 900}, **options}
    context = browser.new_context(base_url=origin, reduced_motion="reduce", **chosen)
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(context, origin)
    page = context.new_page()
    try:
        yield page, watch
        watch.check()
    finally:
        context.close()


# Each widget in sight has its script.
IN_SIGHT = """() => [...document.querySelectorAll("[data-widget]:not([data-mounted])")].every(
  (one) => !one.checkVisibility() || one.getBoundingClientRect().top > innerHeight)"""


def open_page(page: Page, path: str) -> None:
    """Go to a page and wait until the connection stands and what is in sight can be used."""
    page.goto(path)
    expect(page.locator("#connection-status")).to_have_attribute("data-state", "socket")
    page.wait_for_function(IN_SIGHT)


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Server]]:
    """Return `served(folder=None, ledger=None, env=...)`: a server, stopped after the module.

    `ledger` is a folder with STATE/TASKS.md and so on; it is copied. None is the sample.
    """
    running: list[AbstractContextManager[Server]] = []

    def serve(
        folder: Path | None = None,
        ledger: Path | None = None,
        env: Mapping[str, str] | None = None,
        ready_path: str = "/health",
    ) -> Server:
        place = folder or tmp_path_factory.mktemp("served")
        manager = running_server(place, source=ledger, env=env, ready_path=ready_path)
        server = manager.__enter__()
        running.append(manager)
        return server

    yield serve
    for manager in reversed(running):
        manager.__exit__(None, None, None)


@pytest.fixture(scope="module")
def server(served: Callable[..., Server]) -> Server:
    """Return the module's server over a copy of the sample ledgers."""
    return served()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """Open a Japanese page of the module's server, watched for errors."""
    with watched(browser, server.url) as (page, _watch):
        yield page
