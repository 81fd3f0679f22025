"""Two lengths, or a name with a blank: no server may find a second request in the first."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from tests.servers import Server, running_server

MODES = ("serve", "serve-threading", "serve-gevent", "eventlet", "gthread", "gevent")
HIDDEN = "GET /api/milestones HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY = json.dumps({"task_id": "x"})
HEAD = "POST /api/tasks/promote HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LENGTH, WHOLE = len(BODY), len(BODY + HIDDEN)
FORGED = {
    "two lengths": f"Content-Length: {WHOLE}\r\nContent-Length: {LENGTH}\r\n",
    "two lengths, the longer last": f"Content-Length: {LENGTH}\r\nContent-Length: {WHOLE}\r\n",
    "the same length twice": f"Content-Length: {LENGTH}\r\nContent-Length: {LENGTH}\r\n",
    "a blank before the colon": f"Content-Length : {LENGTH}\r\n",
    "a blank in a second one": f"Content-Length: {LENGTH}\r\nContent-Length : {WHOLE}\r\n",
    "length and chunks": f"Content-Length: {LENGTH}\r\nTransfer-Encoding: chunked\r\n",
}


@pytest.fixture(scope="module", params=MODES)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("framing"), request.param) as running:
        yield running


def answers(server: Server, text: str) -> list[int]:
    """Send bytes and return the statuses of all answers until the server closes or is silent."""
    data = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=3) as connection:
        connection.sendall(text.encode())
        try:
            while part := connection.recv(65_536):
                data += part
        except (TimeoutError, ConnectionResetError):
            pass
    return [int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:] or data.split(b"HTTP/1.0 ")[1:]]


@pytest.mark.parametrize("how", FORGED)
def test_an_unclear_end_is_refused_and_nothing_follows(server: Server, how: str) -> None:
    assert set(answers(server, f"{HEAD}{FORGED[how]}\r\n{BODY}{HIDDEN}")) == {400}


def test_a_clear_request_is_answered(server: Server) -> None:
    head = f"{HEAD}Connection: close\r\nContent-Length: {LENGTH}\r\n"
    assert answers(server, f"{head}\r\n{BODY}") == [200]
