"""Test tool: which stage a test file belongs to, and the marks that it gets by what it imports.

A file that imports what starts servers, browsers or processes to be killed waits more than it
computes, so many such files run at a time. Nobody has to mark them by hand.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAGES = ("computing", "waiting")

# What starts something to wait for, and the mark that says so.
STARTERS = {
    "tests.browser": ("page", "served", "browser", "watched"),
    "tests.servers": ("running_server", "start_server"),
    "tests.serving_small": ("small_server",),
    "tests.postgresql": ("running_postgresql", "postgresql"),
    "tests.fleet": ("redis_server", "nginx"),
    "tests.js_clients": ("node_clients", "install"),
    "tests.moving_kills": ("*",),
    "tests.core_processes": ("*",),
    "tests.attacks": ("*",),
}
MARKS = {
    "tests.browser": "browser",
    "tests.moving_kills": "kill",
    "tests.core_processes": "kill",
}
_IMPORT = re.compile(r"^from (tests\.\w+) import (\([^)]*\)|.+)$", re.MULTILINE)
_OWN_MARK = re.compile(r"^pytestmark = pytest\.mark\.(server|browser|kill)$", re.MULTILINE)


@cache
def marks_of(path: Path) -> frozenset[str]:
    """Return the marks of a test file: `server`, `browser`, `kill` or none of them."""
    return marks_in(path.read_text(encoding="utf-8"))


def marks_in(text: str) -> frozenset[str]:
    """Return the marks that a test file's text asks for."""
    found = set(_OWN_MARK.findall(text))
    for module, names in _IMPORT.findall(text):
        starters = STARTERS.get(module, ())
        if "*" in starters or set(re.findall(r"\w+", names)) & set(starters):
            found.add(MARKS.get(module, "server"))
    return frozenset(found | {"server"} if "browser" in found else found)


def stage_of(path: Path) -> str:
    """Return the stage that runs a test file."""
    return "waiting" if marks_of(path) else "computing"


# A file whose fixtures of its own, or the browser's server, last for all of its tests.
_SHARES = re.compile(r'scope="module"|^from tests\.browser import .*\bserved\b', re.MULTILINE)
_MODE = re.compile(
    r"(?<=[\[-])(serve-threading|serve-gevent|serve|eventlet|gthread|gevent|waitress)(?=[\]-])"
)


def group_of(nodeid: str) -> str:
    """Return what runs in one process: one test, or all of a file and mode that share a server.

    By the test's name alone: the process that deals out the tests has not collected them.
    """
    name, _, test = nodeid.partition("::")
    if not shares(HERE.parent / name):
        return nodeid
    mode = _MODE.search(test)
    return f"{name}:{mode[1]}" if mode else name


@cache
def shares(path: Path) -> bool:
    """Tell whether tests of a file share what a fixture starts once for all of them."""
    return _SHARES.search(path.read_text(encoding="utf-8")) is not None
