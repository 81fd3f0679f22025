"""Pages: titles, the contract's ids, languages, problems; no inline code, no foreign hosts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.blueprints.language import tell_problem
from orch_next.core.schema import Problem
from tests.sample import REPOSITORY

# contract 1.2, Pages; the others are ours
TITLES = {
    "/": "ORCH統合管理システム",
    "/tasks": "タスク管理",
    "/tasks/new": "新規タスク作成",
    "/approvals": "承認管理",
    "/ml": "ML/DB統合",
    "/ps1": "PS1パラメータ最適化",
    "/results": "作業結果データベース",
    "/agents": "Agents Management",
    "/realtime": "ORCH-Next Phase 4 リアルタイム監視ダッシュボード",
    "/monitoring": "ORCH 監視ダッシュボード",
    "/security": "セキュリティダッシュボード - ORCH統合管理システム",
    "/console": "コンソール",
    "/tasks/001": "001 UI統合テスト",
    "/timeline": "タイムライン",
    "/flow": "フロー",
    "/ledger": "台帳",
    "/history": "履歴",
    "/rules": "ルール",
    "/git": "Git",
}
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
HOSTILE = '"><script>alert(1)</script>{{ 7 * 7 }}'


class Reader(HTMLParser):
    """Collects what a page holds: ids, (tag, attributes) pairs, text by innermost tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [found["id"] or ""] if "id" in found else []

    def handle_data(self, data: str) -> None:
        self.texts.append((self.tags[-1][0] if self.tags else "", data.strip()))


def read(client: FlaskClient, path: str, language: str = "ja") -> Reader:
    answer = client.get(path, headers={**BROWSER, "Accept-Language": language})
    assert answer.status_code == 200
    return Reader(answer.get_data(as_text=True))


@pytest.mark.parametrize(("path", "title"), TITLES.items())
@pytest.mark.parametrize("language", ["ja", ""])
def test_titles(reader: FlaskClient, path: str, title: str, language: str) -> None:
    assert ("title", title) in read(reader, path, language).texts


@pytest.mark.parametrize(
    ("language", "lang"),
    [("ja-JP,en;q=0.5", "ja"), ("en-US", "en"), ("fr", "en"), ("fr, *;q=0.1", "ja"), ("", "ja")],
)
def test_the_page_speaks_the_readers_language(
    client: FlaskClient, language: str, lang: str
) -> None:
    assert ("html", {"lang": lang}) in read(client, "/", language).tags


def test_an_asked_language_wins_and_is_remembered(client: FlaskClient) -> None:
    asked = client.get("/tasks?lang=en&view=table", headers={"Accept-Language": "ja"})
    cookie = asked.headers["Set-Cookie"]
    assert [part for part in ("orch_lang=en", "SameSite=Lax", "Path=/") if part not in cookie] == []
    assert ("html", {"lang": "en"}) in read(client, "/approvals").tags
    links = re.findall(r'href="\?([^"]*lang=ja[^"]*)"', asked.text)
    assert [sorted(link.split("&amp;")) for link in links] == [["lang=ja", "view=table"]]


def test_a_language_we_do_not_have_is_no_wish(client: FlaskClient) -> None:
    answer = client.get("/?lang=tlh", headers={"Accept-Language": "en"})
    assert ('<html lang="en">' in answer.text, "Set-Cookie" in answer.headers) == (True, False)


def test_a_shared_cache_keeps_the_languages_apart(client: FlaskClient) -> None:
    answer = client.get("/")
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))


@pytest.mark.parametrize("path", TITLES)
def test_a_page_asks_nobody_else_and_runs_nothing_inline(reader: FlaskClient, path: str) -> None:
    page = read(reader, path)
    names = ("src", "href", "action")
    links = [tag[name] or "" for _, tag in page.tags for name in names if name in tag]
    assert [link for link in links if "//" in link] == []
    assert [name for _, tag in page.tags for name in tag if name.startswith(("on", "style"))] == []
    assert [tag for tag in page.tags if tag[0] == "style"] == []
    assert all(tag.get("src") for name, tag in page.tags if name == "script")


@pytest.mark.parametrize("path", TITLES)
def test_ids_are_unique_and_labels_point_at_fields(reader: FlaskClient, path: str) -> None:
    page = read(reader, path)
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []
    names = ("for", "aria-labelledby", "aria-controls", "aria-describedby", "list")
    wanted = {
        one for _, tag in page.tags for name in names for one in (tag.get(name) or "").split()
    }
    assert wanted - set(page.ids) == set()


