"""Test tool: raw WebSockets of Socket.IO, one that does not read, and a crowd that does."""

from __future__ import annotations

import base64
import json
import os
import selectors
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Any

from tests.patience import PATIENCE

EVENT = "42"


def frame(text: str) -> bytes:
    """Return a client's short text frame."""
    data, mask = text.encode(), b"abcd"
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
    return b"\x81" + bytes([0x80 | len(data)]) + mask + masked


class RawClient:
    """One member of the default namespace; `messages` takes frames apart and checks them."""

    def __init__(self, port: int, receive_buffer: int = 0) -> None:
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._rest = bytearray()
        while b"\r\n\r\n" not in self._rest:
            self._rest += self.sock.recv(1)
        self._rest.clear()
        self.sock.sendall(frame("40"))
        while not any(text.startswith("40") for text in self.receive()):
            pass

    def hurry(self) -> None:
        """Be slow no longer."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

    def receive(self) -> list[str]:
        """Wait for bytes and return the messages that are whole; answer pings."""
        piece = self.sock.recv(1 << 20)
        assert piece, "the server closed the connection"
        self._rest += piece
        found = []
        while (text := self._next()) is not None:
            found.append(text)
            if text == "2":
                self.sock.sendall(frame("3"))
        return found

    def _next(self) -> str | None:
        head = self._rest[:10]
        if len(head) < 2:
            return None
        assert head[0] == 0x81, f"no text frame: {head[0]:#x}"
        start, length = 2, head[1]
        if length == 126 and len(head) >= 4:
            start, (length,) = 4, struct.unpack("!H", head[2:4])
        elif length == 127 and len(head) >= 10:
            start, (length,) = 10, struct.unpack("!Q", head[2:10])
        elif length > 125:
            return None
        if len(self._rest) < start + length:
            return None
        text = self._rest[start : start + length].decode()
        del self._rest[: start + length]
        return text


def payload_of(text: str, name: str) -> Any:
    """Return the payload of an event of this name, None for other messages."""
    if not text.startswith(f'{EVENT}["{name}"'):
        return None
    return json.loads(text[len(EVENT) :])[1]


class Crowd:
    """Clients in one thread; `arrivals` has, by client, number and second of each event."""

    def __init__(self, port: int, count: int, name: str) -> None:
        self.arrivals: list[list[tuple[int, float]]] = [[] for _ in range(count)]
        self._name = name
        self._clients = [RawClient(port) for _ in range(count)]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Crowd:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join(PATIENCE)
        for client in self._clients:
            client.sock.close()

    def wait(self, count: int, timeout: float = PATIENCE) -> bool:
        """Wait until each client had `count` events."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if all(len(heard) >= count for heard in self.arrivals):
                return True
            time.sleep(0.005)
        return False

    def _read(self) -> None:
        selector = selectors.DefaultSelector()
        for number, client in enumerate(self._clients):
            selector.register(client.sock, selectors.EVENT_READ, (number, client))
        while not self._stopped.is_set():
            for key, _ in selector.select(0.05):
                number, client = key.data
                for text in client.receive():
                    payload = payload_of(text, self._name)
                    if payload is not None:
                        self.arrivals[number].append((payload["seq"], time.time()))
