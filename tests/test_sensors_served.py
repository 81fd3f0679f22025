"""Readings on real servers: a slow git or ruff stalls nobody, and the rules are checked."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.repositories import make_repository
from tests.servers import Server, copy_orch, running_server

SLOW_SECONDS = 2.0


@pytest.fixture(params=["serve", "serve-gevent", "serve-threading"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Run a server whose git takes two seconds for `log`."""
    root = copy_orch(tmp_path)
    make_repository(root.parent).commit("最初", a_md="一\r\n")
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    real = next(
        Path(folder) / "git"
        for folder in os.environ["PATH"].split(os.pathsep)
        if (Path(folder) / "git").exists()
    )
    slow.write_text(
        f'#!/bin/sh\ncase " $* " in *" log "*)\n'
        f'  : > "{tmp_path}/began"; sleep {SLOW_SECONDS}; : > "{tmp_path}/over" ;;\n'
        f'esac\nexec {real} "$@"\n',
        encoding="utf-8",
    )
    slow.chmod(0o755)
    path = f"{slow.parent}{os.pathsep}{os.environ['PATH']}"
    with running_server(tmp_path, request.param, env={"PATH": path}) as running:
        yield running


def get(server: Server, path: str) -> Any:
    return json.loads(server.get(path))


@pytest.mark.skipif(os.name == "nt", reason="the slow git is a shell script")
def test_a_slow_git_stalls_nobody(server: Server, tmp_path: Path) -> None:
    found: list[Any] = []
    asking = threading.Thread(target=lambda: found.append(get(server, "/api/git/graph")))
    asking.start()
    meanwhile = 0
    while asking.is_alive():
        began = (tmp_path / "began").exists()
        server.get("/api/quality/health")
        meanwhile += began and not (tmp_path / "over").exists()
    assert [one["message"] for one in found[0]["commits"]] == ["最初"]
    # One that was stalled would have been answered when git was over.
    assert meanwhile >= 3


@pytest.mark.skipif(os.name == "nt", reason="the slow git is a shell script")
def test_the_rules_are_checked_in_the_background(server: Server) -> None:
    for _ in range(900):
        rules = {rule["key"]: rule for rule in get(server, "/api/rules")["rules"]}
        if rules["ledger"]["last_check"]:
            break
        time.sleep(0.1)
    found = {one["file"]: one["line"] for one in get(server, "/api/rules/violations")["violations"]}
    assert (rules["eol"]["violations"], found["a.md"]) == (1, 1)
