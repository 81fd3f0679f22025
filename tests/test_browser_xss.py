"""Hostile cells in every column of all three ledgers, on every page: they stay text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from orch_next.blueprints.pages import VIEWS
from tests.browser import open_page, served, watched
from tests.live_clients import post
from tests.servers import Server, copy_orch

__all__ = ["served"]

# Each would call `stolen()`, add an element `.planted`, or leave the page.
ATTACKS = (
    "<script>stolen()</script>",
    "<img src=x onerror=stolen() class=planted>",
    '"><svg onload=stolen() class=planted>',
    "'-stolen()-'",
    "</script><script>stolen()</script>",
    "javascript:stolen()",
    "[x](javascript:stolen())",
    "<iframe srcdoc='<script>parent.stolen()</script>' class=planted></iframe>",
    "{{7*7}}${stolen()}",
    "<a href=javascript:stolen() class=planted autofocus onfocus=stolen()>",
    "<b class=planted>",
)
COLUMNS = {
    "TASKS.md": "id title status owner lock lock_owner lock_expires_at due artifact notes",
    "APPROVALS.md": "appr_id task_id op status requested_by approver approver_role ts_req ts_dec"
    " evidence",
    "MILESTONES.md": "ms_id name status owner due kpi description epic_ids task_ids notes",
}
STATUSES = {"TASKS.md": "REVIEW", "APPROVALS.md": "pending", "MILESTONES.md": "DOING"}
EVENTS = "['click', 'keydown', 'focus', 'input']"
TASK = "x<img src=x onerror=stolen() class=planted>"
PAGES = [
    *VIEWS,
    "/tasks/new",
    "/tasks/T1",
    "/tasks/x%3Cimg%20src=x%20onerror=stolen()%20class=planted%3E",
]


def ledger(name: str) -> str:
    """Return a table in which every column has every attack, and one ordinary row."""
    columns = COLUMNS[name].split()
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for number, attack in enumerate(ATTACKS):
        cells = [attack.replace("|", "\\|") for _ in columns]
        # Unique ids and a status that offers the verbs' buttons; the rest is the attack.
        cells[0] = f"{attack}{number}"
        if number % 2:
            cells[columns.index("status")] = STATUSES[name]
        lines.append(f"| {' | '.join(cells)} |")
    plain = [*(["T1"] if name == "TASKS.md" else ["P1"]), *ATTACKS[: len(columns) - 1]]
    plain[columns.index("status")] = STATUSES[name]
    lines.append(f"| {' | '.join(plain)} |")
    if name == "TASKS.md":
        lines.append(f"| {TASK} | {ATTACKS[1]} | READY | WORK | - | - | - | - | - | {ATTACKS[6]} |")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def server(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("xss")
    state = copy_orch(folder) / "STATE"
    for name in COLUMNS:
        (state / name).write_text(ledger(name), encoding="utf-8")
    server = served(folder)
    # The journal and the agents keep such text as well.
    edit = {"task_id": "T1", "notes": ATTACKS[1], "actor": ATTACKS[0], "role": ATTACKS[2]}
    post(server.port, "/api/tasks/update", edit)
    post(
        server.port, "/api/agents/register", {"id": "a1", "name": ATTACKS[1], "tags": [ATTACKS[2]]}
    )
    post(server.port, "/api/work/instructions", {"title": ATTACKS[1], "detail": ATTACKS[2]})
    return server


@pytest.fixture(scope="module")
def window(browser: Browser, server: Server) -> Iterator[Page]:
    """Open one page for all URLs: what an attack did to one of them is seen at its end."""
    with watched(browser, server.url) as (page, _watch):
        page.add_init_script("window.stolen = () => { window.wasStolen = true; };")
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
        yield page


@pytest.mark.parametrize("path", PAGES)
def test_hostile_cells_stay_text(window: Page, path: str) -> None:
    open_page(window, path)
    # Widgets mount as they come near: the whole page is to be seen.
    window.evaluate(
        """async () => {
          for (let y = 0; y <= document.body.scrollHeight; y += 600) {
            scrollTo(0, y);
            await new Promise((done) => requestAnimationFrame(done));
          }
        }"""
    )
    expect(window.locator("[data-widget]:not([data-mounted]):visible")).to_have_count(0)
    assert window.evaluate("Boolean(window.wasStolen)") is False
    assert window.locator(".planted, main script, main iframe").count() == 0
    bad = "[href^='javascript:' i], [src^='javascript:' i], [onerror], [onload], [onfocus]"
    assert window.locator(bad).count() == 0


def test_the_dialogs_stay_text_too(window: Page) -> None:
    open_page(window, "/approvals?status=pending")
    window.locator("#approvals-table-body tr").first.focus()
    window.keyboard.press("a")
    expect(window.locator(".decision summary")).to_be_visible()
    assert window.locator(".planted").count() == 0
    window.keyboard.press("Escape")
    window.evaluate("import('/static/js/task/dialog.js').then((m) => { m.openTask('T1'); })")
    expect(window.locator("#taskDetailsModal")).to_be_visible()
    assert window.locator(".planted").count() == 0
    assert window.evaluate("Boolean(window.wasStolen)") is False


def test_an_attack_that_works_is_noticed(window: Page) -> None:
    open_page(window, "/history")
    window.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<b class=planted>')"
    )
    assert window.locator(".planted").count() == 1
    window.evaluate("stolen()")
    assert window.evaluate("Boolean(window.wasStolen)") is True
