"""Ask one path over several kept connections, as fast as the server answers."""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass, field

CONNECTIONS = 8


@dataclass
class _Connection:
    """A socket and how much of the present answer is still to come."""

    sock: socket.socket
    request: bytes
    asked: float = 0.0
    head: bytes = b""
    left: int = -1
    times: list[float] = field(default_factory=list)

    def ask(self) -> None:
        self.asked, self.head, self.left = time.perf_counter(), b"", -1
        self.sock.sendall(self.request)

    def take(self, buffer: bytearray) -> bool:
        """Take in what came; tell whether the answer is whole."""
        count = self.sock.recv_into(buffer)
        if count == 0:
            raise RuntimeError("the server closed a connection")
        if self.left < 0:
            self.head += bytes(buffer[:count])
            head, end, body = self.head.partition(b"\r\n\r\n")
            if not end:
                return False
            self.left, count = content_length(head), len(body)
        self.left -= count
        if self.left == 0:
            self.times.append((time.perf_counter() - self.asked) * 1000)
        return self.left == 0


def content_length(head: bytes) -> int:
    """Return the length that an answer's head names; `RuntimeError` when it is not a 200."""
    status, *lines = head.split(b"\r\n")
    if b" 200 " not in status + b" ":
        raise RuntimeError(status.decode("latin-1"))
    fields = dict(line.lower().split(b":", 1) for line in lines)
    return int(fields[b"content-length"])


@dataclass(frozen=True)
class Answers:
    """How many answers a second, and the milliseconds of each."""

    rate: float
    times: list[float]


def ask(port: int, path: str, seconds: float, connections: int = CONNECTIONS) -> Answers:
    """Ask for so many seconds; answers that are under way then are waited for."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n".encode()
    everybody = [
        _Connection(socket.create_connection(("127.0.0.1", port), timeout=30), request)
        for _ in range(connections)
    ]
    began = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for one in everybody:
            selector.register(one.sock, selectors.EVENT_READ, one)
            one.ask()
        _run(selector, began + seconds)
    took = time.perf_counter() - began
    for one in everybody:
        one.sock.close()
    times = [taken for one in everybody for taken in one.times]
    return Answers(len(times) / took, times)


def _run(selector: selectors.BaseSelector, end: float) -> None:
    buffer = bytearray(1 << 20)
    while selector.get_map():
        ready = selector.select(30)
        if not ready:
            raise RuntimeError("no answer for 30 s")
        for key, _ in ready:
            if not key.data.take(buffer):
                continue
            if time.perf_counter() < end:
                key.data.ask()
            else:
                selector.unregister(key.fileobj)
