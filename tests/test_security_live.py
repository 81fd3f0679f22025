"""The door of real servers, with raw sockets: HTTP, polling, WebSocket and streams."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import socketio

from orch_next.security import Identities
from tests.servers import PROJECT, Server, copy_orch, free_port, running_server
from tests.test_security_guard import SENDERS

MODES = ("serve", "serve-threading", "serve-gevent", "eventlet", "gthread", "gevent")
SAME = "http://127.0.0.1:5001"
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
POST = "Content-Type: application/json\r\nContent-Length: 2\r\n"
# kind -> request line, more headers, body, status when it comes in, is it protected?
KINDS = {
    "read": ("GET /api/tasks", "", "", 200, False),
    "preflight": ("OPTIONS /api/tasks", "", "", 200, False),
    "write": ("POST /api/tasks/promote", POST, "{}", 400, True),
    "polling": ("GET /socket.io/?EIO=4&transport=polling", "", "", 200, True),
    "websocket": ("GET /socket.io/?EIO=4&transport=websocket", UPGRADE, "", 101, True),
    "stream": ("GET /events", "", "", 200, True),
    "health stream": ("GET /events/health", "", "", 200, True),
    "old stream": ("GET /sse/events", "", "", 200, True),
    "job stream": ("GET /jobs/005/events", "", "", 200, True),
}


@pytest.fixture(scope="module", params=MODES)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    environ = {"ORCH_CORS_ORIGINS": "https://app.example", "ORCH_TRUSTED_HOSTS": "orch.example"}
    folder = tmp_path_factory.mktemp("live")
    with running_server(folder, request.param, env=environ) as running:
        yield running


def ask(server: Server, kind: str, host: str, *headers: str) -> int:
    line, more, body, _status, _protected = KINDS[kind]
    lines = "".join(f"{header}\r\n" for header in (f"Host: {host}", *headers))
    return exchange(server, f"{line} HTTP/1.1\r\n{lines}{more}\r\n{body}")[0]


def exchange(server: Server, text: str, until: bytes = b"\r\n\r\n") -> tuple[int, str]:
    """Send a request and return the status and the answer, read at least to `until`."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(text.encode())
        data = b""
        while until not in data:
            part = connection.recv(65536)
            if not part:
                break
            data += part
    assert data.startswith(b"HTTP/1.1 "), data
    return int(data[9:12]), data.decode("latin-1")


def headers_of(server: Server, origin: str | None, site: str | None) -> list[str]:
    own = {SAME: server.url, "https://127.0.0.1:5001": f"https://127.0.0.1:{server.port}"}
    sent = {"Origin": own.get(origin or "", origin), "Sec-Fetch-Site": site}
    return [f"{name}: {value}" for name, value in sent.items() if value is not None]


def test_origin_matrix(server: Server) -> None:
    host = f"127.0.0.1:{server.port}"
    got = {
        (sender, kind): ask(server, kind, host, *headers_of(server, *sender))
        for sender in SENDERS
        for kind in KINDS
    }
    assert got == {
        (sender, kind): status if admitted or not protected else 403
        for sender, admitted in SENDERS.items()
        for kind, (_line, _more, _body, status, protected) in KINDS.items()
    }


HOSTS = {
    "127.0.0.1:{port}": True,
    "localhost:{port}": True,
    "[::1]:{port}": True,
    "orch.example": True,
    "evil.example": False,
    "evil.example:{port}": False,
    "127.0.0.1.evil.example:{port}": False,
    "192.168.1.5:{port}": False,
}


