from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from orch_next.migrate.dashboard.code_routes import find_routes
from orch_next.migrate.dashboard.legacy import LEGACY_EVENTS, LEGACY_ROUTES, PAGE_IDS
from orch_next.migrate.dashboard.match import judge_event, judge_route
from orch_next.migrate.dashboard.pages import read_page, read_script, without_jinja
from orch_next.migrate.step import Work
from orch_next.migrate.steps.dashboard import DashboardStep, shipped_root
from scripts.write_route_table import FILE, SENT, table
from tests.sample import CONTRACT, REPOSITORY
from tests.small_moc import apply, codes, contents, make_house, make_moc
from tests.source_code import package_files, parse

PAGE = """<!doctype html>
<title>{{ title }}</title>
<link rel="stylesheet" href="{{ url_for('static', filename='css/会社.css') }}">
<link rel="stylesheet" href="https://cdn.example/x.css">
{% for task in tasks %}<div id="tasks-table-body" style="color:red"></div>{% endfor %}
<div id="our-own" onclick="fetch('/api/own/report', {method: 'POST'})"></div>
<a href="/tasks/new">+</a><a href="{{ url_for('index') }}">top</a>
<script>
fetch(`${base}/api/tasks`).then(r => r.json());
fetch('/api/tasks/hold', {
  method: "POST", body: JSON.stringify({task_id: id})});
fetch(`/jobs/${id}/approve`);
const es = new EventSource('http://127.0.0.1:5000/events');
document.getElementById('total-tasks').textContent = '1';
const socket = io(); socket.on('quality_metrics_update', f); socket.on('own_event', f);
socket.emit('request_dashboard_refresh');
const url = "/api/own/table?x=1";
</script>
"""
CODE = """
app = Flask(__name__)
bp = Blueprint("own", __name__, url_prefix="/own")

@app.route("/api/tasks")
def tasks(): ...

@app.route("/api/売上/<int:year>", methods=["GET", "POST"])
def sales(year): ...

@bp.get("/page")
def page(): ...

class Board:
    def setup(self):
        @self.app.route("/jobs", methods=["DELETE"])
        def drop_all(): ...
        self.app.add_url_rule("/health", view_func=self.health)
        self.app.route(PREFIX + "/x")(page)

@app.route(f"/{NAME}/y")
def computed(): ...

@socketio.on("own_event")
def own(data): ...

@app.before_request
def log(): ...
"""


def plan(tmp_path: Path, files: dict[str, Any], **options: Any) -> Work:
    return DashboardStep(shipped_root()).plan(make_house(tmp_path, files, **options))


@pytest.mark.parametrize(
    ("method", "path", "fate"),
    [
        ("GET", "/api/tasks", "covered"),
        ("GET", "/api/tasks?status=DOING", "covered"),
        ("DELETE", "/api/tasks", "changed"),
        ("POST", "/api/tasks/*", "covered"),
        ("*", "/api/tasks/hold", "covered"),
        ("GET", "/jobs/*/events", "covered"),
        ("GET", "/jobs/<job_id>", "covered"),
        ("GET", "/api/own", "missing"),
        ("GET", "/api/trends", "missing"),
        ("GET", "/static/css/orion.css", "covered"),
        ("GET", "/socket.io/", "covered"),
        ("GET", "/", "covered"),
        ("GET", "/api/export/tasks.csv", "covered"),
    ],
)
def test_a_request_is_covered_changed_or_missing(method: str, path: str, fate: str) -> None:
    assert judge_route(method, path).fate == fate


@pytest.mark.parametrize(
    ("name", "sent", "fate"),
    [
        ("request_dashboard_refresh", True, "covered"),
        ("quality_metrics_update", False, "covered"),
        ("connect", False, "covered"),
        ("quality_metrics_update", True, "changed"),
        ("own_event", False, "missing"),
    ],
)
def test_an_event_is_covered_changed_or_missing(name: str, sent: bool, fate: str) -> None:
    assert judge_event(name, is_sent=sent).fate == fate


