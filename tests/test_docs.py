"""What exists is documented: routes, settings, commands, and the two commands of the README."""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from orch_next import create_app
from orch_next.cli.parser import build_parser
from orch_next.config import LEGACY_NAMES, Settings
from tests.sample import REPOSITORY, copy_sample
from tests.source_code import parse

METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)


def read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


@pytest.fixture
def routes(tmp_path: Path) -> list[str]:
    """Return `METHOD /path` of every route, as Flask writes the path's variables."""
    root = copy_sample(tmp_path)
    app = create_app({"root": root})
    return sorted(
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    )


def missing_routes(routes: list[str], page: str) -> list[str]:
    """Return routes whose path no line with their method names; variables may have any name."""
    written = [(line, re.sub(r"<[^>]+>", "<>", line)) for line in page.splitlines()]
    missing = []
    for route in routes:
        method, path = route.split(" ", 1)
        wanted = re.compile(re.escape(re.sub(r"<[^>]+>", "<>", path)) + r"(?![\w/<-])")
        if not any(method in line and wanted.search(plain) for line, plain in written):
            missing.append(route)
    return missing


def test_every_route_is_documented(routes: list[str]) -> None:
    assert missing_routes(routes, read("docs/http.md")) == []


def test_a_missing_route_is_noticed() -> None:
    page = "| GET | `/jobs/<id>` | one job |\n| POST | `/api/tasks/create` | |"
    routes = ["GET /jobs", "GET /jobs/<job_id>", "POST /jobs/<job_id>", "POST /api/tasks"]
    assert missing_routes(routes, page) == ["GET /jobs", "POST /jobs/<job_id>", "POST /api/tasks"]


def test_the_page_counts_the_third_party_libraries() -> None:
    told = re.search(r"then (\w+) third-party libraries", read("docs/http.md"))
    number = len(json.loads(read("static/vendor.json")))
    assert told is not None
    assert told[1] == ("no", "one", "two", "three", "four")[number]


def setting_row(name: str) -> str:
    """Return the pattern of a setting's row: name, default, environment names, meaning."""
    legacy = LEGACY_NAMES.get(name, "")
    names = f"`ORCH_{name.upper()}`" + (f", legacy `{legacy}`" if legacy else "")
    return rf"^\| `{name}` \| [^|]+ \| {re.escape(names)} \| \S"


def test_every_setting_is_documented() -> None:
    page = read("docs/configuration.md")
    names = [field.name for field in fields(Settings)]
    assert [n for n in names if not re.search(setting_row(n), page, re.MULTILINE)] == []


def test_no_setting_is_documented_that_is_gone() -> None:
    documented = re.findall(
        r"^\| `(\w+)` \| [^|]+ \| `ORCH_", read("docs/configuration.md"), re.MULTILINE
    )
    assert sorted(documented) == sorted(field.name for field in fields(Settings))


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parsers that run something: those without further commands."""
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for action in below:
        for command in action.choices.values():
            yield from commands(command)
    if not below:
        yield parser


def test_every_command_and_option_is_documented() -> None:
    page = read("docs/cli.md")
    leaves = list(commands(build_parser()))
    options = {o for leaf in leaves for a in leaf._actions for o in a.option_strings}
    wanted = {leaf.prog for leaf in leaves} | options - {"-h", "--help"}
    assert sorted(name for name in wanted if not re.search(rf"`{name}\b", page)) == []


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
@pytest.mark.parametrize(
    "command", ["make run", "make test", "ORCH_ROOT=/path/to/MOC/ORCH make run", "py -3 -m venv"]
)
def test_the_readme_tells_the_commands(name: str, command: str) -> None:
    assert f"    {command}" in read(name)


def pages() -> list[Path]:
    """List the Markdown pages of the repository's top and of docs/."""
    return sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")])


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("path", sorted((REPOSITORY / "docs").glob("*.md")), ids=lambda p: p.name)
def test_no_empty_line_cuts_a_table(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    cut = [
        number
        for number, (above, here, below, delimiter) in enumerate(
            zip(lines, lines[1:], lines[2:], lines[3:], strict=False), start=2
        )
        if above.startswith("|") and not here and below.startswith("|")
        if not delimiter.startswith("|--")
    ]
    assert cut == []


def defined(tree: ast.Module) -> Iterator[str]:
    """Yield `function`, `Class` and `Class.method` of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{one.name}" for one in node.body if isinstance(one, METHODS))


def test_each_station_of_the_walks_exists() -> None:
    stations = re.findall(r"`([a-z_/]+\.py): ([A-Za-z_.]+)`", read("docs/architecture.md"))
    known = {file: set(defined(parse(REPOSITORY / "orch_next" / file))) for file, _ in stations}
    assert len(stations) > 30
    assert [station for station in stations if station[1] not in known[station[0]]] == []
