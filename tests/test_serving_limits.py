"""Too many clients, and clients that begin a request and never end it."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.event_stream import EventSource
from tests.live_clients import listeners
from tests.patience import PATIENCE
from tests.servers import COMMANDS, PROJECT, Server, free_port, running_server

resource = pytest.importorskip("resource", reason="file limits are for Unix")

HALF = b"GET /health HTTP/1.1\r\nHost: local"
_LIMITED = (
    "import os, resource, sys;"
    "resource.setrlimit(resource.RLIMIT_NOFILE, (150, {hard}));"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
_IMPATIENT = """
import os, sys
from orch_next.serving import limits
limits.IDLE_SECONDS = 1.0
from orch_next.config import load_settings
from orch_next.serving import serve
sys.exit(serve(load_settings(os.environ), sys.argv[1]))
"""


def limited(mode: str, hard: int) -> list[str]:
    return [sys.executable, "-c", _LIMITED.format(hard=hard), *COMMANDS[mode]]


def half_open(server: Server) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(HALF)
    return connection


@pytest.mark.parametrize("mode", ["serve", "serve-threading", "serve-gevent", "eventlet"])
def test_a_server_without_file_descriptors_comes_back(tmp_path: Path, mode: str) -> None:
    with running_server(tmp_path, command=limited(mode, 150)) as server:
        crowd = [half_open(server) for _ in range(250)]
        time.sleep(0.5)
        for connection in crowd:
            connection.close()
        assert_alive(server)


def assert_alive(server: Server) -> None:
    """Fail with the exit status and the log of a server that does not answer."""
    try:
        assert server.get("/health")
    except OSError as error:
        pytest.fail(f"{error}, exit status {server.process.poll()}\n{server.log()}")
    assert server.process.poll() is None


# A real thread that sleeps and makes a socket while every file descriptor is taken.
_WITHOUT_FILES = """
import contextlib, json, logging, os, resource, socket, sys, threading, time
from orch_next.serving.patching import patch_for
patch_for(sys.argv[1])
time.sleep(0.001)
resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
taken, said = [], []
with contextlib.suppress(OSError):
    while True:
        taken.append(os.open(os.devnull, os.O_RDONLY))

class Freeing(logging.Handler):
    def emit(self, record):
        said.append(record.msg % ("",))
        while taken:
            os.close(taken.pop())

def work():
    time.sleep(0.001)
    said.append("slept")
    os.close(taken.pop())
    try:
        socket.socket().close()
        said.append("made")
    except OSError as error:
        said.append(error.strerror)

logging.getLogger("orch_next").addHandler(Freeing())
thread = threading.Thread(target=work)
thread.start()
thread.join()
while taken:
    os.close(taken.pop())
sys.stdout.write(json.dumps(said))
"""


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("eventlet", ["slept", os.strerror(errno.EMFILE)]),
        ("gevent", ["slept", "a thread waits for a free file descriptor: ", "made"]),
        ("threading", ["slept", "made"]),
    ],
)
def test_a_thread_without_file_descriptors_never_ends_the_process(
    mode: str, said: list[str]
) -> None:
    words = [sys.executable, "-c", _WITHOUT_FILES, mode]
    ran = subprocess.run(words, cwd=PROJECT, capture_output=True, timeout=60)
    assert (ran.returncode, ran.stdout.decode()) == (0, json.dumps(said)), ran.stderr.decode()


# What the first accept raises: the listener is gone, and nobody asks the server to stop.
_GONE = """
import socket, sys, threading
from importlib import import_module
from orch_next.serving.embedded import bind
from orch_next.serving.patching import patch_for
mode = sys.argv[1]
patch_for(mode)
from orch_next.offload import make_loop
from orch_next.serving.stopping import Serving
from orch_next.serving.websocket import WebSockets
loop = make_loop(mode)
serving = Serving(loop, threading.Event(), WebSockets(loop.lock), lambda: None)
listener = bind("127.0.0.1", 0)
listener.shutdown(socket.SHUT_RDWR)
try:
    import_module(f"orch_next.serving.run_{mode}").run(listener, None, serving, threading.Event())
