"""A raw WebSocket server: what a broadcast to many sockets costs at least.

`python -m benchmarks.bench.raw PORT`; `GET /bench` sends one event to everybody who is connected.
"""

from __future__ import annotations

import json
import socket
import sys
import time

from benchmarks.live import PAYLOAD, read_until

UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def frame(text: str) -> bytes:
    """Return an unmasked text frame."""
    data = text.encode()
    length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")
    return b"\x81" + length + data


def main(port: str) -> None:
    """Accept one after another until killed."""
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=1024)
    everybody: list[socket.socket] = []
    while True:
        sock, _ = listener.accept()
        request = sock.recv(4096)
        if request.startswith(b"GET /bench"):
            told = ["bench", {"t": time.time(), **PAYLOAD}]
            event = json.dumps(told, separators=(",", ":"))
            data = frame(f"42{event}")
            for one in everybody:
                one.sendall(data)
            sock.sendall(ANSWER)
            sock.close()
        elif request:
            sock.sendall(UPGRADE)
            read_until(sock, b"40")
            sock.sendall(frame('40{"sid":"x"}'))
            everybody.append(sock)
        else:  # somebody who only looked whether we listen
            sock.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
