"""Sending to many: frames written at once keep their order, and a stuck client is let go."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from engineio.packet import MESSAGE, Packet
from engineio.socket import Socket
from flask import Flask

from orch_next.realtime.audience import BACKLOG_LIMIT, Audience
from orch_next.realtime.sockets import make_socketio
from orch_next.serving.websocket import WebSocket, data_frame
from tests.patience import PATIENCE

BIG = data_frame("日本語" * 500_000)


@pytest.fixture
def pair() -> Iterator[tuple[WebSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)  # as sockets of green servers are
    theirs.settimeout(PATIENCE)
    with ours, theirs:
        yield WebSocket(ours, threading.Lock(), 1_000_000), theirs


def read(sock: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        found += sock.recv(65536)
    return found


def test_a_frame_is_written_at_once(pair: tuple[WebSocket, socket.socket]) -> None:
    websocket, client = pair
    frame, later = websocket.frame("42[]"), list[Callable[[], None]]()
    taken = [websocket.send_now(frame, later.append), websocket.send_now(frame, later.append)]
    assert (taken, read(client, 2 * len(frame)), later) == ([True, True], frame * 2, [])


def test_what_does_not_fit_is_written_later_and_nobody_comes_between(
    pair: tuple[WebSocket, socket.socket],
) -> None:
    websocket, client = pair
    small, later = websocket.frame("42[]"), list[Callable[[], None]]()
    taken = [websocket.send_now(BIG, later.append), websocket.send_now(small, later.append)]
    websocket.socket.setblocking(True)  # a green socket waits in its loop
    writers = [
        threading.Thread(target=later[0]),
        threading.Thread(target=websocket.send, args=("42[]",)),
    ]
    for writer in writers:
        writer.start()
    found = read(client, len(BIG) + len(small))
    for writer in writers:
        writer.join(PATIENCE)
    again = websocket.send_now(small, later.append)
    assert (taken, found == BIG + small, again) == ([True, False], True, True)


def test_a_client_that_went_away_troubles_nobody(pair: tuple[WebSocket, socket.socket]) -> None:
    websocket, client = pair
    client.close()
    assert [websocket.send_now(BIG, print), websocket.send_now(BIG, print)] == [True, True]


def test_a_client_with_too_much_waiting_is_let_go() -> None:
    socketio = make_socketio(Flask(__name__), "threading")
    engine, audience = socketio.server.eio, Audience(socketio)
    clients = {name: Socket(engine, name) for name in ("slow", "quick")}
    engine.sockets = dict(clients)
    for _ in range(BACKLOG_LIMIT + 1):
        clients["slow"].send(Packet(MESSAGE, "2[]"))
    clients["quick"].send(Packet(MESSAGE, "2[]"))
    audience.drop_stuck()
    assert [clients[name].closed for name in ("slow", "quick")] == [True, False]
