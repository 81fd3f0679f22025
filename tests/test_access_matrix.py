"""Every route and every role: tests/data/access-matrix.txt, walked over the URL map."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask

from tests.doors import Doors, open_doors

TABLE = Path(__file__).parent / "data" / "access-matrix.txt"
ROLES = ("", "viewer", "WORK", "AUDIT", "CMD")
_ARGUMENT = re.compile(r"<(?:any\((\w+)[^)]*\):|(int):|[^>]*?)[^>]*>")


def pairs(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Yield method, rule and a path of each route."""
    for rule in app.url_map.iter_rules():
        path = _ARGUMENT.sub(_value, rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule, path


def _value(found: re.Match[str]) -> str:
    return found[1] or ("999" if found[2] else "001")


def answer_of(doors: Doors, who: str, method: str, path: str) -> str:
    """Return `in`, or the refusal's status."""
    headers = doors.headers(who)
    body: dict[str, str] | None = None if method == "GET" else {}
    answer = doors.client().open(path, method=method, headers=headers, json=body)
    status = answer.status_code
    answer.close()
    return str(status) if status in (401, 403, 429) else "in"


def read_table() -> dict[str, str]:
    """Return route -> the five answers."""
    found, group = {}, ""
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("["):
            group = line.strip("[]")
        elif line and not line.startswith("#"):
            found[line] = group
    return found


def test_every_route_lets_in_whom_the_table_says(make_app: Callable[..., Flask]) -> None:
    doors = open_doors(make_app)
    got = {
        f"{method} {rule}": " ".join(answer_of(doors, who, method, path) for who in ROLES)
        for method, rule, path in pairs(doors.app)
    }
    assert got == read_table()


def test_a_view_that_no_line_names_is_cmds(make_app: Callable[..., Flask]) -> None:
    app = make_app(auth="token")
    app.add_url_rule("/新", endpoint="new.view", view_func=lambda: "ok", methods=["POST"])
    doors = Doors(app)
    assert [answer_of(doors, who, "POST", "/新") for who in ROLES] == ["401", *["403"] * 3, "in"]


def test_a_line_end_in_an_id_changes_no_action(make_app: Callable[..., Flask]) -> None:
    doors = open_doors(make_app)
    paths = ("/api/approval/A002%0A/update", "/jobs/003%0A/approve", "/jobs/003%E2%80%A8/reject")
    got = [doors.post("WORK", path, approver_role="AUDIT") for path in paths]
    errors = {one.get_json()["error"] for one in got}
    assert (errors, {one.status_code for one in got}) == (
        {"decide needs the role AUDIT or CMD, not WORK"},
        {403},
    )
