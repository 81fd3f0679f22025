"""Each server with a small app: sockets, streams, bodies, blocking views, the stop."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import socketio
import websocket

from tests.live_clients import leave
from tests.patience import PATIENCE, until
from tests.servers import Server, stop_limit
from tests.serving_small import GREEN, MODES, small_server

SOCKET_TRANSPORTS = (["polling"], ["websocket"], ["polling", "websocket"])
TEXT = "字" * 16_000  # 48 KB as UTF-8
RECEIVE_BUFFER = (socket.SOL_SOCKET, socket.SO_RCVBUF)


@pytest.fixture(scope="module", params=MODES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run each server once for the tests that leave it running."""
    folder = tmp_path_factory.mktemp(request.param)
    with small_server(folder, request.param, ORCH_MAX_BODY_BYTES="200000") as running:
        yield running


def ask(server: Server, transports: list[str]) -> tuple[str, object]:
    client = socketio.Client(reconnection=False)
    client.connect(server.url, transports=transports, wait_timeout=PATIENCE)
    try:
        return client.transport(), client.call("ask", {"題": r"C:\作業"}, timeout=PATIENCE)
    finally:
        leave(client)


def post(server: Server, path: str, body: bytes, **headers: str) -> bytes:
    request = urllib.request.Request(server.url + path, body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        data: bytes = answer.read()
    return data


def test_polling_websocket_and_upgrade(server: Server) -> None:
    found = [ask(server, transports) for transports in SOCKET_TRANSPORTS]
    said = {"題": r"C:\作業"}
    assert found == [("polling", said), ("websocket", said), ("websocket", said)]
    # What a WebSocket leaves behind must not be read as the next request.
    assert [word for word in ("Traceback", "code 400") if word in server.log()] == []


def test_waitress_keeps_clients_polling(tmp_path: Path) -> None:
    pytest.importorskip("waitress")
    with small_server(tmp_path, "waitress") as server:
        assert ask(server, ["polling", "websocket"]) == ("polling", {"題": r"C:\作業"})
        assert json.loads(server.get("/health")) == {"mode": "threading"}
        assert "Traceback" not in server.log()


def test_bodies_arrive_whole_and_too_long_ones_are_refused(server: Server) -> None:
    body = "課題".encode() * 30_000
    assert post(server, "/echo", body) == body
    assert post(server, "/echo", b"") == b""
    with pytest.raises(urllib.error.HTTPError, match="413"):
        post(server, "/echo", b"x" * 200_001)


def test_a_view_that_exits_is_an_error_and_ends_nothing(server: Server) -> None:
    for _ in range(3):
        with pytest.raises(urllib.error.HTTPError, match="500"):
            server.get("/exit")
    assert server.get("/health")


def test_first_event_leaves_at_once(server: Server) -> None:
    # Nothing follows it: one that was kept back would never come.
    with urllib.request.urlopen(f"{server.url}/first", timeout=PATIENCE) as events:
        assert events.readline().decode() == "data: 拍\n"


@contextmanager
def open_stream(server: Server, path: str) -> Iterator[None]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)) as client:
        client.request("GET", path)
        with client.getresponse() as answer:
            answer.readline()
            yield


@pytest.mark.parametrize("mode", MODES)
def test_stop_with_open_streams_and_sockets(tmp_path: Path, mode: str) -> None:
    with small_server(tmp_path, mode) as server, ExitStack() as clients:
        for _ in range(3):
            clients.enter_context(open_stream(server, "/stream"))
        silent = websocket.create_connection(socket_url(server), timeout=PATIENCE)
        clients.callback(silent.shutdown)
        client = socketio.Client(reconnection=False)
        clients.callback(leave, client)
        client.connect(server.url, transports=["websocket"])
        seconds = server.stop()
        status, log = server.process.returncode, server.log()
    assert (status, log.count("stream closed"), "Traceback" in log) == (0, 3, False)
    assert seconds < stop_limit(server)


@pytest.mark.parametrize("mode", GREEN)
def test_stop_runs_the_finally_blocks_of_stuck_streams(tmp_path: Path, mode: str) -> None:
    with small_server(tmp_path, mode) as server, open_stream(server, "/stuck"):
        seconds = server.stop()
        status, log = server.process.returncode, server.log()
    assert (status, log.count("stuck stream closed")) == (0, 1)
    assert seconds < stop_limit(server)


def test_blocked_views_do_not_delay_others(server: Server) -> None:
    with ThreadPoolExecutor(2) as pool:
        # One has the lock and waits, the other one waits for the lock: until others were answered.
        held = [pool.submit(server.get, "/held", 2 * PATIENCE) for _ in range(2)]
        until(lambda: json.loads(server.get("/holding")) == {"held": 2})
        answers = [server.get("/health") for _ in range(20)]
        done = [future.done() for future in held]
        post(server, "/free", b"")
    assert (len(answers), done) == (20, [False, False])
    assert [future.result() for future in held] == [b"", b""]


def socket_url(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"


def join(server: Server, *sockopt: tuple[int, int, int]) -> websocket.WebSocket:
    """Join the default namespace."""
    client = websocket.create_connection(socket_url(server), timeout=PATIENCE, sockopt=sockopt)
    client.recv()
    client.send("40")
    client.recv()
    return client


def read_news(client: websocket.WebSocket, count: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    while len(found) < count:
        packet = str(client.recv())
        if packet.startswith("42"):
            found.append(json.loads(packet[2:])[1])
        elif packet == "2":
            client.send("3")
    return found


def test_slow_client_keeps_its_stream_whole_and_delays_nobody(server: Server) -> None:
    news = [{"n": n, "text": TEXT} for n in range(60)]
    slow, healthy = join(server, (*RECEIVE_BUFFER, 4096)), join(server)
    heard: list[dict[str, object]] = []
    reader = threading.Thread(target=lambda: heard.extend(read_news(healthy, len(news))))
    reader.start()
    for item in news:
        post(server, "/broadcast", json.dumps(item).encode(), **JSON)
    reader.join(PATIENCE)
    assert heard == news  # while the slow one has read nothing
    assert slow.sock is not None
    slow.sock.setsockopt(*RECEIVE_BUFFER, 1 << 20)
    assert read_news(slow, len(news)) == news
    for one in (slow, healthy):
        one.close()


JSON = {"Content-Type": "application/json"}
