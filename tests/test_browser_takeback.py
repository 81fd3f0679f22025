"""Overwrite, undo and repeat in a browser: nobody's change is lost, none is made twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser import WITHOUT_SERVER, open_page, served, watched
from tests.servers import Server

__all__ = ["served"]

MINE = "自分の内容で上書きする"
CHANGE = """async ({ id, verb, fields }) => {
  const { editTask, setStatus } = await import("/static/js/lib/edit.js");
  const { store } = await import("/static/js/lib/store.js");
  await store.ready;
  const task = globalThis.seen ?? store.task(id);
  globalThis.done = verb ? setStatus(task, verb) : editTask(task, fields);
}"""
SEE = """async (id) => {
  const { store } = await import("/static/js/lib/store.js");
  await store.ready;
  globalThis.seen = store.task(id);
}"""


@pytest.fixture(scope="module")
def server(served: Callable[..., Server]) -> Server:
    return served()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with watched(browser, server.url) as (page, watch):
        watch.allowed.append("status of 409")
        open_page(page, "/history")
        yield page


@pytest.fixture
def other(browser: Browser, server: Server) -> Iterator[Page]:
    with watched(browser, server.url) as (page, _watch):
        open_page(page, "/history")
        yield page


def row(server: Server, task_id: str) -> str:
    text = (server.orch_root / "STATE" / "TASKS.md").read_text("utf-8")
    return next(line for line in text.splitlines() if line.startswith(f"| {task_id} |"))


def change(page: Page, task_id: str, verb: str = "", **fields: str) -> None:
    """Ask for a change as the page's own buttons do; it goes on in the page."""
    page.evaluate(CHANGE, {"id": task_id, "verb": verb, "fields": fields})


def changed(page: Page, task_id: str, verb: str = "", **fields: str) -> None:
    """Change a row, and wait until the entry to take it back is found."""
    count = len(remembered(page))
    change(page, task_id, verb, **fields)
    page.wait_for_function(
        "(n) => JSON.parse(sessionStorage.getItem('orch_undo') || '[]').length > n", arg=count
    )


def remembered(page: Page) -> list[int]:
    found: list[int] = page.evaluate("JSON.parse(sessionStorage.getItem('orch_undo') || '[]')")
    return found


def toast(page: Page, text: str) -> Locator:
    return page.locator(".toast", has_text=text).last


def test_undo_takes_back_ones_own_cells_only(page: Page, other: Page, server: Server) -> None:
    changed(page, "005", "hold")
    changed(other, "005", title="相手の題名 C:\\台帳")
    assert "| 相手の題名 C:\\台帳 | HOLD |" in row(server, "005")
    toast(page, "005 を HOLD にしました").get_by_role("button", name="元に戻す").click()
    expect(toast(page, "005 を元に戻しました")).to_be_visible()
    assert "| 相手の題名 C:\\台帳 | READY |" in row(server, "005")


def test_undo_takes_back_neither_when_another_changed_the_cell(
    page: Page, other: Page, server: Server
) -> None:
    changed(page, "001", title="自分の題名")
    changed(other, "001", title="相手の題名 C:\\台帳")
    both = row(server, "001")
    toast(page, "001 を保存しました").get_by_role("button", name="元に戻す").click()
    told = "001 は元に戻せません。その後、画面の利用者が「タイトル」を変更しています。"
    expect(page.locator(".toast-error .toast-text")).to_have_text(told)
    expect(page.locator(".toast").get_by_role("button", name="元に戻す")).to_have_count(0)
    assert row(server, "001") == both
    # The newest change of this tab is the refused one: nothing older is taken back instead.
    assert remembered(page) == []


def test_mine_is_written_over_and_asked_about_again(
    page: Page, other: Page, server: Server
) -> None:
    page.evaluate(SEE, "006")
    changed(other, "006", title="二人目の題名")
    change(page, "006", title="自分の題名")
    dialog = page.locator("#conflict-dialog")
    expect(dialog).to_contain_text("二人目の題名")
    changed(other, "006", title="三人目の題名")
    dialog.get_by_role("button", name=MINE).click()
    expect(dialog).to_contain_text("三人目の題名")
    assert "| 三人目の題名 |" in row(server, "006")
    dialog.get_by_role("button", name=MINE).click()
    expect(toast(page, "006")).to_be_visible()
    assert page.evaluate("async () => (await globalThis.done).title") == "自分の題名"
    assert "| 自分の題名 |" in row(server, "006")


