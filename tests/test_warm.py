"""Servers forked from a warm process are those that users start."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.servers import running_server, start_server
from tests.warm import CAN_FORK, Forked

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="this system cannot fork")

MODES = ("serve", "serve-threading", "serve-gevent")
WAYS = pytest.mark.parametrize("plain", [False, True], ids=["forked", "plain"])


@pytest.mark.parametrize("mode", MODES)
def test_a_forked_server_answers_stops_and_says_so(tmp_path: Path, mode: str) -> None:
    with running_server(tmp_path, mode) as server:
        forked = isinstance(server.process, Forked)
        found = json.loads(server.get("/api/tasks"))["count"]
        running = server.process.poll()
        server.stop()
    assert (forked, found > 0, running, server.process.returncode) == (True, True, None, 0)


@WAYS
def test_a_refused_start_has_its_status_and_its_words(tmp_path: Path, plain: bool) -> None:
    server = start_server(tmp_path, env={"ORCH_AUTH": "誰でも"}, plain=plain)
    assert (server.process.wait(30), "auth must be" in server.log()) == (1, True)


@WAYS
def test_a_killed_server_says_by_what(tmp_path: Path, plain: bool) -> None:
    with running_server(tmp_path, plain=plain) as server:
        server.process.kill()
        assert server.process.wait(30) == -signal.SIGKILL
