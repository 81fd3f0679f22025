"""Frames, fragments, control frames and limits of our WebSocket, against wsproto as a client."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, CloseConnection, Event, Message, Ping, Pong, TextMessage

from orch_next.serving.websocket import WebSocket, data_frame
from tests.patience import PATIENCE

LIMIT = 20_000


class Peer:
    """A client on the other end of a socket pair."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.protocol = Connection(ConnectionType.CLIENT)

    def send(self, *events: Event) -> None:
        self.sock.sendall(b"".join(self.protocol.send(event) for event in events))

    def receive(self) -> Event:
        while True:
            for event in self.protocol.events():
                return event
            self.protocol.receive_data(self.sock.recv(65536) or None)


@pytest.fixture
def pair() -> Iterator[tuple[WebSocket, Peer]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for sock in (ours, theirs):
            sock.settimeout(PATIENCE)
        yield WebSocket(ours, threading.Lock(), LIMIT), Peer(theirs)


@given(st.one_of(st.text(), st.binary()), st.sampled_from([1, 125, 126, 65_535, 65_536]))
def test_frames_say_what_was_sent(message: str | bytes, times: int) -> None:
    whole = message * times if len(message) < 3 else message
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(data_frame(whole))
    events = [event for event in client.events() if isinstance(event, Message)]
    parts = [event.data if isinstance(whole, bytes) else event.data.encode() for event in events]
    assert b"".join(parts) == (whole if isinstance(whole, bytes) else whole.encode())


def test_messages_in_both_directions(pair: tuple[WebSocket, Peer]) -> None:
    ours, peer = pair
    peer.send(TextMessage("42課題|"), BytesMessage(b"\x00\xff"))
    ours.send(r"2C:\作業")
    assert [ours.wait(), ours.wait()] == ["42課題|", b"\x00\xff"]
    assert peer.receive() == TextMessage(data=r"2C:\作業")


def test_fragments_become_one_message(pair: tuple[WebSocket, Peer]) -> None:
    ours, peer = pair
    peer.send(TextMessage("未", message_finished=False), Ping(b"!"), TextMessage("着手"))
    assert ours.wait() == "未着手"
    assert peer.receive() == Pong(payload=b"!")


def test_too_long_messages_end_the_connection(pair: tuple[WebSocket, Peer]) -> None:
    ours, peer = pair
    for _ in range(3):
        peer.send(TextMessage("x" * 7_000, message_finished=False))
    assert ours.wait() is None
    assert peer.receive() == CloseConnection(code=1009, reason="")


def test_unmasked_frames_end_the_connection(pair: tuple[WebSocket, Peer]) -> None:
    ours, peer = pair
    peer.sock.sendall(data_frame("forged"))
    assert ours.wait() is None
    assert peer.receive() == CloseConnection(
        code=1002, reason="server received unexpected unmasked frame"
    )


def test_the_peer_may_leave(pair: tuple[WebSocket, Peer]) -> None:
    ours, peer = pair
    peer.send(TextMessage("最後"), CloseConnection(1000))
    assert [ours.wait(), ours.wait()] == ["最後", None]
    assert peer.receive() == CloseConnection(code=1000, reason="")


def test_goodbye_ends_both_sides(pair: tuple[WebSocket, Peer]) -> None:
    ours, peer = pair
    ours.close()
    assert peer.receive() == CloseConnection(code=1000, reason="")
    peer.sock.shutdown(socket.SHUT_WR)
    assert ours.wait() is None


def test_abort_frees_a_writer_that_waits_for_a_slow_client(pair: tuple[WebSocket, Peer]) -> None:
    ours, _peer = pair
    ended: list[str] = []

    def write() -> None:
        with pytest.raises(OSError):
            ours.send("x" * 50_000_000)
        ended.append("ended")

    writer = threading.Thread(target=write)
    writer.start()
    ours.abort()
    writer.join(PATIENCE)
    assert ended == ["ended"]