def test_a_template_is_read() -> None:
    page = read_page(PAGE)
    assert [(one.method, one.path, one.line, one.is_absolute) for one in page.requests] == [
        ("GET", "/static/css/会社.css", 3, False),
        ("POST", "/api/own/report", 6, False),
        ("GET", "/tasks/new", 7, False),
        ("GET", "/api/tasks", 9, False),
        ("POST", "/api/tasks/hold", 10, False),
        ("GET", "/jobs/*/approve", 12, False),
        ("GET", "/events", 13, True),
        ("*", "/api/own/table", 17, False),
    ]
    assert (page.ids, page.looked_up, page.endpoints, page.inline) == (
        ["tasks-table-body", "our-own"],
        ["total-tasks"],
        ["index"],
        3,
    )
    assert (page.awaited, page.sent, page.external) == (
        [("quality_metrics_update", 15), ("own_event", 15)],
        [("request_dashboard_refresh", 16)],
        [("https://cdn.example/x.css", 4)],
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("axios.post('/dispatch/stop', {})", ("POST", "/dispatch/stop")),
        ("$.ajax({url: '/api/rules', type: 'GET'})", ("GET", "/api/rules")),
        ("$.getJSON('/api/overview', f)", ("GET", "/api/overview")),
        ("x.open('PUT', '/jobs/1')", ("PUT", "/jobs/1")),
        ("fetch('/status'); fetch('/x', {method: 'POST'})", ("GET", "/status")),
        ("new WebSocket('ws://localhost:5001/socket.io/')", ("GET", "/socket.io/")),
        ("fetch(`${BASE_URL}/api/tasks`)", ("GET", "/api/tasks")),
    ],
)
def test_calls_of_a_script(code: str, expected: tuple[str, str]) -> None:
    first = read_script(code).requests[0]
    assert (first.method, first.path) == expected


@pytest.mark.parametrize("text", ["<", "<div id=", "<script>fetch('", "{{ {% {#", "\x00", "]]>"])
def test_broken_markup_is_no_trouble(text: str) -> None:
    assert read_page(text).requests == []


def test_jinja_leaves_lines_where_they_were() -> None:
    assert without_jinja("a{# 1\n2 #}b\n{{ x }}c") == "a\nb\nc"


def test_custom_files_are_kept_byte_by_byte(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "ORCH/templates/orch_dashboard.html": PAGE.encode("cp932"),
        "templates/orch_dashboard.html": "other\r\n",
        "templates/課/報告.html": "<p>\r\n",
        "static/css/orion.css": b"\xff\xfe",
        "ORCH/static/css/orion.css": b"\xff\xfe",
        "console_launcher.html": "<a>",
    }
    house = make_house(tmp_path, files)
    work = DashboardStep(shipped_root()).plan(house)
    assert contents(work.changes) == {
        "templates/custom/orch_dashboard.html": files["ORCH/templates/orch_dashboard.html"],
        "templates/custom/from-templates/orch_dashboard.html": b"other\r\n",
        "templates/custom/課/報告.html": b"<p>\r\n",
        "static/custom/css/orion.css": b"\xff\xfe",
        "templates/custom/console_launcher.html": b"<a>",
    }


def test_our_own_files_are_not_the_owners(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "templates/base.html": (REPOSITORY / "templates" / "base.html").read_bytes(),
        "templates/custom/x.html": "x",
        "static/own.js": "1",
    }
    work = plan(tmp_path, files, same=True)
    assert contents(work.changes) == {"static/custom/own.js": b"1"}


def test_edits_in_the_new_place_stay(tmp_path: Path) -> None:
    house = make_house(tmp_path, {"templates/own.html": "old"})
    step = DashboardStep(shipped_root())
    apply(house, step.plan(house).changes)
    (house.target / "templates" / "custom" / "own.html").write_text("new", encoding="utf-8")
    work = step.plan(house)
    assert (work.changes, codes(work.findings)) == (
        (),
        [
            ("info", "custom_kept", "templates/custom/own.html"),
            ("info", "custom_served", "templates/custom"),
        ],
    )


def test_a_page_is_compared_with_the_legacys(tmp_path: Path) -> None:
    files = {"templates/agents.html": "".join(f'<i id="{one}"></i>' for one in ("regId", "自分"))}
    row = plan(tmp_path, files).notes["pages"][0]
    assert (row["like"], row["ids"], row["own_ids"]) == ("agents.html (c)", ["regId"], ["自分"])
    assert "regName" in row["gone_ids"]


def test_findings_name_file_and_line(tmp_path: Path) -> None:
    work = plan(tmp_path, {"templates/own.html": PAGE, "orch_dashboard.py": CODE})
    assert codes(work.findings) == [
        ("warning", "page_missing", "templates/own.html:6"),
        ("warning", "page_changed", "templates/own.html:12"),
        ("warning", "page_changed", "templates/own.html:13"),
        ("warning", "page_missing", "templates/own.html:17"),
        ("warning", "page_missing", "templates/own.html:15"),
        ("info", "page_external", "templates/own.html"),
        ("info", "page_inline", "templates/own.html"),
        ("warning", "route_missing", "orch_dashboard.py:8"),
        ("warning", "route_missing", "orch_dashboard.py:8"),
        ("warning", "route_missing", "orch_dashboard.py:11"),
        ("warning", "route_changed", "orch_dashboard.py:16"),
        ("warning", "route_unclear", "orch_dashboard.py:19"),
        ("warning", "route_unclear", "orch_dashboard.py:21"),
        ("warning", "route_missing", "orch_dashboard.py:24"),
        ("warning", "route_missing", "orch_dashboard.py:27"),
        ("info", "custom_served", "templates/custom"),
    ]
    assert work.counts == {
        "files": 1,
        **{"requests_covered": 4, "requests_changed": 2, "requests_missing": 2},
        **{"routes_covered": 0, "routes_changed": 1, "routes_missing": 7},
    }


