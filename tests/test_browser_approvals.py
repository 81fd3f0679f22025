"""The approval queue in a browser: order, evidence, decisions by mouse and keyboard, paper."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import open_page, served, watched
from tests.live_clients import post
from tests.sample import changed_lines
from tests.servers import Server, copy_orch

__all__ = ["served"]

HEAD = (
    "# APPROVALS.md\n\n| appr_id | task_id | op | status | requested_by | approver |"
    " approver_role | ts_req | ts_dec | evidence |\n|---|---|---|---|---|---|---|---|---|---|\n"
)
EVIDENCE = r"C:\Users\User\MOC\ORCH\patches\003.md"


def asked(number: int, day: int, evidence: str = EVIDENCE) -> str:
    time = f"2025-10-{day:02}T01:00:00Z"
    cells = f"A{number:03} | 003 | 審査{number} | pending | WORK | - | - | {time} | - | {evidence}"
    return f"| {cells} |\n"


def decided(number: int, day: int) -> str:
    times = f"2025-09-{day:02}T01:00:00Z | 2025-09-{day:02}T02:00:00Z"
    return f"| A{number:03} | 002 | 実装 | approved | WORK | AUDIT | AUDIT | {times} | - |\n"


LEDGER = (
    HEAD
    + "".join(decided(number, number) for number in range(1, 4))
    + asked(10, 9)
    + asked(11, 7)
    + asked(12, 8, "-")
    + asked(13, 10, "patches/無い.md")
)


@pytest.fixture(scope="module")
def server(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("approvals")
    root = copy_orch(folder)
    (root / "STATE" / "APPROVALS.md").write_text(LEDGER, encoding="utf-8")
    (root / "patches").mkdir()
    (root / "patches" / "003.md").write_text("# 差分\n+ 一行\n", encoding="utf-8")
    return served(folder)


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with watched(browser, server.url, locale="en-US") as (page, watch):
        # A row may go away while its evidence is being read.
        watch.allowed.append("/api/approvals/A020/evidence")
        yield page


def approvals_md(server: Server) -> str:
    return (server.orch_root / "STATE" / "APPROVALS.md").read_bytes().decode()


def ids(page: Page) -> list[str]:
    rows = page.locator("#approvals-table-body tr")
    return [str(row.get_attribute("data-appr-id")) for row in rows.all()]


def entry_of(server: Server, appr_id: str) -> Any:
    answer = json.loads(server.get(f"/api/history?kind=approval&id={appr_id}"))
    return answer["entries"][0]


def test_pending_ones_come_first_and_the_oldest_of_them(page: Page) -> None:
    open_page(page, "/approvals")
    expect(page.locator("[data-waiting]")).to_have_text("4 waiting")
    assert ids(page) == ["A011", "A012", "A010", "A013", "A003", "A002", "A001"]
    headings = page.locator(".approvals-table thead th").all_text_contents()
    assert [text.strip() for text in headings][:7] == [
        *("Approval ID", "Task ID", "Operation", "Status", "Requested by", "Approver"),
        "Requested",
    ]
    expect(page.locator(".detail-evidence .evidence-text")).to_have_text("# 差分\n+ 一行\n")
    missing = page.locator('tr[data-appr-id="A013"] .row-evidence')
    expect(missing).to_have_text("not found below the MOC root")


def test_filter_and_search_stand_in_the_url(page: Page) -> None:
    open_page(page, "/approvals?status=approved")
    expect(page.locator("#approvals-table-body tr")).to_have_count(3)
    page.locator("#approvals-status").select_option("")
    page.locator("#approvals-search").fill("審査12")
    expect(page.locator("#approvals-table-body tr")).to_have_count(1)
    assert "q=" in page.url and "status" not in page.url
    page.reload()
    expect(page.locator("#approvals-search")).to_have_value("審査12")
    expect(page.locator("#approvals-table-body tr")).to_have_count(1)


def test_paper_has_the_list_and_its_filter_and_no_buttons(page: Page) -> None:
    open_page(page, "/approvals?status=pending")
    expect(page.locator("#approvals-table-body tr")).to_have_count(4)
    page.emulate_media(media="print")
    expect(page.locator("[data-printed]")).to_contain_text("Filter: pending — 4 approvals")
    for hidden in (".toolbar", ".decision-buttons", ".sidebar", "[data-detail]"):
        expect(page.locator(hidden).first).to_be_hidden()
    header = page.locator(".approvals-table thead")
    assert header.evaluate("(node) => getComputedStyle(node).display") == "table-header-group"


def test_a_decision_by_keyboard_keeps_its_note(page: Page, server: Server) -> None:
    before = approvals_md(server)
    open_page(page, "/approvals")
    expect(page.locator("#approvals-table-body tr")).to_have_count(7)
    page.keyboard.press("j")
    expect(page.locator('tr[data-appr-id="A012"]')).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator('tr[data-appr-id="A010"]')).to_be_focused()
    assert "id=A010" in page.url
    page.keyboard.press("k")
    page.keyboard.press("r")
    dialog = page.locator(".decision")
    expect(dialog).to_contain_text("Reject A012?")
    expect(dialog).to_contain_text("Evidence: no evidence given")
    expect(page.locator("#decision-note")).to_be_focused()
    page.keyboard.type("証拠を付けてください")
    page.keyboard.press("Escape")
    assert approvals_md(server) == before
    page.keyboard.press("r")
    expect(page.locator("#decision-note")).to_have_value("証拠を付けてください")
    page.locator("#decision-role").select_option("AUDIT")
    page.locator("#decision-note").press("Control+Enter")
    expect(page.locator("[data-waiting]")).to_have_text("3 waiting")
    expect(page.locator('tr[data-appr-id="A011"]')).to_be_focused()
    ((_, new),) = changed_lines(before, approvals_md(server))
    assert new.startswith("| A012 | 003 | 審査12 | rejected | WORK | AUDIT | AUDIT |")
    assert entry_of(server, "A012")["comment"] == "証拠を付けてください"


def test_approving_by_mouse_is_undone_from_the_toast(page: Page, server: Server) -> None:
    open_page(page, "/approvals?id=A010")
    before = approvals_md(server)
    page.locator("[data-detail]").get_by_role("button", name="Approve A010").click()
    dialog = page.locator(".decision")
    expect(dialog).to_contain_text("リアルタイム配信の試験")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.locator('tr[data-appr-id="A010"] .badge')).to_have_text("approved")
    page.locator(".toast-action").first.click()
    expect(page.locator('tr[data-appr-id="A010"] .badge')).to_have_text("pending")
    assert approvals_md(server) == before


def test_one_who_asked_does_not_decide(page: Page, server: Server) -> None:
    path = server.orch_root / "STATE" / "APPROVALS.md"
    text = path.read_text(encoding="utf-8")
    row = asked(20, 2).replace("WORK", "AUDIT")
    path.write_text(text + row, encoding="utf-8")
    open_page(page, "/approvals")
    expect(page.locator('tr[data-appr-id="A020"]')).to_be_visible()
    page.keyboard.press("a")
    # The role that did not ask is proposed; the other one is refused, and the note stays.
    expect(page.locator("#decision-role")).to_have_value("CMD")
    page.locator("#decision-note").fill("自分で承認")
    page.locator("#decision-role").select_option("AUDIT")
    page.locator(".decision [data-confirm]").click()
    expect(page.locator(".decision .cell-error")).to_contain_text("Not done:")
    expect(page.locator("#decision-note")).to_have_value("自分で承認")
    page.locator(".decision [data-close]").click()
    path.write_text(text, encoding="utf-8")
    expect(page.locator('tr[data-appr-id="A020"]')).to_have_count(0)


def test_changed_evidence_is_told_loudly(page: Page, server: Server) -> None:
    artifact = server.orch_root.parent / "005.md"
    artifact.write_text("成果", encoding="utf-8")
    claimed = post(server.port, "/api/agents/claim", {"coreId": "WORK_01", "task_id": "005"})
    report = {"job_id": "005", "token": claimed["token"], "status": "REVIEW", "artifact": "005.md"}
    post(server.port, "/api/leases/report", report)
    listed = json.loads(server.get("/api/approvals"))["approvals"]
    (appr_id,) = [one["appr_id"] for one in listed if one["task_id"] == "005"]
    open_page(page, f"/approvals?id={appr_id}")
    expect(page.locator(".detail-evidence [data-state]")).to_have_text(
        "unchanged since the request"
    )
    artifact.write_text("すりかえ", encoding="utf-8")
    page.reload()
    expect(page.locator(".detail-evidence .evidence-warning")).to_be_visible()
    expect(page.locator(f'tr[data-appr-id="{appr_id}"] .row-evidence')).to_have_text(
        "changed since the request"
    )
    page.locator(f'tr[data-appr-id="{appr_id}"]').focus()
    page.keyboard.press("a")
    expect(page.locator(".decision .evidence-warning")).to_be_visible()
    page.keyboard.press("Escape")


def test_a_damaged_ledger_takes_the_buttons_away(page: Page, server: Server) -> None:
    path: Path = server.orch_root / "STATE" / "APPROVALS.md"
    text = path.read_bytes()
    open_page(page, "/approvals")
    button = page.locator("[data-detail] [data-decide]").first
    expect(button).to_be_enabled()
    path.write_bytes(text + b"<<<<<<< HEAD\n")
    expect(button).to_be_disabled()
    page.keyboard.press("a")
    expect(page.locator(".decision")).to_have_count(0)
    path.write_bytes(text)
    expect(button).to_be_enabled()
