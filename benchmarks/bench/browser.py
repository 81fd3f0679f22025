"""When rows are seen in Chromium over a slow network, with nothing in its cache."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from benchmarks.bench.bare import Bodies, bare_server
from benchmarks.bench.effort import Effort
from benchmarks.bench.ledgers import serving
from benchmarks.bench.table import Found, medians
from benchmarks.page import ARGUMENTS

ROWS = 300
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_500_000,
    "uploadThroughput": 1_500_000,
}
# A frame is only drawn when nothing holds up the drawing any more: then rows are looked for.
WATCH = """
(function look() {
  const rows = document.querySelectorAll(".board .card, .task-table tbody tr, #bare tr");
  if ([...rows].some((row) => row.offsetHeight > 0)) window.rowsSeen = performance.now();
  else requestAnimationFrame(look);
})();
"""
SEEN = """async () => {
  const wait = () => new Promise((go) => setTimeout(go, 50));
  while (!window.rowsSeen && performance.now() < 20000) await wait();
  if (!window.rowsSeen) throw new Error("no rows for 20 s");
  return window.rowsSeen;
}"""
SCRIPT = """
const answer = await fetch("/rows.json");
const rows = await answer.json();
document.querySelector("#bare").innerHTML =
  rows.map((row) => `<tr><td>${row.join("</td><td>")}</td></tr>`).join("");
"""
PAGE = '<!doctype html><title>b</title><table id="bare"></table><script type="module" src="/a.js">'


def bare_page() -> Bodies:
    """Return a page, its script and its rows: three round trips, one after another."""
    rows = [[f"{number:04d}", f"作業 {number} の実装と検証", "READY"] for number in range(ROWS)]
    return {
        "/tasks": (f"{PAGE}</script>".encode(), "text/html; charset=utf-8"),
        "/a.js": (SCRIPT.encode(), "text/javascript"),
        "/rows.json": (json.dumps(rows).encode(), "application/json"),
    }


def measure(effort: Effort) -> Iterator[Found]:
    """Open the page of both servers in turns, each time with a new profile."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        ports = {
            "ours": stack.enter_context(serving(Path(folder), ROWS)).port,
            "bare": stack.enter_context(bare_server("flask", bare_page())),
        }
        playwright = stack.enter_context(sync_playwright())
        try:
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        except Error as error:
            raise RuntimeError(f"no Chromium: {str(error).splitlines()[0]}") from error
        for turn in range(effort.rounds(12) + 1):
            for name, port in ports.items():
                taken = rows_seen(browser, f"http://127.0.0.1:{port}/tasks")
                if turn:  # the first one warms up the servers and the browser
                    times[name].append(taken)
        browser.close()
    yield medians("rows-seen", times["ours"], times["bare"])


def rows_seen(browser: Browser, address: str) -> float:
    """Return the milliseconds from asking for the page to a frame with rows."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US")
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", NETWORK)
    page.add_init_script(WATCH)
    page.goto(address, wait_until="commit")
    seen: float = page.evaluate(SEEN)
    context.close()
    return seen
