"""The dispatcher's console in a real browser: a core runs, speaks live, and is stopped."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import open_page, page, served
from tests.dispatch_desk import cores_toml
from tests.servers import Server, copy_orch

__all__ = ["page", "served"]

CORE = "WORK_SCRIPT_01"
WORK = (
    "import json,sys; t = json.load(sys.stdin)['task'];"
    "print('\\033[32m作業\\033[0m <b>' + t['title'] + '</b>', flush=True);"
    "open(t['id'] + '.md', 'w').write('成果'); print('ORCH_ARTIFACT=' + t['id'] + '.md')"
)


@pytest.fixture(scope="module")
def server(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("console")
    config = copy_orch(folder).parent / "config"
    config.mkdir()
    (config / "cores.toml").write_text(cores_toml({CORE: WORK}), encoding="utf-8")
    return served(folder=folder)


def test_a_core_is_tried_started_heard_and_stopped(page: Page, server: Server) -> None:
    open_page(page, "/console?lang=ja")
    expect(page.locator("#orch-core-suggestions option")).to_have_count(4)
    page.locator("#orch-core-id").fill(CORE)
    page.locator("#btn-dry-run").click()
    expect(page.locator("#dry-run-said strong")).to_have_text("005 自動テストの整備")
    page.locator("#orch-interval-sec").fill("1")
    page.locator("#btn-dispatch-start").click()
    session = page.locator(f'#orch-sessions tr[data-core-id="{CORE}"]')
    expect(session).to_contain_text("1 秒ごとに確認")
    expect(page.locator("#orch-dispatcher-state")).to_have_text("1 件稼働中")
    assert json.loads(server.get("/api/leases"))["dispatcher"]["limits"] == {CORE: 1}
    log = page.locator("#orch-log-panel")
    expect(log.locator(".line").first).to_have_text("005 作業 <b>自動テストの整備</b>")
    expect(log).to_contain_text("終了: done")
    session.get_by_role("button", name="今すぐ確認").click()
    expect(page.locator(".toast-ok").last).to_contain_text(f"今すぐ確認します: {CORE}")
    session.get_by_role("button", name="停止").click()
    expect(page.locator("#orch-dispatcher-state")).to_have_text("停止中")
    tasks = (server.orch_root / "STATE" / "TASKS.md").read_text(encoding="utf-8")
    assert "| 005 | 自動テストの整備 | REVIEW |" in tasks
    page.reload()
    expect(log.locator(".line")).to_have_text(
        ["005 作業 <b>自動テストの整備</b>", "005 ORCH_ARTIFACT=005.md"]
    )
    expect(log).to_contain_text("終了: done")


def test_a_session_that_is_drained_ends(page: Page) -> None:
    open_page(page, "/console?lang=ja")
    page.locator("#orch-core-id").fill(CORE)
    page.locator("#btn-dispatch-start").click()
    session = page.locator(f'#orch-sessions tr[data-core-id="{CORE}"]')
    session.get_by_role("button", name="終了待ち").click()
    expect(page.locator("#orch-dispatcher-state")).to_have_text("停止中")


def test_a_core_that_is_unknown_says_why(page: Page) -> None:
    open_page(page, "/console?lang=en")
    page.locator("#orch-core-id").fill("NOBODY_01")
    page.locator("#btn-dry-run").click()
    expect(page.locator("#dry-run-said")).not_to_be_empty()


def test_a_core_that_is_unknown_is_asked_about(page: Page, server: Server) -> None:
    open_page(page, "/console?lang=ja")
    expect(page.locator("#orch-core-suggestions option")).to_have_count(4)
    page.locator("#orch-core-id").fill("NOBODY_01")
    page.locator("#btn-dispatch-start").click()
    question = page.locator("dialog[open]")
    expect(question).to_contain_text("config/cores.toml に NOBODY_01 というコアはありません")
    question.get_by_role("button", name="キャンセル").click()
    assert json.loads(server.get("/api/leases"))["dispatcher"]["processes"] == []


def test_freeze_is_shown(page: Page, server: Server) -> None:
    flags = server.orch_root / "STATE" / "flags.md"
    text = flags.read_text(encoding="utf-8")
    flags.write_text(text.replace("FREEZE=off", "FREEZE=on"), encoding="utf-8")
    open_page(page, "/console?lang=ja")
    expect(page.locator("#orch-frozen")).to_be_visible()
    flags.write_text(text, encoding="utf-8")
    page.locator("#refresh-btn").click()
    expect(page.locator("#orch-frozen")).to_be_hidden()
