"""The sections of running, learning and trust in a real browser, filled by their routes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import open_page, page, served, watched
from tests.live_clients import post
from tests.repositories import Git
from tests.servers import Server, copy_orch

__all__ = ["page", "served"]


@pytest.fixture(scope="module")
def server(served: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Serve the sample in a repository with a merge, and a script that breaks two rules."""
    folder = tmp_path_factory.mktemp("sections")
    git = Git(copy_orch(folder).parent)
    git("init", "-q", "-b", "main")
    git("config", "user.name", "監査")
    git("config", "user.email", "audit@example.invalid")
    git.commit("台帳を置く")
    git("checkout", "-q", "-b", "side")
    git.commit("枝の作業", side_md="枝\n")
    git("checkout", "-q", "main")
    git.commit("幹の作業", main_md="幹\r\n")
    git("merge", "-q", "--no-ff", "-m", "枝を合わせる", "side")
    return served(folder=folder)


def test_rules_name_place_and_line(page: Page) -> None:
    open_page(page, "/rules?lang=ja")
    expect(page.locator("#rules-body tr")).to_have_count(8)
    line_ends = page.locator("#violations-body tr", has_text="main.md")
    expect(line_ends.locator("th")).to_have_text("main.md:1")
    page.locator("#violations-status").select_option("resolved")
    expect(page.locator("#violations-body")).to_contain_text("該当する違反はありません。")
    assert page.url.endswith("status=resolved")


def test_commits_show_lanes_refs_and_one_in_full(page: Page) -> None:
    open_page(page, "/git?lang=en")
    subjects = page.locator("#git-commits .link")
    expect(subjects).to_have_text(["枝を合わせる", "幹の作業", "枝の作業", "台帳を置く"])
    lanes = page.locator("#git-commits .commit").first.locator(".lane")
    expect(lanes).to_have_count(2)
    subjects.nth(2).click()
    dialog = page.locator("#git-commit")
    expect(dialog).to_contain_text("監査 <audit@example.invalid>")
    expect(dialog.locator("tbody tr")).to_have_text(["side.mdadded1"])
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_security_says_what_is_missing(page: Page) -> None:
    open_page(page, "/security?lang=ja")
    expect(page.locator("#security-checks .check-missing")).to_contain_text("ORCH_AUTH=token")
    expect(page.locator("#security-score")).to_have_text("80 / 100")
    expect(page.locator("#audit-logs")).to_contain_text("ログインの記録はありません。")
    assert page.title().endswith("セキュリティダッシュボード - ORCH統合管理システム")


def test_an_agent_registers_beats_and_reports(page: Page, server: Server) -> None:
    open_page(page, "/agents?lang=ja")
    expect(page.locator("#agentsTable tbody")).to_contain_text("まだ登録されていません")
    page.locator("#regId").fill("AG-1")
    page.locator("#regName").fill("<b>監査</b>")
    page.locator("#registerForm button").click()
    row = page.locator('#agentsTable tr[data-id="AG-1"]')
    expect(row.locator("td").first).to_have_text("<b>監査</b>")
    row.get_by_role("button", name="応答を送る").click()
    expect(row).to_contain_text("active")
    row.get_by_role("button", name="詳細").click()
    page.locator("#reportText").fill("点検 完了")
    page.locator("#reportForm button[type=submit]").click()
    expect(page.locator("#agentDialog")).to_be_hidden()
    assert "点検 完了" in server.get("/api/agents/list").decode()


def test_the_overview_tells_heartbeats_and_the_host(page: Page, server: Server) -> None:
    post(server.port, "/api/agents/heartbeat", {"id": "WORK_AI_01"})
    open_page(page, "/?lang=ja")
    expect(page.locator("#work-heartbeat")).to_contain_text("WORK_AI_01 の応答")
    expect(page.locator("#cmd-heartbeat")).to_have_text("未接続")
    expect(page.locator("#memory-details")).to_have_attribute("title", re.compile(r"GB"))


def test_readings_arrive_live_and_charts_tell_them(page: Page) -> None:
    open_page(page, "/realtime?lang=ja")
    expect(page.locator("#connectionStatus")).to_have_text("接続済み（ソケット）")
    expect(page.locator("#lastUpdate")).not_to_have_text("—")
    expect(page.get_by_role("img", name="CPU")).to_be_visible()
    open_page(page, "/monitoring?lang=ja")
    expect(page.locator("#cpu-usage")).to_contain_text("%")
    expect(page.get_by_role("img", name="測定").first).to_be_visible()


def test_what_happens_is_listed_as_it_happens(page: Page, server: Server) -> None:
    open_page(page, "/realtime?lang=ja")
    expect(page.locator("#live-log li")).to_have_count(0)
    post(server.port, "/api/tasks/hold", {"task_id": "006", "actor": "指揮"})
    expect(page.locator("#live-log li").first).to_contain_text("指揮 006 保留 → HOLD")


def test_a_result_is_recorded_and_found_again(page: Page) -> None:
    open_page(page, "/results?lang=ja")
    page.locator("#save-outcome-open").click()
    page.locator("#outcomeTask").fill("005")
    page.locator("#outcomeKind").fill("自動テスト")
    page.locator("#outcomeTime").fill("1500")
    page.locator("#saveOutcomeForm button[type=submit]").click()
    expect(page.locator("#saveOutcomeModal")).to_be_hidden()
    page.locator("#task-id-input").fill("005")
    page.locator("#outcomes-form button").click()
    expect(page.locator("#work-outcomes-body tr")).to_contain_text("自動テスト成功1.5 s")
    page.locator("#task-id-input").fill("")
    page.locator("#outcomes-search").fill("監査承認")
    page.locator("#outcomes-form button").click()
    expect(page.locator("#knowledge-found li").first).to_contain_text("001")


def test_a_script_without_enough_runs_gets_no_number(browser: Browser, server: Server) -> None:
    with watched(browser, server.url) as (page, watch):
        watch.allowed.append("Failed to load resource")  # the contract's 404
        ask_for_a_script(page)


def ask_for_a_script(page: Page) -> None:
    open_page(page, "/ps1?lang=ja")
    page.locator("#script-selector").fill("task_processor")
    with page.expect_response("**/api/ml/optimize/*") as answered:
        page.locator("#optimise-form button").click()
    said = page.locator("#optimization-result")
    if answered.value.status == 503:
        expect(said).to_contain_text("ML機能が利用できません")
    else:
        expect(said).to_contain_text("0 件です（20 件以上必要）")


def test_a_form_that_is_sent_too_early_waits_for_its_script(page: Page, server: Server) -> None:
    held: list[Route] = []
    page.route("**/js/widgets/instructions.js", lambda route: held.append(route))
    open_page(page, "/?lang=ja")
    page.locator("#ins-title").scroll_into_view_if_needed()
    page.locator("#ins-title").fill("早すぎる送信")
    for _press in range(2):
        page.locator("#ins-form button[type=submit]").click()
    assert page.url == f"{server.url}/?lang=ja"
    held[0].continue_()
    expect(page.locator("#ins-list li", has_text="早すぎる送信")).to_have_count(1)


def test_an_instruction_is_given(page: Page, server: Server) -> None:
    open_page(page, "/?lang=ja")
    page.locator("#ins-title").fill("夜間の確認")
    page.locator("#ins-form button[type=submit]").click()
    expect(page.locator("#ins-list li").first).to_contain_text("夜間の確認")
    assert "夜間の確認" in server.get("/api/work/instructions").decode()
