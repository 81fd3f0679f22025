"""The frame in a browser: create, undo, conflict, reconnect, outside edits, damage, languages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import WITHOUT_SERVER, open_page, page, served, server, watched
from tests.sample import clean_environ
from tests.servers import Server, running_server, start_server, wait_until_ready

__all__ = ["page", "served", "server"]

HOSTILE = "<img src=x onerror=alert(1)> C:\\作業 | 「引用」"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, whose ledgers it may spoil."""
    with running_server(tmp_path) as started:
        yield started


def create(page: Page, title: str) -> None:
    """Make a task with the keyboard alone."""
    page.keyboard.press("c")
    page.keyboard.insert_text(title)
    page.keyboard.press("Enter")
    expect(page.locator("#createTaskModal")).not_to_be_visible()


def edit(server: Server, name: str, change: Callable[[str], str]) -> None:
    path = server.orch_root / "STATE" / name
    path.write_text(change(path.read_text("utf-8")), encoding="utf-8", newline="")


def tasks_text(server: Server) -> str:
    return (server.orch_root / "STATE" / "TASKS.md").read_text("utf-8")


def total(page: Page, count: int) -> None:
    expect(page.locator("#total-tasks")).to_have_text(str(count))


def test_a_task_is_created_and_taken_back_by_toast_and_by_key(page: Page, server: Server) -> None:
    open_page(page, "/")
    before = tasks_text(server)
    # A number is given once: the second task is not 009 again.
    for way, name in (("toast", "009"), ("key", "010")):
        with page.expect_response("**/api/history?kind=task*"):
            create(page, HOSTILE)
        total(page, 9)
        toast = page.locator(".toast", has_text=f"{name} を作成しました")
        if way == "toast":
            toast.get_by_role("button", name="元に戻す").click()
        else:
            expect(toast).to_be_visible()
            page.keyboard.press("Control+z")
        expect(page.locator(".toast", has_text=f"{name} を元に戻しました").last).to_be_visible()
        total(page, 8)
    assert tasks_text(server) == before


def test_ctrl_z_in_a_field_is_the_fields(page: Page, server: Server) -> None:
    open_page(page, "/")
    page.keyboard.press("/")
    page.keyboard.insert_text("003")
    page.keyboard.press("Control+z")
    expect(page.locator(".toast")).to_have_count(0)
    page.keyboard.insert_text("003")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/tasks/003")


def test_a_refused_form_keeps_what_was_typed(browser: Browser, server: Server) -> None:
    with watched(browser, server.url) as (page, watch):
        watch.allowed.append("status of 400")
        open_page(page, "/tasks/new")
        expect(page.locator("#createTaskModal")).to_be_visible()
        page.fill("#taskNotes", "備考 A|B")
        submit, why = page.locator("#createTaskForm [type=submit]"), page.locator(".form-error")
        submit.click()
        expect(why.first).to_have_text("タイトルを入力してください。")
        expect(page.locator("#taskTitle")).to_be_focused()
        page.evaluate("document.getElementById('taskTitle').value = 'x\\u0001y'")
        submit.click()
        expect(why.first).to_contain_text("実行できませんでした")
        assert page.input_value("#taskNotes") == "備考 A|B"


# What a page's own code would do; no widget needs to be there.
HOLD = """async () => {
  const { setStatus } = await import("/static/js/lib/edit.js");
  const { store } = await import("/static/js/lib/store.js");
  await store.ready;
  globalThis.frozen ??= store.task("006");
  globalThis.done = setStatus(globalThis.frozen, "hold");
}"""
TITLE = """async (title) => {
  const { editTask } = await import("/static/js/lib/edit.js");
  const { store } = await import("/static/js/lib/store.js");
  await store.ready;
  return (await editTask(store.task("006"), { title })).title;
}"""


def test_two_browsers_see_each_other_and_settle_a_conflict(browser: Browser, own: Server) -> None:
    with watched(browser, own.url) as (one, first), watched(browser, own.url) as (other, _):
        first.allowed.append("status of 409")
        for page in (one, other):
            open_page(page, "/")
        one.evaluate("""async () => {
          const { store } = await import("/static/js/lib/store.js");
          await store.ready;
          globalThis.frozen = store.task("006");
        }""")
        other.evaluate(TITLE, "相手の題名")
        expect(one.locator(".overdue")).to_contain_text("006 相手の題名")
        one.evaluate(HOLD)
        dialog = one.locator("#conflict-dialog")
        expect(dialog).to_contain_text("相手の題名")
        expect(dialog).to_contain_text("HOLD")
        dialog.get_by_role("button", name="自分の内容で上書きする").click()
        assert one.evaluate("async () => (await globalThis.done).status") == "HOLD"
        expect(other.locator(".overdue .glance li", has_text="006")).to_contain_text("HOLD")
        assert "| 006 | 相手の題名 | HOLD |" in tasks_text(own)


