"""Every third-party import is declared in setup.cfg, and nothing is declared in vain."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from tests.sample import REPOSITORY
from tests.source_code import package_files, parse, shown

TESTS = sorted(path for path in (REPOSITORY / "tests").rglob("*.py") if "data" not in path.parts)
OURS = {"orch_next", "tests", "benchmarks", "scripts", "wsgi", *(path.stem for path in TESTS)}
# used without an import of ours: tools, stubs, the build, a pinned dependency's dependency,
# `waitress-serve` for Windows, the driver that SQLAlchemy loads for PostgreSQL, and what
# Flask-SocketIO imports for a redis:// queue, and python-socketio's client for HTTP
TOOLS = {
    *("mypy", "pytest-cov", "pytest-timeout", "pytest-xdist", "ruff", "setuptools"),
    *("types-flask-cors", "types-greenlet", "types-psutil", "types-pyyaml"),
    *("python-engineio", "waitress", "redis", "psycopg", "requests"),
}
# modules of distributions that a declared one cannot do without; _typeshed is for types alone
COMES_WITH = {
    "werkzeug": "flask",
    "socketio": "flask-socketio",
    "engineio": "python-engineio",
    "greenlet": "eventlet",
    "tomllib": "tomli",
    "_typeshed": "flask",
}


def declared() -> dict[str, set[str]]:
    """Return section -> normalised names of the distributions that setup.cfg names."""
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    sections = {"install": config["options"]["install_requires"]}
    sections |= dict(config["options.extras_require"])
    return {
        name: {normal(re.split(r"[\[<>=;! ]", line)[0]) for line in text.split("\n") if line}
        for name, text in sections.items()
    }


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(paths: Iterable[Path]) -> dict[str, set[str]]:
    """Return top-level third-party module -> files that import it."""
    found: dict[str, set[str]] = {}
    for path in paths:
        for node in ast.walk(parse(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for top in {name.partition(".")[0] for name in names}:
                if top not in OURS and top not in sys.stdlib_module_names:
                    found.setdefault(top, set()).add(shown(path))
    return found


@cache
def providers() -> dict[str, set[str]]:
    """Return top-level module -> installed distributions that bring it (3.10 tells too few)."""
    found: dict[str, set[str]] = {}
    for distribution in distributions():
        name = normal(distribution.metadata["Name"])
        for top in {file.parts[0].removesuffix(".py") for file in distribution.files or ()}:
            found.setdefault(top, set()).add(name)
    return found


def undeclared(paths: Iterable[Path], allowed: set[str]) -> dict[str, set[str]]:
    """Return the imports whose distribution is not among the allowed ones."""
    return {
        top: files
        for top, files in imported(paths).items()
        if not providers().get(top, {top}) & allowed and COMES_WITH.get(top) not in allowed
    }


def test_the_package_imports_what_it_declares() -> None:
    names = declared()
    assert undeclared(package_files(), names["install"] | names["all"]) == {}


def test_tests_import_what_is_declared() -> None:
    everything = set().union(*declared().values())
    assert undeclared(TESTS, everything) == {}


def test_nothing_is_declared_in_vain() -> None:
    files = [*package_files(), *TESTS, REPOSITORY / "gunicorn.conf.py"]
    used = {name for top in imported(files) for name in providers().get(top, {top})}
    vain = {name: declared()[name] - used - TOOLS for name in ("install", "all", "test")}
    assert vain == {"install": set(), "all": set(), "test": set()}
