"""Notes as HTML: what is laid out, and what a hostile cell cannot do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from orch_next.blueprints.markdown import LONGEST, render_cell

RENDERED = {
    "": "",
    "**至急**・`ls` を見る": "<p><strong>至急</strong>・<code>ls</code> を見る</p>\n",
    "一行目<br>二行目": "<p>一行目<br />\n二行目</p>\n",
    "- 監査<BR/>- 試験": "<ul>\n<li>監査</li>\n<li>試験</li>\n</ul>\n",
    "# 見出し": "<h4>見出し</h4>\n",
    r"C:\moc\ORCH\台帳.md": "<p>C:\\moc\\ORCH\\台帳.md</p>\n",
    "[手順](/tasks/001)": '<p><a href="/tasks/001" rel="noopener">手順</a></p>\n',
    "[表](https://a.example/x)": '<p><a href="https://a.example/x" rel="noopener">表</a></p>\n',
    "[m](mailto:a@b.example)": '<p><a href="mailto:a@b.example" rel="noopener">m</a></p>\n',
    '![図"](http://b.example/x.png)': '<p><a href="http://b.example/x.png" rel="noopener">'
    "図&quot;</a></p>\n",
    "![](http://b.example/x.png)": '<p><a href="http://b.example/x.png" rel="noopener">'
    "http://b.example/x.png</a></p>\n",
    "https://a.example": "<p>https://a.example</p>\n",
}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JAVA&#83;CRIPT:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](vbscript:x) [x](data:text/html,x) [x](file:///etc/passwd)",
    "![x](javascript:alert(1))",
    '[x](https://a.example/" onclick="alert(1))',
    '![" onerror="alert(1)](http://a.example/)',
    "<javascript:alert(1)>",
    '"><svg/onload=alert(1)>',
    "```<script>\nalert(1)\n```",
]
# every tag that may be there, and its attributes
KNOWN = re.compile(r'/?(p|a|code|pre|em)|br /|code class="[^"]*"|a href="[^"]*" rel="noopener"')


@pytest.mark.parametrize(("text", "html"), RENDERED.items())
def test_markdown_is_laid_out(text: str, html: str) -> None:
    assert render_cell(text) == html


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_cell_stays_text(text: str) -> None:
    html = render_cell(text)
    tags = [tag.split(">")[0] for tag in html.split("<")[1:]]
    assert [tag for tag in tags if not KNOWN.fullmatch(tag)] == []
    assert not any(f'href="{bad}' in html.lower() for bad in ("java", "vb", "data", "file"))


def test_a_very_long_cell_comes_as_it_is() -> None:
    text = "*<b>" * (LONGEST // 4) + "*"
    assert render_cell(text) == f"<pre>{text.replace('<', '&lt;').replace('>', '&gt;')}</pre>\n"


def test_the_route_answers_with_the_rows_revision(client: FlaskClient) -> None:
    task = client.get("/api/tasks").get_json()["tasks"][0]
    answer = client.get(f"/api/tasks/{task['id']}/notes")
    assert answer.get_json() == {
        "success": True,
        "html": render_cell(task["notes"]),
        "rev": task["rev"],
    }


def test_an_unknown_task_has_no_notes(client: FlaskClient) -> None:
    assert client.get("/api/tasks/無い/notes").get_json()["success"] is False


def test_an_id_with_a_slash_has_notes(make_app: Callable[..., Flask], orch_root: Path) -> None:
    path = orch_root / "STATE" / "TASKS.md"
    row = "| 2025/A | t | PLAN | CMD | - | - | - | - | - | *速い* |\r\n"
    path.write_bytes(path.read_bytes() + row.encode())
    answer = make_app().test_client().get("/api/tasks/2025/A/notes")
    assert answer.get_json()["html"] == "<p><em>速い</em></p>\n"


def test_evidence_and_attempts_of_ids_with_a_slash(
    make_app: Callable[..., Flask], orch_root: Path
) -> None:
    state = orch_root / "STATE"
    task = "| 2025/A | t | PLAN | CMD | - | - | - | - | - | - |\r\n"
    approval = "| 2025/A | 2025/A | op | pending | WORK | - | - | 2025-10-09T00:00:00Z | - | - |\n"
    for name, row in (("TASKS.md", task), ("APPROVALS.md", approval)):
        path = state / name
        path.write_bytes(path.read_bytes() + row.encode())
    client = make_app().test_client()
    assert client.get("/api/approvals/2025%2FA/evidence").get_json()["kind"] == "none"
    assert client.get("/jobs/2025%2FA/attempts").get_json() == {"attempts": []}
    assert client.get("/jobs/2025%2FA/log").get_json()["error"] == "no log of '2025/A'"


@pytest.mark.parametrize(
    "text", ["|" + "a|" * 900 + "<br>|" + "-|" * 900, "[" * 1_001, "x" * (LONGEST + 1)]
)
def test_what_is_tangled_is_shown_as_it_is(text: str) -> None:
    assert render_cell(text).startswith("<pre>")