def test_the_main_page_has_every_id_of_the_contract(client: FlaskClient) -> None:
    wanted = (REPOSITORY / "tests/data/html/main-page-ids.txt").read_text("utf-8").split()
    found = Counter(read(client, "/").ids)
    assert {name: found[name] for name in wanted} == dict.fromkeys(wanted, 1)


@pytest.mark.parametrize("path", TITLES)
def test_every_widget_of_a_page_has_its_script(reader: FlaskClient, path: str) -> None:
    widgets = {tag["data-widget"] for _, tag in read(reader, path).tags if "data-widget" in tag}
    folder = REPOSITORY / "static" / "js" / "widgets"
    assert [name for name in widgets if not (folder / f"{name}.js").exists()] == []


@pytest.mark.parametrize("path", TITLES)
def test_everything_a_page_names_is_there(reader: FlaskClient, path: str) -> None:
    page = read(reader, path)
    links = [tag.get("src") or tag.get("href") or "" for _, tag in page.tags]
    files = {link for link in links if link.startswith("/static/")}
    assert [link for link in files if status_of(reader, link) != 200] == []


def status_of(reader: FlaskClient, link: str) -> int:
    with reader.get(link) as answer:
        return answer.status_code


def test_the_legacys_dashboard_leads_home(client: FlaskClient) -> None:
    answer = client.get("/dashboard", base_url="http://localhost/moc")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/moc/")


def test_a_task_may_be_called_anything(client: FlaskClient, orch_root: Path) -> None:
    path = orch_root / "STATE" / "TASKS.md"
    row = f"| 作業/{HOSTILE} | 題名 {HOSTILE} | PLAN | WORK | - | - | - | - | - | - |\r\n"
    path.write_bytes(path.read_bytes() + row.encode())
    answer = client.get("/tasks/" + quote(f"作業/{HOSTILE}"))
    assert (answer.status_code, "<script>alert" in answer.text) == (200, False)
    title = "作業/&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }} 題名"
    assert f"<title>{title}" in answer.text


def test_an_unknown_task_is_404(client: FlaskClient) -> None:
    answer = client.get("/tasks/999", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_a_page_without_scripts_says_so(client: FlaskClient) -> None:
    html = client.get("/?lang=en").text
    noscript = re.findall(r"<noscript>(.*?)</noscript>", html, re.DOTALL)
    assert len(noscript) == 1 and "orch-next tasks list" in noscript[0]


@pytest.mark.parametrize("spoil", [lambda p: p.write_bytes(b"<<<<<<< HEAD\n"), Path.unlink])
def test_pages_open_over_a_ledger_nobody_can_read(
    client: FlaskClient, orch_root: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(orch_root / "STATE" / "TASKS.md")
    paths = [path for path in TITLES if not path.startswith("/tasks/0")]
    assert [client.get(path).status_code for path in paths] == [200] * len(paths)


def test_every_problem_of_the_ledgers_is_told_in_japanese(app: Flask) -> None:
    page = (REPOSITORY / "docs" / "ledger.md").read_text(encoding="utf-8")
    table = page.partition("## Problems")[2].partition("\n##")[0]
    codes = re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)*)`[:. ]", table.replace("`damage`", ""))
    found = set(codes) - {"row", "warning", "note", "check"}
    with app.test_request_context("/?lang=ja"):
        untold = [c for c in found if tell_problem(Problem(c, "row", "English", 3)) == "English"]
    assert (len(found) > 15, untold) == (True, [])


@pytest.mark.parametrize(
    ("lang", "code", "told"),
    [
        ("ja", "duplicate-id", "ID 00{7} の行が複数あります"),
        ("en", "duplicate-id", "two rows"),
        ("ja", "new-code", "two rows"),
    ],
)
def test_problems_speak_the_readers_language(app: Flask, lang: str, code: str, told: str) -> None:
    with app.test_request_context(f"/?lang={lang}"):
        assert tell_problem(Problem(code, "row", "two rows", 3, "", "00{7}")) == told


def test_a_browser_gets_an_error_page(client: FlaskClient) -> None:
    answer = client.get("/nothing", headers={**BROWSER, "Accept-Language": "ja"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "ページが見つかりません。" in answer.get_data(as_text=True)


def test_a_program_gets_json(client: FlaskClient) -> None:
    answer = client.get("/nothing", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["detail"][:3]) == (404, "404")
