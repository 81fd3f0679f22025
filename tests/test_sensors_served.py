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
        f'#!/bin/sh\ncase " $* " in *" log "*) sleep {SLOW_SECONDS} ;; esac\nexec {real} "$@"\n',
        encoding="utf-8",
    )
    slow.chmod(0o755)
    path = f"{slow.parent}{os.pathsep}{os.environ['PATH']}"
    with running_server(tmp_path, request.param, env={"PATH": path}) as running:
        yield running


def get(server: Server, path: str) -> Any:
    return json.loads(server.get(path))


@pytest.mark.skipif(os.name == "nt", reason="the slow git is a shell script")
def test_a_slow_git_stalls_nobody(server: Server) -> None:
    found: list[Any] = []
    asking = threading.Thread(target=lambda: found.append(get(server, "/api/git/graph")))
    asking.start()
    latest, ended = 0.0, time.monotonic() + SLOW_SECONDS
    while time.monotonic() < ended:
        started = time.monotonic()
        server.get("/api/quality/health")
        latest = max(latest, time.monotonic() - started)
    asking.join()
    assert ([one["message"] for one in found[0]["commits"]], latest < 1.0) == (["最初"], True)


@pytest.mark.skipif(os.name == "nt", reason="the slow git is a shell script")
def test_the_rules_are_checked_in_the_background(server: Server) -> None:
    for _ in range(100):
        rules = {rule["key"]: rule for rule in get(server, "/api/rules")["rules"]}
        if rules["ledger"]["last_check"]:
            break
        time.sleep(0.1)
    found = {one["file"]: one["line"] for one in get(server, "/api/rules/violations")["violations"]}
    assert (rules["eol"]["violations"], found["a.md"]) == (1, 1)