def test_routes_of_a_modified_dashboard() -> None:
    found = [(one.kind, one.method, one.name, one.function) for one in find_routes(ast.parse(CODE))]
    assert found == [
        ("route", "GET", "/api/tasks", "tasks"),
        ("route", "GET", "/api/売上/<int:year>", "sales"),
        ("route", "POST", "/api/売上/<int:year>", "sales"),
        ("route", "GET", "/own/page", "page"),
        ("route", "DELETE", "/jobs", "drop_all"),
        ("route", "GET", "/health", "health"),
        ("unclear", "", "self.app.route(PREFIX + '/x')", ""),
        ("unclear", "", "app.route(f'/{NAME}/y')", "computed"),
        ("event", "", "own_event", "own"),
        ("hook", "", "before_request", "log"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_code_is_read_in_any_encoding_and_never_run(tmp_path: Path, encoding: str) -> None:
    mark = tmp_path / "ran"
    text = f"# 日本\nopen({str(mark)!r}, 'w')\n@app.get('/own')\ndef own(): ...\n"
    work = plan(tmp_path, {"orch_dashboard.py": text.encode(encoding)})
    assert ([row["name"] for row in work.notes["routes"]], mark.exists()) == (["/own"], False)


@pytest.mark.parametrize(
    ("text", "line"),
    [("x = 1\ndef (:\n", r":2"), ("\0", r"(:\d+)?"), ("(" * 5000, r"(:\d+)?")],
)
def test_code_that_cannot_be_parsed_is_told(tmp_path: Path, text: str, line: str) -> None:
    """Which line it is where Python itself has none, differs by its version."""
    (found,) = plan(tmp_path, {"orch_dashboard.py": text}).findings
    assert found.code == "code_unreadable"
    assert re.fullmatch(rf"orch_dashboard\.py{line}", found.where)


def test_a_part_can_be_asked_for(tmp_path: Path) -> None:
    files = {"templates/a.html": "a", "static/b.css": "b", "orch_dashboard.py": CODE}
    found = {
        part: (list(contents(work.changes)), bool(work.notes["routes"]))
        for part in ("templates", "static", "api")
        for work in [plan(tmp_path, files, parts=frozenset({part}))]
    }
    assert found == {
        "templates": (["templates/custom/a.html"], False),
        "static": (["static/custom/b.css"], False),
        "api": ([], True),
    }


def test_symlinks_are_told_and_not_followed(tmp_path: Path) -> None:
    root = make_moc(tmp_path, {"templates/a.html": "a"})
    (root / "templates" / "b.html").symlink_to("/etc/hostname")
    (root / "static").symlink_to(root / "ORCH")
    work = plan(tmp_path, {})
    assert (list(contents(work.changes)), codes(work.findings)) == (
        ["templates/custom/a.html"],
        [
            ("warning", "symlink_left", "templates/b.html"),
            ("info", "custom_served", "templates/custom"),
        ],
    )


def test_the_route_table_is_the_applications() -> None:
    assert FILE.read_text(encoding="utf-8") == table(), "run python scripts/write_route_table.py"


def test_the_events_are_told_somewhere() -> None:
    texts = {
        node.value
        for path in package_files()
        if "migrate" not in path.parts
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    built = {f"{kind}_updated" for kind in ("task", "approval", "milestone")}
    assert sorted(set(SENT.split()) - texts - built) == []


def test_the_facts_are_the_contracts() -> None:
    contract = json.loads(CONTRACT.read_text(encoding="utf-8"))
    ids = {one for page in contract["ui"].values() for one in page["ids"]}
    assert {(one["method"], one["path"]) for one in contract["routes"]} == set(LEGACY_ROUTES)
    assert {one["name"] for one in contract["events"]} == set(LEGACY_EVENTS)
    assert ids - frozenset[str]().union(*PAGE_IDS.values()) == set()


def test_the_plan_says_what_serves_the_pages(tmp_path: Path) -> None:
    pages = ("ORCH/templates/orch_dashboard.html", "templates/課/board.html")
    work = plan(tmp_path, dict.fromkeys(pages, "<p>板</p>"))
    (told,) = [one for one in work.findings if one.code == "custom_served"]
    assert told.message == (
        "2 pages: custom_pages = true serves them at /custom/<name>, and custom_urls = "
        '["/=orch_dashboard.html"] at the old URLs'
    )
