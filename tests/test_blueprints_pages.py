"""Pages: titles, ids, escaping, languages, problems, no inline code, no foreign hosts."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from orch_next.blueprints.words import ENGLISH, JAPANESE, JAPANESE_PROBLEMS, tell_problem
from orch_next.core.schema import Problem
from tests.sample import REPOSITORY

PAGES = ["/", "/tasks", "/approvals", "/console"]
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


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


def figures(html: str) -> list[str]:
    """Return the tiles: tasks, active, pending approvals, completed."""
    ids = "total-tasks|active-tasks|pending-approvals|completed-today"
    return re.findall(rf'id="(?:{ids})">([^<]*)<', html)


def read(client: FlaskClient, path: str, language: str = "ja") -> Reader:
    answer = client.get(path, headers={**BROWSER, "Accept-Language": language})
    assert answer.status_code == 200
    return Reader(answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("path", "title"),
    [("/", "ORCH統合管理システム"), ("/tasks", "タスク管理"), ("/approvals", "承認管理")],
)
@pytest.mark.parametrize("language", ["ja", "ja-JP,en;q=0.5", ""])
def test_titles(client: FlaskClient, path: str, title: str, language: str) -> None:
    assert ("title", title) in read(client, path, language).texts


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("language", "lang"), [("ja", "ja"), ("en-US", "en"), ("fr", "en"), ("fr, *;q=0.1", "ja")]
)
def test_the_page_speaks_the_readers_language(
    client: FlaskClient, path: str, language: str, lang: str
) -> None:
    assert ("html", {"lang": lang}) in read(client, path, language).tags


def test_an_asked_language_wins_and_follows_the_links(client: FlaskClient) -> None:
    page = read(client, "/tasks?lang=en", "ja")
    assert ("html", {"lang": "en"}) in page.tags
    assert any(tag[1].get("href") == "/approvals?lang=en" for tag in page.tags)


def test_the_other_language_shows_the_same_rows(client: FlaskClient) -> None:
    page = read(client, "/tasks?status=PLAN&page=1")
    assert any(tag.get("href") == "?status=PLAN&page=1&lang=en" for _, tag in page.tags)


def test_both_languages_have_the_same_words() -> None:
    assert list(JAPANESE) == list(ENGLISH)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_nobody_else_and_runs_nothing_inline(client: FlaskClient, path: str) -> None:
    page = read(client, path)
    links = [tag.get("src") or tag.get("href") or "" for _, tag in page.tags]
    assert [link for link in links if "//" in link] == []
    assert [name for _, tag in page.tags for name in tag if name.startswith(("on", "style"))] == []
    assert [tag for tag in page.tags if tag[0] == "style"] == []
    assert all(tag.get("src") for name, tag in page.tags if name == "script")


@pytest.mark.parametrize("path", PAGES)
def test_ids_are_unique_and_labels_point_at_fields(client: FlaskClient, path: str) -> None:
    page = read(client, path)
    assert len(page.ids) == len(set(page.ids))
    names = ("for", "aria-labelledby")
    wanted = {tag[name] for _, tag in page.tags for name in names if name in tag}
    assert wanted - set(page.ids) == set()


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/", {"tasks-table-body", "approvals-table-body", "total-tasks", "active-tasks"}),
        ("/tasks", {"tasks-table-body", "createTaskForm", "taskTitle", "taskOwner", "taskDue"}),
        ("/approvals", {"approvals-table-body", "pending-approvals", "completed-today"}),
        ("/console", {"orch-dispatcher-state", "refresh-btn", "connection-status"}),
    ],
)
def test_the_contracts_element_ids(client: FlaskClient, path: str, ids: set[str]) -> None:
    assert ids - set(read(client, path).ids) == set()


def test_cells_are_escaped(client: FlaskClient) -> None:
    html = client.get("/").get_data(as_text=True)
    assert "<script>alert(1)" not in html
    assert "配布 | 検証 &lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_buttons_are_those_of_the_flow(client: FlaskClient) -> None:
    page = read(client, "/")
    verbs = [tag["data-verb"] for _, tag in page.tags if "data-verb" in tag]
    assert verbs == ["approve_done", "request_fix", "hold", "promote", "hold", "drop"]
    decisions = [tag["data-decide"] for _, tag in page.tags if "data-decide" in tag]
    assert decisions == ["approved", "rejected"] * 2


def test_numbers_are_the_ledgers(client: FlaskClient) -> None:
    assert figures(client.get("/").get_data(as_text=True)) == ["3", "0", "2", "1"]


def test_tasks_are_filtered_by_status(client: FlaskClient) -> None:
    page = read(client, "/tasks?status=PLAN")
    assert [tag["data-task-id"] for _, tag in page.tags if "data-task-id" in tag] == ["002"]


def test_a_big_ledger_is_shown_in_pages(client: FlaskClient, orch_root: Path) -> None:
    path = orch_root / "STATE" / "TASKS.md"
    rows = (f"| T-{n} | 課題 {n} | PLAN | WORK | - | - | - | - | - | - |\r\n" for n in range(450))
    path.write_bytes(path.read_bytes() + "".join(rows).encode())
    page = read(client, "/tasks?page=3")
    shown = [tag["data-task-id"] for _, tag in page.tags if "data-task-id" in tag]
    assert (len(shown), shown[-1]) == (53, "T-449")
    assert any(tag.get("rel") == "prev" for _, tag in page.tags)


def test_problems_are_shown_with_their_place(client: FlaskClient, orch_root: Path) -> None:
    client.get("/")
    path = orch_root / "STATE" / "TASKS.md"
    path.write_bytes(path.read_bytes() + b"<<<<<<< HEAD\r\n")
    texts = [text for _, text in read(client, "/").texts]
    assert JAPANESE["stale"] in texts
    assert any(text.startswith("TASKS.md:") for text in texts)


@pytest.mark.parametrize(
    ("language", "text"),
    [("ja", "マージの衝突マーカーが残っています"), ("en", "a merge conflict's marker")],
)
def test_problems_speak_the_readers_language(
    client: FlaskClient, orch_root: Path, language: str, text: str
) -> None:
    path = orch_root / "STATE" / "TASKS.md"
    path.write_bytes(path.read_bytes() + b"<<<<<<< HEAD\r\n")
    texts = [text for _, text in read(client, "/", language).texts]
    assert texts[texts.index("TASKS.md:8") + 1] == text


def test_every_problem_of_the_ledgers_is_told_in_japanese() -> None:
    page = (REPOSITORY / "docs" / "ledger.md").read_text(encoding="utf-8")
    table = page.partition("## Problems")[2].partition("\n## ")[0]
    codes = re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)*)`[:. ]", table.replace("`damage`", ""))
    severities = {"row", "warning", "note", "check"}
    assert sorted(set(codes) - severities) == sorted(JAPANESE_PROBLEMS)


def test_a_problem_without_a_text_stays_english() -> None:
    problem = Problem("new-code", "row", "something new", 3)
    assert tell_problem(JAPANESE, problem) == "something new"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("spoil", [lambda p: p.write_bytes(b"<<<<<<< HEAD\n"), Path.unlink])
def test_a_ledger_nobody_could_read_is_named_and_not_counted(
    client: FlaskClient, orch_root: Path, path: str, spoil: Callable[[Path], object]
) -> None:
    spoil(orch_root / "STATE" / "TASKS.md")
    html = client.get(path, headers={**BROWSER, "Accept-Language": "ja"}).get_data(as_text=True)
    assert JAPANESE["lost"].format(files="TASKS.md") in html
    assert JAPANESE["no_tasks"] not in html
    assert figures(html) in (["—", "—", "2", "—"], [])


def test_the_other_ledgers_stay_usable(client: FlaskClient, orch_root: Path) -> None:
    (orch_root / "STATE" / "TASKS.md").write_bytes(b"\xff")
    page = read(client, "/")
    assert len([tag for _, tag in page.tags if "data-decide" in tag]) == 4
    assert ("code", "A003") in page.texts


def test_a_lost_approvals_ledger_is_not_zero_pending(client: FlaskClient, orch_root: Path) -> None:
    (orch_root / "STATE" / "APPROVALS.md").write_bytes(b"")
    assert figures(client.get("/approvals").get_data(as_text=True)) == ["3", "0", "—", "1"]


def test_a_stale_ledger_has_no_buttons(client: FlaskClient, orch_root: Path) -> None:
    client.get("/")
    path = orch_root / "STATE" / "TASKS.md"
    path.write_bytes(b"\0" + path.read_bytes())
    page = read(client, "/")
    names = [name for _, tag in page.tags for name in tag]
    assert (names.count("data-verb"), names.count("data-decide")) == (0, 4)


def test_damage_is_told_before_warnings(client: FlaskClient, orch_root: Path) -> None:
    path = orch_root / "STATE" / "TASKS.md"
    rows = (f"| T-{n} | 課題 | ODD | WORK | - | - | - | - | - | - |\r\n" for n in range(60))
    path.write_bytes(path.read_bytes() + "".join(rows).encode())
    (orch_root / "STATE" / "MILESTONES.md").write_bytes(b"")
    shown = [tag.get("class") for name, tag in read(client, "/").tags if name == "li"]
    assert (shown[0], shown[1], len(shown)) == ("severity-damage", "severity-warning", 50)


def test_a_page_without_scripts_says_so(client: FlaskClient) -> None:
    page = read(client, "/")
    assert JAPANESE["noscript"] in [text for _, text in page.texts]
    assert any(tag.get("href") == "/static/css/noscript.css" for _, tag in page.tags)


def test_a_browser_gets_an_error_page(client: FlaskClient) -> None:
    answer = client.get("/nothing", headers={**BROWSER, "Accept-Language": "ja"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert JAPANESE["error_404"] in answer.get_data(as_text=True)


def test_a_program_gets_json(client: FlaskClient) -> None:
    answer = client.get("/nothing", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["detail"][:3]) == (404, "404")


@pytest.mark.parametrize("path", ["css/orch.css", "js/page.js", "img/mark.svg"])
def test_static_files_are_served(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 200
