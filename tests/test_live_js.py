"""The npm clients of existing pages, 4.7.2 and 4.8, against each server that is promised."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.js_clients import CLIENTS, NodeClients, install, node_clients
from tests.live_clients import edit_notes
from tests.patience import in_time, seconds_of, until
from tests.servers import Server, free_port, running_server

MODES = ("serve", "eventlet", "gthread", "gevent")
GREETING = {"message": "ORCHダッシュボードに接続されました"}
ANSWERS = (
    *("dashboard_overview_update", "timeline_update"),
    *("heatmap_update", "task_flow_update"),
)


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache = getattr(request.config, "cache", None)  # it can be turned off
    return install(cache.mkdir if cache else tmp_path_factory.mktemp)


@pytest.fixture(scope="module", params=MODES)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: Any, program: Path
) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp(request.param), request.param) as running:
        yield running


@pytest.fixture(scope="module")
def clients(server: Server, program: Path) -> Iterator[NodeClients]:
    with node_clients(program, server.url) as connected:
        yield connected


def told(clients: NodeClients) -> dict[str, list[tuple[int, str]]]:
    """Return number and record of every row event and reset, by client."""
    return {
        name: [(p["seq"], p.get("id", "")) for p in clients.events(name, "task_updated", "reset")]
        for name in CLIENTS
    }


def upgraded(clients: NodeClients) -> set[str]:
    return {name for name in CLIENTS if clients.events(name, "(upgrade)") == ["websocket"]}


def test_every_client_is_greeted_once_and_upgraded(clients: NodeClients) -> None:
    assert {name: clients.events(name, "status") for name in CLIENTS} == {
        name: [GREETING] for name in CLIENTS
    }
    until(lambda: len(upgraded(clients)) >= 2)
    assert upgraded(clients) == {"4.7.2 upgrade", "4.8 upgrade"}


def test_an_outside_edit_reaches_each_once(server: Server, clients: NodeClients) -> None:
    before = told(clients)
    bare = seconds_of(lambda: server.get("/health"))
    saved = edit_notes(server.orch_root, "005", f"外部 {time.time()}")
    assert clients.wait(len(before["4.8 polling"]) + 1, "task_updated")
    time.sleep(0.5)  # nothing more may come
    news = {name: events[len(before[name]) :] for name, events in told(clients).items()}
    delays = [clients.heard[name][-1][2] - saved for name in CLIENTS]
    seq = news["4.8 polling"][0][0]
    assert (news, in_time(max(delays), 2.0, bare)) == (
        {name: [(seq, "005")] for name in CLIENTS},
        True,
    )


def test_requests_are_answered(clients: NodeClients) -> None:
    clients.say("emit request_dashboard_refresh")
    clients.say("emit request_task_flow_refresh")
    assert clients.wait(4, *ANSWERS)
    assert {
        name: sorted(event for event, _, _ in clients.heard[name] if event in ANSWERS)
        for name in CLIENTS
    } == {name: sorted(ANSWERS) for name in CLIENTS}


def test_who_comes_back_gets_what_it_missed(server: Server, clients: NodeClients) -> None:
    edit_notes(server.orch_root, "005", f"最後 {time.time()}")
    count = len(told(clients)["4.8 polling"]) + 1
    assert clients.wait(count, "task_updated")
    clients.say("leave")
    assert clients.wait(1, "(gone)")
    for task_id in ("006", "007"):
        edit_notes(server.orch_root, task_id, f"留守 {time.time()}")
        time.sleep(0.3)
    clients.say("join")
    assert clients.wait(count + 2, "task_updated")
    edit_notes(server.orch_root, "005", f"再開 {time.time()}")
    assert clients.wait(count + 3, "task_updated")
    found = {name: events[-3:] for name, events in told(clients).items()}
    seq = found["4.8 polling"][0][0]
    expected = [(seq, "006"), (seq + 1, "007"), (seq + 2, "005")]
    assert found == {name: expected for name in CLIENTS}


def test_clients_outlive_their_server(tmp_path: Path, program: Path) -> None:
    port = free_port()
    with running_server(tmp_path, port=port) as server, node_clients(program, server.url) as six:
        edit_notes(server.orch_root, "005", "一")
        assert six.wait(1, "task_updated")
        server.stop()
        edit_notes(server.orch_root, "006", "二")
        with running_server(tmp_path, port=port):
            assert six.wait(2, "task_updated")
            assert told(six) == {name: [(1, "005"), (2, "006")] for name in CLIENTS}
