"""A task's page in a browser: cells edited in place, conflicts, undo, attempts and live log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import open_page, served, watched
from tests.dispatch_desk import cores_toml
from tests.live_clients import post
from tests.patience import until
from tests.sample import changed_lines
from tests.servers import Server, copy_orch

__all__ = ["served"]

CORE = "WORK_SCRIPT_01"
# It goes on until the test has seen enough: a file in its folder ends it.
SCRIPT = (
    "import pathlib, time, itertools\n"
    "for number in itertools.count():\n"
    "    print('\\033[32m行', number, '\\033[0m', flush=True); time.sleep(0.02)\n"
    "    if pathlib.Path('enough').exists(): break\n"
    "print('1 %\\r100 %'); pathlib.Path('成果.md').write_text('x')\n"
    "print('ORCH_ARTIFACT=成果.md')\n"
)
REFUSED = "Failed to load resource: the server responded with a status of 409"


@pytest.fixture(scope="module")
def server(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("desk")
    config = copy_orch(folder).parent / "config"
    config.mkdir()
    (config / "cores.toml").write_text(cores_toml({CORE: SCRIPT}), encoding="utf-8")
    return served(folder)


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with watched(browser, server.url, locale="en-US") as (page, watch):
        watch.allowed.append(REFUSED)
        yield page


@pytest.fixture
def other(browser: Browser, server: Server) -> Iterator[Page]:
    with watched(browser, server.url) as (page, watch):
        watch.allowed.append(REFUSED)
        yield page


def tasks_md(server: Server) -> str:
    return (server.orch_root / "STATE" / "TASKS.md").read_bytes().decode()


def row(server: Server, task_id: str) -> str:
    return next(line for line in tasks_md(server).splitlines() if line.startswith(f"| {task_id} |"))


def cell(page: Page, name: str) -> Locator:
    return page.locator(f'[data-cell="{name}"]')


def edit(page: Page, name: str, text: str) -> Locator:
    """Open a cell by mouse and type; return its field."""
    cell(page, name).locator(".cell-value").click()
    field = cell(page, name).locator(".cell-field")
    field.fill(text)
    return field


def test_an_edit_in_place_changes_one_line(page: Page, server: Server) -> None:
    open_page(page, "/tasks/004")
    before = tasks_md(server)
    edit(page, "title", "文言の見直し A|B").press("Enter")
    expect(page.locator("h1")).to_contain_text("文言の見直し A|B")
    expect(page.locator(".cell-value").first).to_be_focused()
    ((old, new),) = changed_lines(before, tasks_md(server))
    assert new == old.replace("承認画面の文言見直し", "文言の見直し A\\|B")


def test_escape_writes_nothing_and_keeps_what_was_typed(page: Page, server: Server) -> None:
    open_page(page, "/tasks/007")
    before = tasks_md(server)
    cell(page, "artifact").locator(".cell-value").focus()
    page.keyboard.press("F2")
    page.keyboard.type(r"C:\計画\停止.md")
    # An input method's own Enter is no saving.
    cell(page, "artifact").locator(".cell-field").dispatch_event(
        "keydown", {"key": "Enter", "isComposing": True}
    )
    page.keyboard.press("Escape")
    expect(cell(page, "artifact").locator(".cell-draft")).to_contain_text(r"C:\計画\停止.md")
    assert tasks_md(server) == before
    page.reload()
    cell(page, "artifact").get_by_role("button", name="Continue").click()
    expect(cell(page, "artifact").locator(".cell-field")).to_have_value(r"C:\計画\停止.md")
    page.keyboard.press("Enter")
    expect(cell(page, "artifact").locator(".cell-value")).to_contain_text("停止.md")
    expect(cell(page, "artifact").locator(".cell-draft")).to_be_hidden()
    ((old, new),) = changed_lines(before, tasks_md(server))
    assert new == old.replace("31 | - |", r"31 | C:\計画\停止.md |")


def test_saving_what_is_there_asks_the_server_nothing(page: Page, server: Server) -> None:
    open_page(page, "/tasks/002")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    edit(page, "owner", "WORK").press("Enter")
    expect(cell(page, "owner").locator(".cell-value")).to_be_visible()
    assert "POST" not in asked


def test_notes_are_markdown_with_line_breaks(page: Page, server: Server) -> None:
    open_page(page, "/tasks/006")
    page.get_by_role("button", name="Edit", exact=True).click()
    field = cell(page, "notes").locator(".cell-field")
    field.fill("**夜間**の手順\n- 引き継ぎ depends=005\n- <script>alert(1)</script>")
    field.press("Enter")
    field.press("Backspace")
    field.press("Control+Enter")
    shown = cell(page, "notes").locator(".markdown")
    expect(shown.locator("strong")).to_have_text("夜間")
    expect(shown.locator("li")).to_have_text(["引き継ぎ depends=005", "<script>alert(1)</script>"])
    assert "手順 <br>- 引き継ぎ depends=005 <br>- <script>" in row(server, "006")
    expect(page.locator("[data-needs] a")).to_contain_text("005")
    expect(page.locator("[data-why]")).to_contain_text("Waits for another task")
    page.get_by_role("button", name="Raw").click()
    expect(cell(page, "notes").locator("pre")).to_contain_text("手順 <br>- 引き継ぎ")


def test_two_browsers_editing_one_cell_lose_nothing(
    page: Page, other: Page, server: Server
) -> None:
    open_page(page, "/tasks/001")
    open_page(other, "/tasks/001")
    field = edit(page, "title", "台帳の書式（第一案）")
    edit(other, "title", "台帳の書式（第二案）").press("Enter")
    expect(cell(page, "title").locator(".cell-changed")).to_contain_text("台帳の書式（第二案）")
    expect(field).to_have_value("台帳の書式（第一案）")
    field.press("Enter")
    dialog = page.locator("#conflict-dialog")
    expect(dialog).to_contain_text("台帳の書式（第二案）")
    expect(dialog).to_contain_text("台帳の書式（第一案）")
    dialog.get_by_role("button", name="Take theirs").click()
    expect(page.locator("h1")).to_contain_text("台帳の書式（第二案）")
    expect(cell(page, "title").locator(".cell-draft")).to_contain_text("台帳の書式（第一案）")
    cell(page, "title").get_by_role("button", name="Continue").click()
    page.keyboard.press("Enter")
    expect(other.locator("h1")).to_contain_text("台帳の書式（第一案）")
    assert "台帳の書式（第一案）" in row(server, "001")


def test_another_cells_change_is_no_conflict(page: Page, server: Server) -> None:
    open_page(page, "/tasks/002")
    field = edit(page, "owner", "AUDIT")
    body = {"task_id": "002", "due": "2025-12-24", "actor": "WORK_AI_07"}
    post(server.port, "/api/tasks/update", body)
    expect(page.locator("[data-status]")).to_contain_text("changed by WORK_AI_07")
    expect(cell(page, "owner").locator(".cell-changed")).to_be_hidden()
    field.press("Enter")
    expect(cell(page, "owner").locator(".cell-value")).to_contain_text("AUDIT")
    assert "| DONE | AUDIT | - | - | - | 2025-12-24 |" in row(server, "002")


def test_a_verb_is_taken_back_by_its_toast_and_by_ctrl_z(page: Page, server: Server) -> None:
    open_page(page, "/tasks/003")
    before = tasks_md(server)
    hold = page.locator('[data-verbs] [data-verb="hold"]')
    status = page.locator("[data-status] .badge")
    hold.click()
    expect(status).to_have_text("HOLD")
    page.locator(".toast-action").first.click()
    expect(status).to_have_text("REVIEW")
    assert tasks_md(server) == before
    hold.click()
    expect(status).to_have_text("HOLD")
    # The change is remembered once its entry was found.
    page.wait_for_function(
        "() => JSON.parse(sessionStorage.getItem('orch_undo') || '[]').length > 0"
    )
    page.keyboard.press("Control+z")
    expect(status).to_have_text("REVIEW")
    assert tasks_md(server) == before


def test_history_shows_the_diff_and_undoes_and_refuses(page: Page, server: Server) -> None:
    post(server.port, "/api/tasks/update", {"task_id": "008", "due": "2026-01-05"})
    post(server.port, "/api/tasks/update", {"task_id": "008", "due": "2026-02-05", "actor": "WORK"})
    open_page(page, "/tasks/008")
    entries = page.locator("[data-entries] .entry")
    expect(entries).to_have_count(2)
    expect(entries.first.locator("del")).to_contain_text("2026-01-05")
    expect(entries.first.locator("ins")).to_contain_text("2026-02-05")
    entries.nth(1).get_by_role("button", name="Undo").click()
    expect(page.locator(".toast-error")).to_contain_text("WORK changed Due since then")
    entries.first.get_by_role("button", name="Undo").click()
    expect(entries).to_have_count(3)
    assert "2026-01-05" in row(server, "008")
    entries.first.get_by_role("button", name="Redo").click()
    expect(entries).to_have_count(4)
    assert "2026-02-05" in row(server, "008")


def test_j_and_k_turn_to_the_next_and_previous_task(page: Page) -> None:
    open_page(page, "/tasks/002")
    expect(page.locator("[data-next]")).to_be_visible()
    page.keyboard.press("j")
    page.wait_for_url("**/tasks/003")
    expect(page.locator("[data-previous]")).to_be_visible()
    page.keyboard.press("k")
    page.wait_for_url("**/tasks/002")


def test_an_unknown_task_is_a_page_that_says_so(page: Page, server: Server) -> None:
    answer = page.request.get("/tasks/無い", headers={"Accept": "text/html"})
    assert answer.status == 404
    assert "text/html" in answer.headers["content-type"]


def test_the_dialog_of_other_pages_shows_the_task(page: Page) -> None:
    open_page(page, "/history")
    page.evaluate("import('/static/js/task/dialog.js').then(({openTask}) => { openTask('005'); })")
    expect(page.locator("#taskDetailTitle")).to_have_text("自動テストの整備")
    expect(page.locator("#taskDetailNotes")).to_have_text("対象は A | B の両環境")
    expect(page.locator("#taskDetailModel")).to_have_text("—")


def test_a_task_that_goes_away_is_told(page: Page, server: Server) -> None:
    path = server.orch_root / "STATE" / "TASKS.md"
    added = "| 2025/A | 仮 | PLAN | CMD | - | - | - | - | - | - |"
    before = path.read_bytes()
    line = row(server, "008").encode()
    path.write_bytes(before.replace(line, line + b"\n" + added.encode()))
    until(lambda: b"2025/A" in server.get("/api/tasks"))
    open_page(page, "/tasks/2025%2FA")
    field = edit(page, "due", "2026-03-01")
    path.write_bytes(before)
    expect(page.locator("[data-gone]")).to_be_visible()
    expect(field).to_have_value("2026-03-01")


def test_a_running_jobs_log_is_read_live(page: Page, server: Server) -> None:
    moc = server.orch_root.parent
    open_page(page, "/tasks/005")
    expect(page.locator("[data-why]")).to_contain_text("No core is at work")
    post(server.port, "/dispatch", {"coreId": CORE, "stay": False, "intervalSec": 1})
    log = page.locator("[data-lines]")
    expect(log).to_contain_text("行 40")
    expect(log).not_to_contain_text("[32m")
    expect(page.locator("[data-why]")).to_contain_text(CORE)
    log.evaluate("(box) => box.scrollTo(0, 0)")
    expect(page.locator("[data-follow]")).to_be_visible()
    seen = log.locator(".job-line").count()
    page.wait_for_function(
        "(seen) => document.querySelectorAll('.job-line').length > seen + 5", arg=seen
    )
    assert log.evaluate("(box) => box.scrollTop") == 0
    page.locator("[data-follow]").click()
    (moc / "enough").write_text("", encoding="utf-8")
    expect(page.locator("[data-attempts]")).to_contain_text("handed in")
    expect(log.locator(".job-line").last).to_have_text("ORCH_ARTIFACT=成果.md")
    expect(log).to_contain_text("100 %")
    expect(log).not_to_contain_text("1 %100 %")
    near = "(box) => box.scrollHeight - box.scrollTop - box.clientHeight"
    assert log.evaluate(near) < 30
    expect(page.locator("[data-status]")).to_contain_text("REVIEW")
    approval = page.locator("[data-approvals] li", has_text="pending")
    expect(approval).to_contain_text("unchanged since the request")
    (moc / "成果.md").write_text("別の内容", encoding="utf-8")
    approval.get_by_role("button", name="Approve").click()
    expect(page.locator(".evidence-warning")).to_be_visible()
    page.locator(".decision [data-close]").click()
    listed = json.loads(server.get("/api/approvals"))["approvals"]
    assert [one["status"] for one in listed if one["task_id"] == "005"] == ["pending"]


def test_a_line_is_shown_as_a_terminal_would_leave_it(page: Page) -> None:
    open_page(page, "/tasks/007")
    shown = page.evaluate(
        """async () => {
          const { plainLine } = await import('/static/js/task/log.js');
          const esc = String.fromCharCode(27);
          const lines = [`${esc}[1;31mred${esc}[0m`, `a\\rb`, `${esc}]0;title\\u0007x`, 'plain\\r'];
          return lines.map(plainLine);
        }"""
    )
    assert shown == ["red", "b", "x", "plain"]
