"""Socket.IO handlers, by Flask-SocketIO's own test client; real transports are tested elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO

from orch_next.errors import BusyError
from orch_next.offload import Loop
from orch_next.realtime.hub import Hub
from orch_next.realtime.sockets import GREETING, Sockets, make_socketio
from tests.live import make_event, make_hub

View = Callable[[], dict[str, Any]]
VIEWS: Mapping[str, View] = {
    "dashboard_overview_update": lambda: {"件数": 8},
    "timeline_update": lambda: {"hours": 24},
    "heatmap_update": lambda: {"max": 3},
    "task_flow_update": lambda: {"nodes": []},
}


def make_sockets(hub: Hub, views: Mapping[str, View] = VIEWS, **options: Any) -> SocketIO:
    socketio = make_socketio(Flask(__name__), "threading")
    Sockets(socketio, hub, Loop(), views=views, **options)
    return socketio


def connect(socketio: SocketIO, **options: Any) -> Any:
    return socketio.test_client(socketio.sockio_mw.flask_app, **options)


def heard(client: Any) -> list[tuple[str, Any]]:
    """Return what the client got since the last call: names and payloads."""
    return [(event["name"], event["args"][0]) for event in client.get_received()]


def test_a_client_is_greeted_with_the_contracts_words() -> None:
    client = connect(make_sockets(make_hub()))
    assert heard(client) == [("status", {"message": "ORCHダッシュボードに接続されました"})]


@pytest.mark.parametrize(
    "options",
    [{"auth": {"since": 1}}, {"auth": {"since": "1"}}, {"query_string": "?since=1"}],
)
def test_a_client_gets_what_it_missed_and_then_what_happens(options: dict[str, Any]) -> None:
    hub = make_hub(make_event(1), make_event(2))
    client = connect(make_sockets(hub), **options)
    hub.deliver([make_event(3, "approval_updated", kind="approval", 題="| 承認")])
    assert heard(client)[1:] == [
        ("task_updated", make_event(2).payload),
        (
            "approval_updated",
            make_event(3, "approval_updated", kind="approval", 題="| 承認").payload,
        ),
    ]


@pytest.mark.parametrize("since", [True, -1, 1.5, "x", None, [1]])
def test_what_is_no_cursor_replays_nothing(since: object) -> None:
    client = connect(make_sockets(make_hub(make_event(1))), auth={"since": since})
    assert heard(client) == [("status", {"message": GREETING})]


def test_a_cursor_from_elsewhere_gets_a_reset() -> None:
    client = connect(make_sockets(make_hub(make_event(1))), auth={"since": 99})
    assert heard(client)[1:] == [("reset", {"seq": 1})]


def test_the_two_requests_are_always_answered() -> None:
    client = connect(make_sockets(make_hub()))
    client.get_received()
    client.emit("request_dashboard_refresh")
    client.emit("request_task_flow_refresh", {"データ": 1})
    assert heard(client) == [(name, view()) for name, view in VIEWS.items()]


def test_a_request_that_fails_says_why_to_the_one_who_asked() -> None:
    def fail() -> dict[str, Any]:
        raise BusyError("台帳は使用中です")

    socketio = make_sockets(make_hub(), {**VIEWS, "timeline_update": fail})
    client, other = connect(socketio), connect(socketio)
    client.get_received(), other.get_received()
    client.emit("request_dashboard_refresh")
    assert (heard(client), heard(other)) == ([("error", {"message": "台帳は使用中です"})], [])


def test_who_is_not_known_is_refused() -> None:
    asked: list[object] = []

    def identify(auth: Any, environ: Mapping[str, Any]) -> object:
        asked.append((auth, environ["PATH_INFO"]))
        return None if auth is None else auth.get("token")

    socketio = make_sockets(make_hub(), identify=identify)
    stranger, friend = connect(socketio), connect(socketio, auth={"token": "鍵"})
    found = (stranger.is_connected(), friend.is_connected(), asked)
    assert found == (False, True, [(None, "/socket.io"), ({"token": "鍵"}, "/socket.io")])


def test_two_apps_in_one_process_do_not_hear_each_other() -> None:
    one, other = make_hub(), make_hub()
    ours, theirs = connect(make_sockets(one)), connect(make_sockets(other))
    ours.get_received(), theirs.get_received()
    one.deliver([make_event(1)])
    assert (len(heard(ours)), heard(theirs)) == (1, [])