def test_taking_theirs_writes_nothing(browser: Browser, own: Server) -> None:
    with watched(browser, own.url) as (page, watch):
        watch.allowed.append("status of 409")
        open_page(page, "/")
        page.evaluate("globalThis.frozen = { id: '006', status: 'PLAN', rev: 'an older one' }")
        before = tasks_text(own)
        page.evaluate(HOLD)
        page.get_by_role("button", name="現在の内容のままにする").click()
        assert page.evaluate("() => globalThis.done") is None
        assert tasks_text(own) == before


def test_nothing_is_lost_over_a_restart(browser: Browser, tmp_path: Path) -> None:
    with (
        running_server(tmp_path) as first,
        watched(browser, first.url, locale="en-US") as (page, watch),
    ):
        watch.allowed.extend(WITHOUT_SERVER)
        open_page(page, "/")
        first.stop()
        expect(page.locator("#connection-status")).to_have_text("Disconnected")
        edit(
            first,
            "TASKS.md",
            lambda text: text.replace("| 006 | 運用", "| 006 | 停止中の編集 運用"),
        )
        second = start_server(tmp_path, port=first.port)
        try:
            wait_until_ready(second)
            expect(page.locator("#connection-status")).to_have_text("Connected", timeout=30_000)
            expect(page.locator(".overdue")).to_contain_text("停止中の編集")
            edit(second, "TASKS.md", lambda text: text.replace("停止中の編集", "再開後の編集"))
            expect(page.locator(".overdue")).to_contain_text("再開後の編集")
        finally:
            second.stop()


def test_without_sockets_the_event_stream_carries_the_news(browser: Browser, own: Server) -> None:
    with watched(browser, own.url) as (page, watch):
        watch.allowed.extend(WITHOUT_SERVER)
        page.route("**/vendor/socket.io.min.js", lambda route: route.abort())
        page.goto("/")
        status = page.locator("#connection-status")
        expect(status).to_have_attribute("data-state", "stream")
        edit(own, "TASKS.md", lambda text: text.replace("運用手順書", "外から直した手順書"))
        expect(page.locator(".overdue")).to_contain_text("外から直した手順書")


def test_the_title_counts_pending_approvals(browser: Browser, own: Server) -> None:
    with watched(browser, own.url) as (page, _):
        open_page(page, "/tasks")
        expect(page).to_have_title("(1) タスク管理")
        row = "| A003 | 005 | READY→DOING | pending | WORK | - | - | 2025-10-16T00:00:00Z | - | - |"
        edit(own, "APPROVALS.md", lambda text: text.replace("| A002 |", f"{row}\n| A002 |"))
        expect(page).to_have_title("(2) タスク管理")
        expect(page.locator("#sidebar-list [data-pending]")).to_have_text("2")


def test_damage_is_told_at_once_and_forgotten_when_mended(browser: Browser, own: Server) -> None:
    with watched(browser, own.url) as (page, _):
        open_page(page, "/")
        banner = page.locator("#damage-banner")
        expect(banner).to_have_text("")
        whole = tasks_text(own)
        lines = whole.count("\n")
        edit(own, "TASKS.md", lambda text: text + "<<<<<<< HEAD\n")
        expect(banner).to_contain_text("TASKS.md が壊れているか見つからないため")
        expect(banner).to_contain_text(f"TASKS.md:{lines + 1}")
        expect(banner).to_contain_text("マージの衝突マーカーが残っています")
        expect(page.locator("#new-task-btn")).to_be_disabled()
        total(page, 8)
        edit(own, "TASKS.md", lambda _: whole)
        expect(banner).to_have_text("")
        expect(page.locator("#new-task-btn")).to_be_enabled()


def test_a_ledger_nobody_could_read_is_not_counted(browser: Browser, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "STATE").mkdir(parents=True)
    (source / "STATE" / "TASKS.md").write_bytes(b"\xff")
    with (
        running_server(tmp_path, source=source, ready_path="/login") as own,
        watched(browser, own.url, locale="en-US") as (page, watch),
    ):
        watch.allowed.append("status of 500")
        page.goto("/")
        expect(page.locator("#damage-banner")).to_contain_text("TASKS.md cannot be read")
        expect(page.locator("#total-tasks")).to_have_text("—")
        expect(page.locator("#work-status")).to_have_text("Error")


@pytest.mark.parametrize(
    ("locale", "text"), [("ja-JP", "あなたの確認待ち"), ("en-GB", "Waiting for me")]
)
def test_both_languages(browser: Browser, server: Server, locale: str, text: str) -> None:
    with watched(browser, server.url, locale=locale) as (page, _):
        open_page(page, "/")
        expect(page.locator("#waiting-mine-heading")).to_have_text(text)
        expect(page.locator(".mine .glance")).to_contain_text("A002")
        page.locator("#language-switch").click()
        expect(page.locator("html")).to_have_attribute("lang", "en" if locale == "ja-JP" else "ja")


def test_the_theme_follows_the_system_and_the_choice(browser: Browser, server: Server) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with watched(browser, server.url, color_scheme="dark") as (page, _):
        open_page(page, "/")
        dark = page.evaluate(background)
        page.select_option("#theme-select", "light")
        light = page.evaluate(background)
        page.reload()
        assert (page.evaluate(background), light != dark) == (light, True)
        page.select_option("#theme-select", "system")
        assert page.evaluate(background) == dark


PAGES = ["/", "/tasks", "/tasks/003", "/approvals", "/ledger", "/history", "/timeline", "/flow"]
PAGES += ["/realtime", "/monitoring", "/console", "/agents", "/ml", "/ps1", "/results", "/rules"]
PAGES += ["/git", "/security"]


def test_phones_scroll_only_down(browser: Browser, server: Server) -> None:
    wide = "document.documentElement.scrollWidth - innerWidth"
    with watched(browser, server.url, viewport={"width": 360, "height": 800}) as (page, _):
        found = {}
        for path in PAGES:
            open_page(page, path)
            found[path] = page.evaluate(wide)
    assert {path: over for path, over in found.items() if over > 0} == {}


def test_the_menu_of_a_phone(browser: Browser, server: Server) -> None:
    with watched(browser, server.url, viewport={"width": 390, "height": 800}) as (page, _):
        open_page(page, "/")
        link = page.locator("#sidebar-list a", has_text="承認")
        expect(link).not_to_be_visible()
        page.locator("#menu-btn").click()
        expect(link).to_be_visible()
        page.keyboard.press("Escape")
        expect(link).not_to_be_visible()
        expect(page.locator("#menu-btn")).to_be_focused()


def test_search_finds_by_title_and_says_when_nothing_fits(page: Page, server: Server) -> None:
    open_page(page, "/")
    page.keyboard.press("/")
    page.keyboard.insert_text("通知")
    expect(page.locator("#search-results [role=option]")).to_have_count(1)
    expect(page.locator("#search-results")).to_contain_text("008")
    page.fill("#search-box", "どこにもない")
    expect(page.locator("#search-results")).to_contain_text("該当するタスクはありません。")
    page.fill("#search-box", "00")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"{re.escape(server.url)}/tasks/002"))


def test_the_first_page_stays_small_and_asks_nobody_else(browser: Browser, server: Server) -> None:
    sizes: list[int] = []
    with watched(browser, server.url) as (page, _):
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        kinds: dict[str, str] = {}
        session.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
        session.on(
            "Network.loadingFinished",
            lambda e: (
                kinds.get(e["requestId"]) in {"Script", "Stylesheet"}
                and sizes.append(e["encodedDataLength"])
            ),
        )
        open_page(page, "/")
        for _step in range(12):
            page.mouse.wheel(0, 900)
            page.wait_for_timeout(100)
        expect(page.locator("[data-widget]:not([data-mounted])")).to_have_count(0)
    assert (len(sizes) > 20, sum(sizes) < 300_000) == (True, True), sum(sizes)


def test_who_is_logged_in_stands_at_the_side(browser: Browser, tmp_path: Path) -> None:
    env = {"ORCH_AUTH": "token"}
    with running_server(tmp_path, env=env, ready_path="/login") as own:
        token = add_identity(own)
        with watched(browser, own.url) as (page, watch):
            watch.allowed.append("status of 401")
            page.goto("/tasks")
            page.fill("#token", token)
            page.keyboard.press("Enter")
            expect(page).to_have_url(f"{own.url}/tasks")
            expect(page.locator("#identity-name")).to_contain_text("田中")
            expect(page.locator("#connection-status")).to_have_attribute("data-state", "socket")
            page.get_by_role("button", name="ログアウト").click()
            expect(page.locator("#token")).to_be_visible()


def add_identity(server: Server) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "orch_next", "identity", "add", "田中", "--role", "CMD"],
        env=clean_environ(ORCH_ROOT=str(server.orch_root)),
        capture_output=True,
        text=True,
    )
    found = re.search(r"orch_\S+", done.stdout + done.stderr)
    assert found, done.stdout + done.stderr
    return found[0]
