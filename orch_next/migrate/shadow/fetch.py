"""One GET to one of the two servers: no redirects, a time limit, a size limit."""

from __future__ import annotations

import http.client
import ipaddress
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from orch_next.errors import InputError, MigrationError

MOST_BYTES = 64 * 2**20
STREAM_SECONDS = 8.0
_CHUNK = 65_536
_PATIENCE = 3  # time limits that a whole answer may take


@dataclass(frozen=True)
class Answer:
    """What came back; `body` of a stream is its first event, `seconds` ends with the last byte."""

    status: int
    mime: str
    body: bytes
    seconds: float
    location: str = ""

    def as_json(self) -> Any:
        """Return the body's value; raise ValueError."""
        return json.loads(self.body)


class SilentError(MigrationError):
    """A server, by its name, that does not answer."""

    def __init__(self, message: str, server: str) -> None:
        super().__init__(message)
        self.server = server


@dataclass
class Server:
    """A server's address and the headers it wants; one connection is kept open."""

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        is_plain = parts.scheme in ("http", "https") and parts.hostname and not parts.query
        try:
            port = parts.port
        except ValueError:
            is_plain = None
        if not is_plain or parts.username or parts.fragment:
            raise InputError(f"{self.name} must be like http://127.0.0.1:5001, not {self.url!r}")
        self._host, self._port = parts.hostname or "", port
        self._prefix, self._tls = parts.path.rstrip("/"), parts.scheme == "https"
        self._connection: http.client.HTTPConnection | None = None

    @property
    def is_loopback(self) -> bool:
        """Tell whether the address is this machine's own."""
        if self._host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self._host).is_loopback
        except ValueError:
            return False

    def get(self, path: str, *, stream: bool = False) -> Answer:
        """Ask once, a second time when the kept connection had ended; raise MigrationError."""
        was_open = self._connection is not None
        try:
            return self._get(path, stream)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if not was_open or isinstance(error, TimeoutError):
                raise self._dead(path, error) from error
        try:
            return self._get(path, stream)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._dead(path, error) from error

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _dead(self, path: str, error: Exception) -> SilentError:
        told = f"{self.name} {self.url}{path} does not answer: {error or 'closed'}"
        return SilentError(told, self.name)

    def _get(self, path: str, stream: bool) -> Answer:
        connection = self._connection or self._connect()
        self._connection = connection
        started = time.perf_counter()
        connection.request("GET", self._prefix + path, headers={"Accept": "*/*", **self.headers})
        answer = connection.getresponse()
        mime = answer.headers.get_content_type() if answer.headers.get("Content-Type") else ""
        is_stream = stream and answer.status == http.client.OK and mime == "text/event-stream"
        deadline = time.monotonic() + _PATIENCE * self.timeout
        body = _first_event(answer) if is_stream else _whole(answer, deadline)
        seconds = time.perf_counter() - started
        if is_stream or answer.will_close:
            self.close()
        return Answer(answer.status, mime, body, seconds, answer.headers.get("Location", ""))

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=self.timeout)


def _whole(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    parts, size = [], 0
    while chunk := answer.read1(_CHUNK):
        if time.monotonic() > deadline:
            raise TimeoutError("the answer does not end")
        size += len(chunk)
        if size > MOST_BYTES:
            raise http.client.HTTPException(f"more than {MOST_BYTES} bytes")
        parts.append(chunk)
    return b"".join(parts)


def _first_event(answer: http.client.HTTPResponse) -> bytes:
    """Return the lines of the first event that has data; nothing when none comes in time."""
    deadline = time.monotonic() + STREAM_SECONDS
    lines: list[bytes] = []
    try:
        while time.monotonic() < deadline and len(lines) < 1000:
            line = answer.readline(_CHUNK)
            if not line:
                break
            if not line.strip() and any(one.startswith(b"data:") for one in lines):
                return b"".join(lines)
            lines.append(line)
    except TimeoutError:
        return b""
    return b""
