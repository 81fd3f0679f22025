"""The owner's pages in a real browser against a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from scripts.try_custom_pages import list_pages, try_pages
from tests.servers import running_server

GOOD = """<!doctype html><meta charset="utf-8"><title>{{ title }}</title>
<link rel="stylesheet" href="{{ url_for('static', filename='css/会社.css') }}">
<script src="https://cdn.example.invalid/x.js"></script>
<p id="count"></p><script>
fetch('/api/overview').then(r => r.json()).then(d => {
  document.getElementById('count').textContent = Object.keys(d).length;
  new EventSource('/events');
});
</script>"""
BAD = """<!doctype html><meta charset="utf-8"><script>
fetch('/api/own/report?x=1'); fetch('/api/own/post', {method: 'POST'});
undefinedThing();
</script>"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "templates/custom/良い.html": GOOD,
        "templates/custom/課/bad.html": BAD,
        "static/custom/css/会社.css": "p { color: red }",
    }
    for name, text in files.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "project"


@pytest.mark.slow
def test_each_page_is_tried_against_the_server(browser: Any, project: Path, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        good, bad = try_pages(browser, server.url, project, seconds=30)
    assert (good.page, good.errors, good.failed, good.external) == (
        *("良い.html", [], []),
        ["https://cdn.example.invalid/x.js"],
    )
    assert (bad.page, sorted(bad.failed), bad.is_fine) == (
        "課/bad.html",
        ["404 GET /api/own/report", "404 POST /api/own/post"],
        False,
    )
    assert [text for text in bad.errors if "undefinedThing is not defined" in text]


def test_pages_are_listed_by_their_path(project: Path) -> None:
    assert list_pages(project) == ["良い.html", "課/bad.html"]
