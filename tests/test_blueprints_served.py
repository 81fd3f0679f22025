"""What only a real server shows: requests as raw bytes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from tests.patience import PATIENCE
from tests.servers import Server, running_server

BODY = json.dumps({"task_id": "006"}).encode()


@pytest.fixture(scope="module", params=["serve", "serve-threading", "serve-gevent"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("served"), request.param) as running:
        yield running


def send(server: Server, *headers: str) -> int:
    """Hold a task with just these headers; return the answer's status."""
    lines = ("POST /api/tasks/hold HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *headers)
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        head = "\r\n".join([*lines, f"Content-Length: {len(BODY)}", "Connection: close", "", ""])
        connection.sendall(head.encode() + BODY)
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((), 200),
        (("Content-Type:",), 200),
        (("Content-Type: application/json",), 200),
        (("Content-Type: text/plain",), 400),
        (("Content-Type: application/json", "Content-Encoding: gzip"), 400),
    ],
)
def test_a_body_without_a_type_is_json(
    server: Server, headers: tuple[str, ...], status: int
) -> None:
    assert send(server, *headers) == status