def test_host_matrix(server: Server) -> None:
    got = {
        (host, kind): ask(server, kind, host.format(port=server.port))
        for host in HOSTS
        for kind in KINDS
    }
    assert got == {
        (host, kind): KINDS[kind][3] if trusted else 421
        for host, trusted in HOSTS.items()
        for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_dns_rebinding_is_refused(server: Server, kind: str) -> None:
    host = f"evil.example:{server.port}"
    assert ask(server, kind, host, f"Origin: http://{host}", "Sec-Fetch-Site: same-origin") == 421


@pytest.mark.parametrize("hosts", [(), ("127.0.0.1", "evil.example"), ("127.0.0.1 evil.example",)])
def test_a_host_that_is_none_is_refused(server: Server, hosts: tuple[str, ...]) -> None:
    lines = "".join(f"Host: {host}\r\n" for host in hosts)
    status, _text = exchange(server, f"GET /api/tasks HTTP/1.1\r\n{lines}\r\n")
    assert status == 400


def test_a_refusal_is_json_with_the_security_headers(server: Server) -> None:
    request = f"POST /socket.io/ HTTP/1.1\r\nHost: localhost:{server.port}\r\nOrigin: null\r\n\r\n"
    error = "origin 'null' is not allowed; ORCH_CORS_ORIGINS can name it"
    body = json.dumps({"success": False, "error": error})
    status, text = exchange(server, request, b"}")
    head, _, got = text.partition("\r\n\r\n")
    names = {line.partition(":")[0].lower() for line in head.splitlines()[1:]}
    expected = {"content-security-policy", "x-content-type-options", "referrer-policy"}
    assert (status, got.strip(), expected - names) == (403, body, set())


def test_every_answer_has_each_security_header_once(server: Server) -> None:
    heads = [
        exchange(server, f"{line} HTTP/1.1\r\nHost: localhost:{server.port}\r\n{more}\r\n{body}")[1]
        for line, more, body, status, _protected in [
            *KINDS.values(),
            ("GET /nowhere", "", "", 0, 0),
        ]
        if status != 101
    ]
    counts = [head.lower().count("\r\ncontent-security-policy: ") for head in heads]
    assert counts == [1] * len(KINDS)


@pytest.mark.parametrize("path", ["/api/tasks/create", "/socket.io/?EIO=4&transport=polling"])
@pytest.mark.parametrize("size", ["1048577", "9" * 30])
def test_a_told_length_is_limited_before_the_body_is_sent(
    server: Server, path: str, size: str
) -> None:
    request = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
    assert exchange(server, request)[0] == 413


def test_a_chunked_body_is_read_and_limited(server: Server) -> None:
    start, filler = '17\r\n{"task_id": "不明"   \r\n', f"10000\r\n{' ' * 0x10000}\r\n"
    request = (
        "POST /api/tasks/promote HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    got = [
        exchange(server, f"{request}{start}{filler * count}1\r\n}}\r\n0\r\n\r\n")[0]
        for count in (0, 15, 16, 17)
    ]
    assert got == [200, 200, 413, 413]


@pytest.mark.parametrize("body", ["zz\r\n", "5\r\n{}\r\n0\r\n\r\n"])
def test_a_broken_chunked_body_is_no_server_error(server: Server, body: str) -> None:
    request = (
        "POST /api/tasks/promote HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert exchange(server, request + body)[0] == 400


def test_the_socket_message_limit_is_the_legacys(server: Server) -> None:
    request = f"{KINDS['polling'][0]} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    _status, text = exchange(server, request, b"}")
    assert '"maxPayload":1000000' in text


@pytest.mark.skipif(os.name != "posix", reason="file modes exist on POSIX only")
def test_the_secret_key_is_made_and_private(server: Server) -> None:
    path = server.orch_root.parent / "data" / "secret.key"
    assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_size) == (0o600, 32)


@pytest.fixture(scope="module", params=["serve", "gthread"])
def closed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, str]]:
    folder = tmp_path_factory.mktemp("closed")
    with running_server(folder, request.param, env={"ORCH_AUTH": "token"}) as running:
        database = running.orch_root.parent / "data" / "orch-next.db"
        yield running, Identities(f"sqlite:///{database}").add("閲覧者", "viewer")[1]


def test_tokens_are_asked_for_everywhere(closed: tuple[Server, str]) -> None:
    server, token = closed
    kinds = [kind for kind in KINDS if kind not in ("polling", "websocket")]
    sent = [(), (f"Authorization: Bearer {token}",), ("Authorization: Bearer orch_x",)]
    got = {kind: [ask(server, kind, "localhost", *headers) for headers in sent] for kind in kinds}
    assert got == {
        "read": [401, 200, 401],
        "preflight": [200, 200, 200],
        "write": [401, 403, 401],
        "stream": [401, 200, 401],
        "health stream": [401, 200, 401],
        "old stream": [401, 200, 401],
        "job stream": [401, 200, 401],
    }


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_sockets_need_a_token(closed: tuple[Server, str], transport: str) -> None:
    server, token = closed
    got = [connects(server, transport, auth) for auth in (None, {"token": "no"}, {"token": token})]
    assert got == [False, False, True]


def connects(server: Server, transport: str, auth: dict[str, str] | None) -> bool:
    client = socketio.SimpleClient()
    try:
        client.connect(server.url, auth=auth, transports=[transport], wait_timeout=10)
    except socketio.exceptions.ConnectionError:
        return False
    client.disconnect()
    return True


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "orch_next", "serve", "--host", "0.0.0.0", "--port", "{port}"],
        ["-m", "gunicorn", "-k", "gthread", "-w", "1", "-b", "0.0.0.0:{port}", "wsgi:app"],
    ],
    ids=["serve", "gunicorn"],
)
def test_an_open_program_does_not_listen_to_others(tmp_path: Path, command: list[str]) -> None:
    words = [word.replace("{port}", str(free_port())) for word in command]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ORCH_")}
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=PROJECT,
        env={**environ, "ORCH_ROOT": str(copy_orch(tmp_path))},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode != 0, "can be reached by other machines" in ended.stderr) == (
        True,
        True,
    )
