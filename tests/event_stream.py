"""Test tool: an event stream's parser, written from the WHATWG text and from nothing of ours."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType

from tests.patience import PATIENCE


@dataclass(frozen=True)
class Message:
    """One dispatched event; `last_id` is the last event id at that moment."""

    name: str
    data: str
    last_id: str


class Parser:
    """Takes text in pieces and dispatches events at blank lines."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.last_id = ""
        self.retry: int | None = None
        self.comments: list[str] = []
        self._rest = ""
        self._data: list[str] = []
        self._name = ""

    def feed(self, text: str) -> None:
        self._rest += text
        while True:
            end = next((i for i, c in enumerate(self._rest) if c in "\r\n"), -1)
            if end < 0 or (self._rest[end] == "\r" and end + 1 == len(self._rest)):
                return
            width = 2 if self._rest[end : end + 2] == "\r\n" else 1
            line, self._rest = self._rest[:end], self._rest[end + width :]
            self._line(line)

    def _line(self, line: str) -> None:
        if not line:
            if self._data:
                self.messages.append(Message(self._name, "\n".join(self._data), self.last_id))
            self._data, self._name = [], ""
            return
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not key:
            self.comments.append(value)
        elif key == "data":
            self._data.append(value)
        elif key == "event":
            self._name = value
        elif key == "id" and "\0" not in value:
            self.last_id = value
        elif key == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value)


def read_events(text: str) -> tuple[list[Message], str]:
    """Return the events of a whole text, and the last event id."""
    parser = Parser()
    parser.feed(text)
    return parser.messages, parser.last_id


@dataclass
class EventSource:
    """A client of a real stream; a thread reads it until `close`."""

    port: int
    path: str
    last_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __enter__(self) -> EventSource:
        self.parser = Parser()
        self.news = threading.Condition()
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = {**self.headers, **({"Last-Event-ID": self.last_id} if self.last_id else {})}
        self._connection.request("GET", self.path, headers=sent)
        self.socket = self._connection.sock
        self.response = self._connection.getresponse()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        try:
            self.socket.shutdown(2)
        except OSError:
            return
        finally:
            self._thread.join(PATIENCE)
            self._connection.close()

    def wait(self, count: int, timeout: float = PATIENCE) -> list[Message]:
        """Return the named messages as soon as there are `count`, or after `timeout`."""
        with self.news:
            self.news.wait_for(lambda: len(self.named()) >= count, timeout)
            return self.named()

    def is_open(self) -> bool:
        """Tell whether the server has not ended the stream."""
        return self._thread.is_alive()

    def named(self) -> list[Message]:
        return [message for message in self.parser.messages if message.name]

    def _read(self) -> None:
        try:
            while piece := self.response.read1(65536):
                with self.news:
                    self.parser.feed(piece.decode())
                    self.news.notify_all()
        except (OSError, ValueError, http.client.HTTPException):
            return
