"""One WebSocket for every server and async mode, in the place of Engine.IO's own drivers.

Theirs differ by mode: one writes a frame with a single `send`, which on a green socket garbles
the stream of a slow client, one refuses to work when gevent-websocket is installed, some start a
thread for each reader and some offer compression, at 94 KB a client (measured).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, CloseConnection, Message, Ping
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from orch_next.internals import leave_request, socket_of, unpatched_socket
from orch_next.offload import Lock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_RECEIVE_BYTES = 65536
_ENDED = "orch_next.websocket_ended"
_NOTHING = (b"",)  # no list: Engine.IO takes a list for packets to send


def data_frame(message: str | bytes) -> bytes:
    """Return one unmasked, uncompressed frame (RFC 6455, 5.2), the same for every client."""
    data = message.encode() if isinstance(message, str) else message
    first = b"\x81" if isinstance(message, str) else b"\x82"
    if len(data) < 126:
        return first + bytes([len(data)]) + data
    if len(data) < 65536:
        return first + b"\x7e" + len(data).to_bytes(2, "big") + data
    return first + b"\x7f" + len(data).to_bytes(8, "big") + data


class WebSocket:
    """The server's side of one WebSocket; frames are written whole, one after the other."""

    def __init__(self, sock: Any, write_lock: Lock, max_bytes: int) -> None:
        self.socket = sock  # Engine.IO sets a timeout on an attribute of this name
        self.max_bytes = max_bytes
        self._lock = write_lock
        self._writers = 0
        self._protocol = Connection(ConnectionType.SERVER)
        self._parts: list[str] | list[bytes] = []
        self._received: list[str | bytes] = []
        self._open = True

    def send(self, message: str | bytes) -> None:
        """Send one message; raise `OSError` when the client is gone."""
        self.send_frame(data_frame(message))

    def send_frame(self, frame: bytes) -> None:
        """Send bytes made by `data_frame`; raise `OSError` when the client is gone."""
        self._writers += 1
        try:
            with self._lock:
                self.socket.sendall(frame)
        finally:
            self._writers -= 1

    def send_now(self, frame: bytes, later: Callable[[Callable[[], None]], object]) -> bool:
        """Write a frame without waiting, unless somebody is writing; tell whether it is taken.

        Only for the loop of a green server. What the socket does not take at once is written
        by the thread of the loop that `later` starts; everybody else waits for it.
        """
        if self._writers:
            return False
        self._writers += 1
        self._lock.__enter__()  # at once: nobody writes
        try:
            sent: int = unpatched_socket(self.socket).send(frame)
        except BlockingIOError:
            sent = 0
        except OSError:
            sent = len(frame)  # the client is gone, as its reader will notice
        if sent < len(frame):
            later(partial(self._send_rest, frame[sent:]))
        else:
            self._end_write()
        return True

    def _send_rest(self, rest: bytes) -> None:
        try:
            self.socket.sendall(rest)
        except OSError:
            self.abort()
        finally:
            self._end_write()

    def _end_write(self) -> None:
        self._lock.__exit__(None, None, None)
        self._writers -= 1

    frame = staticmethod(data_frame)

    def wait(self) -> str | bytes | None:
        """Return the next message, or None when the connection has ended."""
        while self._open and not self._received:
            data = self.socket.recv(_RECEIVE_BYTES)
            if not data:
                self._open = False
            else:
                self._take(data)
        return self._received.pop(0) if self._received else None

    def close(self, code: CloseReason = CloseReason.NORMAL_CLOSURE) -> None:
        """Say goodbye; the peer's answer or the socket's timeout ends `wait`."""
        with contextlib.suppress(OSError, LocalProtocolError):
            self.send_frame(self._protocol.send(CloseConnection(code)))
            self.socket.shutdown(socket.SHUT_WR)

    def abort(self) -> None:
        """End the connection at once, also when a writer waits for a slow client."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _take(self, data: bytes) -> None:
        try:
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                self._take_event(event)
        except RemoteProtocolError:
            self._end(CloseReason.PROTOCOL_ERROR)

    def _take_event(self, event: Any) -> None:
        if isinstance(event, Message):
            self._take_part(event)
        elif isinstance(event, Ping):
            self.send_frame(self._protocol.send(event.response()))
        elif isinstance(event, CloseConnection):
            self._open = False
            with contextlib.suppress(OSError, LocalProtocolError):
                self.send_frame(self._protocol.send(event.response()))

    def _take_part(self, event: Message[Any]) -> None:
        self._parts.append(event.data)
        if sum(map(len, self._parts)) > self.max_bytes:
            self._end(CloseReason.MESSAGE_TOO_BIG)
        elif event.message_finished:
            empty: Any = b"" if isinstance(event, BytesMessage) else ""
            self._received.append(empty.join(self._parts))
            self._parts = []

    def _end(self, code: CloseReason) -> None:
        self._open = False
        self.close(code)


class WebSockets:
    """Every open WebSocket of one app, and the driver that Engine.IO opens them with."""

    def __init__(self, make_lock: Callable[[], Lock]) -> None:
        self.open: set[WebSocket] = set()
        self._make_lock = make_lock

    def driver(self, talk: Callable[[WebSocket], object], server: Any) -> WSGIApplication:
        """Return a WSGI app that upgrades its request and lets `talk` have the WebSocket."""

        def upgrade(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            sock = socket_of(environ)
            refused = _refusal(environ, sock)
            if refused:
                start_response(refused, [("Sec-WebSocket-Version", "13"), ("Content-Length", "0")])
                return _NOTHING
            self._converse(talk, sock, environ, server.max_http_buffer_size)
            environ[_ENDED].append(True)
            return _NOTHING

        return upgrade

    def around(self, wsgi_app: WSGIApplication) -> WSGIApplication:
        """Wrap the whole app: a request that became a WebSocket ends without an answer.

        Engine.IO forgets a client only when its driver returns, so the driver cannot do it.
        """

        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            ended: list[bool] = []
            environ[_ENDED] = ended  # Flask-SocketIO hands a copy of `environ` on
            answer = wsgi_app(environ, start_response)
            return leave_request(environ) if ended else answer

        return serve

    def _converse(
        self, talk: Callable[[WebSocket], object], sock: Any, environ: WSGIEnvironment, limit: int
    ) -> None:
        websocket = WebSocket(sock, self._make_lock(), limit)
        self.open.add(websocket)
        try:
            websocket.send_frame(_handshake(environ["HTTP_SEC_WEBSOCKET_KEY"]))
            talk(websocket)
        finally:
            self.open.discard(websocket)
            websocket.abort()


def _refusal(environ: WSGIEnvironment, sock: Any) -> str:
    if sock is None:
        return "501 Not Implemented"  # this server has no WebSockets: clients go on polling
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        return "426 Upgrade Required"
    return "" if environ.get("HTTP_SEC_WEBSOCKET_KEY") else "400 Bad Request"


def _handshake(key: str) -> bytes:
    digest = hashlib.sha1(key.encode("latin-1") + _GUID, usedforsecurity=False).digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )
