"""Live news in a browser: two of them, a restart, edits from outside, damage, notifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import WITHOUT_SERVER, open_page, served, watched
from tests.servers import Server, running_server, start_server, wait_until_ready

__all__ = ["served"]

WAITING = "| A003 | 005 | READY→DOING | pending | WORK | - | - | 2025-10-16T00:00:00Z | - | - |"
SECOND = WAITING.replace("A003", "A004").replace("READY→DOING", "監査 \\| 証拠")


@pytest.fixture(scope="module")
def shared(served: Callable[..., Server]) -> Server:
    return served()


@pytest.fixture
def own(shared: Server) -> Iterator[Server]:
    """The module's server, whose ledgers a test may spoil: they are put back after it."""
    folder = shared.orch_root / "STATE"
    before = {path: path.read_bytes() for path in folder.glob("*.md")}
    yield shared
    for path, data in before.items():
        path.write_bytes(data)


def edit(server: Server, name: str, change: Callable[[str], str]) -> None:
    path = server.orch_root / "STATE" / name
    path.write_text(change(path.read_text("utf-8")), encoding="utf-8", newline="")


def tasks_text(server: Server) -> str:
    return (server.orch_root / "STATE" / "TASKS.md").read_text("utf-8")


def ask(server: Server) -> None:
    """Put one more pending approval into the file, as an agent's script would."""
    edit(server, "APPROVALS.md", lambda text: text.replace("| A002 |", f"{WAITING}\n| A002 |"))


def total(page: Page, count: int) -> None:
    expect(page.locator("#total-tasks")).to_have_text(str(count))


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
            expect(page.locator("#connection-status")).to_have_text("Connected")
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
        ask(own)
        expect(page).to_have_title("(2) タスク管理")
        expect(page.locator("#sidebar-list [data-pending]")).to_have_text("2")


# Keeps what is shown to the user; the notification itself is the browser's own.
LISTEN = """
  globalThis.told = [];
  globalThis.Notification = new Proxy(Notification, {
    construct: (target, given) => (told.push(given[0]), new target(...given)),
  });
  globalThis.leave = () => Object.defineProperty(document, "hidden", { value: true });
"""


def test_who_wants_it_is_told_of_a_new_approval_while_away(
    full_browser: Browser, own: Server
) -> None:
    with watched(full_browser, own.url) as (page, _):
        page.context.grant_permissions(["notifications"])
        page.add_init_script(LISTEN)
        open_page(page, "/tasks")
        expect(page.locator("#notify-switch")).not_to_be_checked()
        page.locator("#notify-switch").check()
        page.reload()
        expect(page.locator("#notify-switch")).to_be_checked()
        expect(page).to_have_title("(1) タスク管理")
        # Somebody who looks at the page sees the count; only who is away is called.
        ask(own)
        expect(page).to_have_title("(2) タスク管理")
        assert page.evaluate("told") == []
        page.evaluate("leave()")
        edit(own, "APPROVALS.md", lambda text: text.replace(WAITING, f"{WAITING}\n{SECOND}"))
        expect(page).to_have_title("(3) タスク管理")
        assert page.evaluate("told") == ["A004 が承認待ちです: 監査 | 証拠"]
        page.locator("#notify-switch").uncheck()
        edit(own, "APPROVALS.md", lambda text: text.replace("| A004 |", "| A005 |"))
        page.wait_for_function(
            "() => import('/static/js/lib/store.js').then(({ store }) => store.approval('A005'))"
        )
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        assert len(page.evaluate("told")) == 1


def test_a_browser_that_allows_no_notification_says_so(browser: Browser, own: Server) -> None:
    with watched(browser, own.url, locale="en-US") as (page, _):
        page.context.clear_permissions()
        open_page(page, "/tasks")
        page.locator("#notify-switch").click()
        expect(page.locator(".toast-error")).to_contain_text("does not allow notifications")
        expect(page.locator("#notify-switch")).not_to_be_checked()


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
