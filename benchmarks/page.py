"""Measure the board in Chromium: first paint, readiness, long tasks, transferred bytes.

python benchmarks/page.py [--rows 12 1000 10000] [--rounds 3] [--path /tasks] [--slow]

--slow: a cold load at 150 ms round trip and 1.5 MB/s, until the first task is painted.

The median of some loads with an empty cache each, all times in ms. A "task" is what keeps the
page's thread from answering; the longest one counts: "wall" as a reader feels it on this machine
now, "cpu" what the thread computed meanwhile, which other programs do not stretch.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.board_page import row, write_ledger  # noqa: E402
from tests.servers import Server, running_server  # noqa: E402

STATUSES = ("PLAN", "READY", "DOING", "REVIEW", "FIX", "DONE", "DONE", "HOLD", "DROP")
TITLES = ("承認画面の文言見直しと英語表記の統一", "リアルタイム配信の試験", "運用手順書の作成")
ARGUMENTS = [
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
CATEGORIES = ["toplevel", "disabled-by-default-devtools.timeline"]
HEARD = """async () => {
  const { store } = await import("/static/js/lib/store.js");
  while (!store.tasks()[0].notes.includes("済")) await new Promise((go) => setTimeout(go, 50));
}"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
SLOW = {
    **{"offline": False, "latency": 150},
    **{"downloadThroughput": 1_500_000, "uploadThroughput": 1_500_000},
}
# Asked in each frame: a task is seen in the first one that follows its layout.
WATCH_ROWS = """const watch = () => {
  const seen = [...document.querySelectorAll(".cell .card, .task-table tbody tr")]
    .find((node) => node.checkVisibility() && node.getBoundingClientRect().height > 0);
  const painted = performance.getEntriesByName("first-contentful-paint").length;
  if (seen && painted) window.rowsSeen ??= performance.now();
  if (document.querySelector(".cell .card[data-key], .task-table tr[data-key]")) {
    window.rowsReady ??= performance.now();
  }
  requestAnimationFrame(watch);
};
requestAnimationFrame(watch);"""
READY = '[data-widget="board"][data-ready] .card, [data-widget="task-table"][data-ready]'


def ledger_rows(count: int) -> list[str]:
    """Return rows of all statuses, owners and priorities."""
    return [
        row(
            f"{number:05d}",
            f"{TITLES[number % len(TITLES)]} {number}",
            STATUSES[number % len(STATUSES)],
            owner=("WORK", "CMD", "AUDIT")[number % 3],
            due=f"2027-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
            notes=f"priority={('HIGH', 'LOW', 'CRITICAL', 'MEDIUM')[number % 4]}・検証 {number}",
        )
        for number in range(1, count + 1)
    ]


def watch_bytes(page: Page) -> Counter[str]:
    """Count the bytes on the wire by the kind of what was asked for, as they come in."""
    found: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")

    def note(event: dict[str, Any]) -> None:
        path = urlsplit(event["response"]["url"]).path
        # A module that was preloaded has the kind "Other".
        kinds[event["requestId"]] = {".js": "script", ".css": "style"}.get(
            Path(path).suffix, event["type"].lower()
        )

    def add(event: dict[str, Any]) -> None:
        found[kinds.get(event["requestId"], "other")] += int(event["encodedDataLength"])

    network.on("Network.responseReceived", note)
    network.on("Network.loadingFinished", add)
    return found


def longest(page: Page, act: Callable[[], object]) -> dict[str, float]:
    """Return the longest task while something is done and the page comes to rest."""
    browser = page.context.browser
    assert browser
    browser.start_tracing(page=page, categories=CATEGORIES)
    act()
    page.wait_for_timeout(700)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    named = [event for event in events if event.get("name") == "thread_name"]
    main = {(e["pid"], e["tid"]) for e in named if e["args"]["name"] == "CrRendererMain"}
    tasks = [e for e in events if e.get("name", "").endswith("RunTask") and "dur" in e]
    ours = [task for task in tasks if (task["pid"], task["tid"]) in main]
    if not ours:
        raise RuntimeError("the trace has no tasks of the page")
    wall, cpu = (max(task.get(key, 0) for task in ours) / 1000 for key in ("dur", "tdur"))
    return {"wall": wall, "cpu": cpu}


def scroll(page: Page) -> None:
    """Turn the wheel far down a column."""
    page.locator('.cell[data-status="DONE"]').hover()
    for _ in range(30):
        page.mouse.wheel(0, 2400)
        page.wait_for_timeout(16)