def test_an_event_that_is_told_again_is_heard_once(browser: Browser, server: Server) -> None:
    task = {"id": "005", "title": "二度届いた題名"}
    told = {"seq": 900, "kind": "task", "id": "005", "rev": "二", "task": task}
    line = f"event: task_updated\ndata: {json.dumps(told)}\n\n"
    asked: list[str] = []
    news: list[str] = []  # none until somebody listens

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(content_type="text/event-stream", body="retry: 50\n\n" + "".join(news))

    with watched(browser, server.url) as (page, watch):
        watch.allowed.extend(WITHOUT_SERVER)
        page.route("**/vendor/socket.io.min.js", lambda route: route.abort())
        page.route("**/events*", answer)
        page.goto("/history")
        page.evaluate("""async () => {
          const { live } = await import("/static/js/lib/live.js");
          globalThis.heard = [];
          live.on("task_updated", (event) => globalThis.heard.push(event.task.title));
        }""")
        news.append(f"{line}{line}")
        page.wait_for_function("() => globalThis.heard.length > 0")
        count = len(asked)
        while len(asked) < count + 2:  # twice in each answer, and again after each reconnect
            page.wait_for_timeout(20)
        assert page.evaluate("globalThis.heard") == ["二度届いた題名"]


def test_a_task_sent_again_after_a_lost_answer_is_one_task(
    browser: Browser, server: Server
) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    with watched(browser, server.url) as (page, watch):
        watch.allowed.extend(WITHOUT_SERVER)
        open_page(page, "/history")
        page.route("**/api/task/create", lose, times=1)
        submit = page.locator("#createTaskForm [type=submit]")
        page.keyboard.press("c")
        page.fill("#taskTitle", "一度だけ作る")
        submit.click()
        expect(page.locator("#createTaskForm .form-error")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#createTaskModal")).to_be_hidden()
        page.click("#new-task-btn")
        expect(page.locator("#createTaskModal")).to_be_visible()
        expect(page.locator("#taskTitle")).to_have_value("一度だけ作る")
        submit.click()
        expect(page.locator("#createTaskModal")).to_be_hidden()
        text = (server.orch_root / "STATE" / "TASKS.md").read_text("utf-8")
        assert text.count("一度だけ作る") == 1


def test_ctrl_z_twice_takes_back_the_last_two_changes(page: Page, server: Server) -> None:
    before = [row(server, "003"), row(server, "007")]
    changed(page, "003", title="一つ目")
    changed(page, "007", title="二つ目")
    with page.expect_response("**/api/undo/*"), page.expect_response("**/api/undo/*"):
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+z")
    expect(toast(page, "003 を元に戻しました")).to_be_visible()
    expect(toast(page, "007 を元に戻しました")).to_be_visible()
    expect(page.locator(".toast-error")).to_have_count(0)
    # Nothing offers any more what was taken back, and nothing piles up.
    expect(page.locator(".toast").get_by_role("button", name="元に戻す")).to_have_count(0)
    expect(page.locator(".toast")).to_have_count(2)
    assert ([row(server, "003"), row(server, "007")], remembered(page)) == (before, [])


def test_what_was_redone_is_the_last_change_again(page: Page, server: Server) -> None:
    before = row(server, "008")
    changed(page, "008", title="やり直す題名")
    page.keyboard.press("Control+z")
    toast(page, "008 を元に戻しました").get_by_role("button", name="やり直す").click()
    again = toast(page, "008 をやり直しました")
    expect(again.get_by_role("button", name="元に戻す")).to_be_visible()
    assert "やり直す題名" in row(server, "008")
    page.keyboard.press("Control+z")
    expect(toast(page, "008 を元に戻しました")).to_be_visible()
    expect(page.locator(".toast", has_text="008 を元に戻しました")).to_have_count(1)
    assert row(server, "008") == before


@pytest.mark.parametrize("status", [423, 503])
def test_an_undo_that_had_to_wait_can_be_asked_again(
    browser: Browser, server: Server, status: int
) -> None:
    before = row(server, "002")
    refusal = {"success": False, "error": "TASKS.md is held by another writer"}
    with watched(browser, server.url) as (page, watch):
        watch.allowed.append(f"status of {status}")
        open_page(page, "/history")
        changed(page, "002", title="待たされた題名")
        page.route(
            "**/api/undo/*", lambda route: route.fulfill(status=status, json=refusal), times=1
        )
        page.keyboard.press("Control+z")
        expect(page.locator(".toast-error")).to_contain_text("TASKS.md")
        page.keyboard.press("Control+z")
        expect(toast(page, "002 を元に戻しました")).to_be_visible()
    assert row(server, "002") == before


def test_the_text_of_a_new_task_is_there_after_leaving_the_page(page: Page) -> None:
    page.click("#new-task-btn")
    page.fill("#taskTitle", "途中の題名 C:\\台帳")
    page.select_option("#taskOwner", "AUDIT")
    page.fill("#taskNotes", "一行目\n二行目")
    open_page(page, "/rules")
    page.click("#new-task-btn")
    expect(page.locator("#taskTitle")).to_have_value("途中の題名 C:\\台帳")
    expect(page.locator("#taskOwner")).to_have_value("AUDIT")
    expect(page.locator("#taskNotes")).to_have_value("一行目\n二行目")
    page.get_by_role("button", name="入力を消す").click()
    open_page(page, "/history")
    page.click("#new-task-btn")
    expect(page.locator("#taskTitle")).to_have_value("")