except OSError as error:
    sys.stdout.write(error.strerror)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a listener cannot be shut down")
@pytest.mark.parametrize("mode", ["eventlet", "threading", "gevent"])
def test_a_listener_that_is_gone_ends_the_server(mode: str) -> None:
    words = [sys.executable, "-c", _GONE, mode]
    ran = subprocess.run(words, cwd=PROJECT, capture_output=True, timeout=60)
    assert ran.stdout.decode() == os.strerror(errno.EINVAL), ran.stderr.decode()


# What `accept` raises for a connection that came to nothing must not end the listener.
_ACCEPTING = """
import os, socket, sys
from orch_next.serving.listening import PatientSocket

class Listener(socket.socket):
    codes = [int(word) for word in sys.argv[1:]]

    def accept(self):
        if self.codes:
            code = self.codes.pop(0)
            raise OSError(code, os.strerror(code))
        return super().accept()

listener = Listener()
listener.bind(("127.0.0.1", 0))
listener.listen()
client = socket.create_connection(listener.getsockname())
try:
    accepted = PatientSocket(listener).accept()
    sys.stdout.write("accepted")
except OSError as error:
    sys.stdout.write(error.strerror)
"""


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ((errno.ECONNABORTED, errno.ECONNRESET, errno.EPROTO, errno.EPERM), "accepted"),
        ((errno.EPIPE, errno.ENETDOWN), "accepted"),
        ((errno.EBADF,), os.strerror(errno.EBADF)),
    ],
)
def test_only_a_listener_that_is_gone_ends_accepting(codes: tuple[int, ...], said: str) -> None:
    words = [sys.executable, "-c", _ACCEPTING, *map(str, codes)]
    ran = subprocess.run(words, cwd=PROJECT, capture_output=True, timeout=60)
    assert ran.stdout.decode() == said


@pytest.mark.parametrize("mode", ["serve", "gthread", "serve-gevent"])
def test_packets_that_are_none_cost_a_client_its_session_and_nobody_a_thread(
    tmp_path: Path, mode: str
) -> None:
    with running_server(tmp_path, mode, plain=True) as server:
        said = [misbehave(server, body) for body in (b"7", b"x" * 1_000_001) * 60]
        assert server.get("/health")
    assert said == [(400, 400)] * 120


def misbehave(server: Server, body: bytes) -> tuple[int, int]:
    """Open a session, send what is no packet, and then a good one; return both answers."""
    path = "/socket.io/?EIO=4&transport=polling"
    session = f"{path}&sid={json.loads(server.get(path)[1:])['sid']}"
    return status_of(server, session, body), status_of(server, session, b"40")


def status_of(server: Server, path: str, body: bytes) -> int:
    request = urllib.request.Request(server.url + path, body, {"Content-Type": "text/plain"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            status: int = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    except urllib.error.URLError:
        status = 400  # it was closed before all was sent
    return status


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for another process's limits")
def test_the_usual_limit_of_open_files_is_raised(tmp_path: Path) -> None:
    with running_server(tmp_path, command=limited("serve", 3000)) as server:
        assert psutil.Process(server.process.pid).rlimit(resource.RLIMIT_NOFILE) == (3000, 3000)


@pytest.mark.parametrize("mode", ["eventlet", "threading", "gevent"])
def test_half_a_request_is_not_waited_for_but_streams_are(tmp_path: Path, mode: str) -> None:
    port = free_port()
    command = [sys.executable, "-c", _IMPATIENT, mode]
    with ExitStack() as stack:
        run = running_server(tmp_path, command=command, env={"ORCH_PORT": str(port)}, port=port)
        server = stack.enter_context(run)
        clients = stack.enter_context(listeners(port, ["polling"], ["websocket"]))
        stream = stack.enter_context(EventSource(port, "/jobs/005/events"))
        started = time.monotonic()
        connection = stack.enter_context(half_open(server))
        # The client itself would wait longer.
        assert connection.recv(4096)[:12] in (b"", b"HTTP/1.1 400")
        assert time.monotonic() - started > 0.5
        time.sleep(1.5)
        assert [client.gone.is_set() for client in clients] == [False, False]
        assert stream.is_open()