def type_search(page: Page) -> None:
    """Type a search, letter by letter, and clear it; each letter is searched for."""
    box = page.locator("#task-search")
    box.press_sequentially("運用手順 99", delay=130)
    page.wait_for_timeout(400)
    found = page.locator("[data-count]").inner_text()
    if " of " not in found:
        raise RuntimeError(f"nothing was searched: {found}")
    box.fill("")


def drag_around(page: Page) -> None:
    """Carry a card over all columns and put it back."""
    first = page.locator(".cell .card").first
    box = first.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(box["x"] + 40 + step * 20, box["y"] + 60 + step * 8)
        page.wait_for_timeout(8)
    page.keyboard.press("Escape")
    page.mouse.up()


def edit_outside(page: Page, folder: Path) -> None:
    """Edit one cell of the ledger as an editor does, and wait until the page knows it."""
    path = folder / "STATE" / "TASKS.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("検証 1", "検証 済1", 1), encoding="utf-8", newline="\n")
    page.evaluate(HEARD)


def load(page: Page, address: str) -> dict[str, float]:
    """Open the page and return when it was painted and ready."""
    page.goto(address, wait_until="commit")
    page.locator(READY).first.wait_for()
    ready = page.evaluate("performance.now()")
    return {"first paint": page.evaluate(PAINT), "ready": ready}


def measure_slow(browser: Browser, server: Server, path: str) -> tuple[float, float, int]:
    """Open the page over a slow line; return when tasks are painted and ready, and requests."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US")
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW)
    page.add_init_script(WATCH_ROWS)
    asked: list[object] = []
    page.on("request", lambda request: asked.append(request))
    page.goto(server.url + path, wait_until="commit")
    page.wait_for_function("() => window.rowsSeen && window.rowsReady", timeout=20_000)
    seen, ready = page.evaluate("[window.rowsSeen, window.rowsReady]")
    count = len(asked)
    context.close()
    return seen, ready, count


def measure(browser: Browser, server: Server, path: str) -> tuple[dict[str, float], Counter[str]]:
    """Open the page with an empty cache, use it, and return its figures and bytes."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US")
    page = context.new_page()
    sizes = watch_bytes(page)
    figures: dict[str, float] = {}
    acts: dict[str, Callable[[], object]] = {
        "load": lambda: figures.update(load(page, server.url + path)),
        "scroll": lambda: scroll(page),
        "search": lambda: type_search(page),
        "drag": lambda: drag_around(page),
        "outside edit": lambda: edit_outside(page, server.orch_root),
    }
    for name, act in acts.items():
        for kind, taken in longest(page, act).items():
            figures[f"{name}: longest task, {kind}"] = taken
    figures["cards in the page"] = page.locator(".cell .card").count()
    context.close()
    return figures, sizes


def run_slow(browser: Browser, rows: int, rounds: int, path: str) -> None:
    """Print when tasks are seen over a slow line."""
    with tempfile.TemporaryDirectory() as name:
        source = write_ledger(Path(name) / "source", ledger_rows(rows))
        with running_server(Path(name), source=source) as server:
            taken = [measure_slow(browser, server, path) for _ in range(rounds)]
    seen, ready, asked = (statistics.median(values) for values in zip(*taken, strict=True))
    print(f"{rows} tasks, {path}, 150 ms and 1.5 MB/s: seen {seen:.0f} ms, taken over by the")
    print(f"  scripts {ready:.0f} ms, {asked:.0f} requests")


def run(browser: Browser, rows: int, rounds: int, path: str) -> None:
    """Print the figures for a ledger of that size."""
    with tempfile.TemporaryDirectory() as name:
        source = write_ledger(Path(name) / "source", ledger_rows(rows))
        with running_server(Path(name), source=source) as server:
            fresh = (server.orch_root / "STATE" / "TASKS.md").read_bytes()
            taken = []
            for _ in range(rounds):
                (server.orch_root / "STATE" / "TASKS.md").write_bytes(fresh)
                taken.append(measure(browser, server, path))
    print(f"{rows} tasks, {path}")
    for key in taken[0][0]:
        print(f"  {key:34s} {statistics.median(figures[key] for figures, _ in taken):8.0f}")
    sizes = taken[-1][1]
    shown = ", ".join(f"{kind} {size / 1000:.0f} kB" for kind, size in sorted(sizes.items()))
    code = (sizes["script"] + sizes["style"]) / 1000
    print(f"  bytes: {shown}; scripts and styles {code:.0f} kB")


def main() -> None:
    """Read the command line and run every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[12, 1000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--path", default="/tasks")
    parser.add_argument("--slow", action="store_true", help="over a slow line")
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for rows in options.rows:
            (run_slow if options.slow else run)(browser, rows, options.rounds, options.path)
        browser.close()


if __name__ == "__main__":
    main()
