"""Without static/vendor in a real browser: the named files of the CDN, by hash and by policy.

No test asks the CDN: Playwright answers for it, with the files that npm gave.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import watched
from tests.sample import REPOSITORY
from tests.servers import Server, running_server

CDN = "https://cdn.jsdelivr.net"
STATIC = REPOSITORY / "static"
OTHER = f"{CDN}/npm/socket.io-client@4.8.4/dist/socket.io.js"
FILES = {
    file["cdn"]: file["name"]
    for entry in json.loads((STATIC / "vendor.json").read_text(encoding="utf-8")).values()
    for file in entry["files"]
}
SERVE = [sys.executable, "-m", "orch_next", "serve", "--port", "{port}"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve a copy of the program that has no static/vendor, as where Node is missing."""
    if not all((STATIC / "vendor" / name).is_file() for name in FILES.values()):
        pytest.skip("static/vendor is not there (scripts/vendor.py)")
    copy = tmp_path_factory.mktemp("program")
    for name in ("orch_next", "templates", "static"):
        left_out = shutil.ignore_patterns("vendor")
        shutil.copytree(REPOSITORY / name, copy / name, ignore=left_out)
    folder = tmp_path_factory.mktemp("served")
    env = {"PYTHONPATH": str(copy)}
    with running_server(folder, command=SERVE, cwd=copy, env=env) as started:
        yield started


def answer_for_the_cdn(page: Page, change: Callable[[bytes], bytes]) -> list[str]:
    """Serve npm's files at their addresses; return the list of what is asked."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        name = FILES.get(route.request.url)
        if name is None:
            route.fulfill(status=404)
            return
        body = change((STATIC / "vendor" / name).read_bytes())
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
        route.fulfill(body=body, headers=headers)

    page.route(f"{CDN}/**", answer)
    return asked


def test_the_pages_work_with_the_cdns_files_and_ask_for_nothing_else(
    browser: Browser, server: Server
) -> None:
    with watched(browser, server.url) as (page, watch):
        watch.allowed.extend(f"request to another host: {url}" for url in FILES)
        asked = answer_for_the_cdn(page, bytes)
        page.goto("/flow")
        expect(page.locator("#connection-status")).to_have_attribute("data-state", "socket")
        expect(page.locator("#taskStatusChart")).to_have_attribute("aria-label", re.compile("PLAN"))
        assert sorted(asked) == sorted(FILES)
        named = page.locator("script[integrity]").evaluate_all("all => all.map((one) => one.src)")
        assert sorted(named) == sorted(FILES)


def test_a_changed_file_of_the_cdn_is_not_run(browser: Browser, server: Server) -> None:
    with watched(browser, server.url) as (page, watch):
        watch.allowed.extend([*FILES, "integrity"])
        answer_for_the_cdn(page, lambda data: b"window.stolen = 1;" + data)
        page.goto("/")
        expect(page.locator("#connection-status")).to_have_attribute("data-state", "stream")
        assert page.evaluate("[window.stolen, window.io]") == [None, None]


def test_the_policy_allows_no_other_file_there(browser: Browser, server: Server) -> None:
    with watched(browser, server.url) as (page, watch):
        watch.allowed.extend([*FILES, OTHER, "Content Security Policy"])
        asked = answer_for_the_cdn(page, bytes)
        page.goto("/")
        refused = page.evaluate(
            """(url) => new Promise((tell) => {
              const script = Object.assign(document.createElement("script"), { src: url });
              script.addEventListener("error", () => tell("refused"));
              script.addEventListener("load", () => tell("run"));
              document.head.append(script);
            })""",
            OTHER,
        )
        expect(page.locator("#connection-status")).to_have_attribute("data-state", "socket")
        assert (refused, set(asked) - set(FILES)) == ("refused", set())


def test_without_any_of_them_the_page_still_lives(browser: Browser, server: Server) -> None:
    with watched(browser, server.url) as (page, watch):
        watch.allowed.extend([*FILES, "net::ERR_"])
        page.route(f"{CDN}/**", lambda route: route.abort())
        page.goto("/flow")
        expect(page.locator("#connection-status")).to_have_attribute("data-state", "stream")
        expect(page.locator("#durations tbody tr").first).to_be_visible()
