"""Copy a command's output to its log, line by line, up to a cap, in a real thread."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orch_next.core.lease_terms import REDACTED
from orch_next.ledger.whole import open_new

ARTIFACT_MARK = "ORCH_ARTIFACT="
TAIL_LINES = 20
MAX_LINE_BYTES = 16_384
_CHUNK = 65_536
_REDACTED = REDACTED.encode()

# Starts a function in a thread that may block: under eventlet and gevent it has to be a
# real one, not the patched `threading.Thread`.
ThreadStarter = Callable[[Callable[[], None]], object]


@dataclass(frozen=True)
class Line:
    """One line of output without its end, and the log's size in bytes behind it."""

    text: str
    offset: int


class Redactor:
    """Replaces a secret in a stream of bytes, wherever the pieces are cut."""

    def __init__(self, secret: bytes) -> None:
        self._secret, self._rest = secret, b""

    def take(self, chunk: bytes) -> bytes:
        """Return what can be told of the bytes so far: all but what may begin the secret."""
        if not self._secret:
            return chunk
        data = (self._rest + chunk).replace(self._secret, _REDACTED)
        kept = _overlap(data, self._secret)
        self._rest = data[len(data) - kept :]
        return data[: len(data) - kept]

    def end(self) -> bytes:
        """Return the rest, which was only the secret's beginning."""
        rest, self._rest = self._rest, b""
        return rest


def _overlap(data: bytes, secret: bytes) -> int:
    """Return how many bytes at the end of `data` may begin the secret."""
    longest = min(len(data), len(secret) - 1)
    return next((size for size in range(longest, 0, -1) if data.endswith(secret[:size])), 0)


class Output:
    """What one attempt says, without its own token: one thread runs `copy`, another `take`.

    Only unpatched parts are used here (FileIO, deque: both safe across real threads),
    because green servers replace locks, queues and `os.read`.
    """

    def __init__(self, source: int, log: Path, *, limit_bytes: int, secret: str = "") -> None:
        self.log = log
        self.limit_bytes = limit_bytes
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.artifact = ""
        self.failure = ""
        self.exceeded = False
        self.ended = False
        self._source = io.FileIO(source, "rb")
        self._lines: deque[Line] = deque()
        self._rest = b""
        self._size = 0
        self._redactor = Redactor(secret.encode())

    def copy(self) -> None:
        """Read to the end of the pipe; a log that cannot be written is named in `failure`."""
        try:
            with self._source, io.FileIO(open_new(self.log, private=True), "wb") as log:
                while chunk := self._source.read(_CHUNK):
                    self._add(self._redactor.take(chunk), log)
                self._add(self._redactor.end(), log)
                self._end(log)
        except OSError as error:
            self.failure = str(error)
        self.ended = True

    def take(self, most: int = 200) -> list[Line]:
        """Return the next lines, at most `most`."""
        return [self._lines.popleft() for _ in range(min(most, len(self._lines)))]

    def _add(self, chunk: bytes, log: io.FileIO) -> None:
        if self.exceeded:
            return  # keep draining, so that the command does not hang before it is stopped
        room = self.limit_bytes - self._size - len(self._rest)
        self._rest += chunk[: max(room, 0)]
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self._write_in_pieces(line + b"\n", log)
        if len(self._rest) > MAX_LINE_BYTES:
            self._rest = self._write_in_pieces(self._rest, log, whole=False)
        if len(chunk) > room:
            self._end(log)
            self.exceeded = True

    def _write_in_pieces(self, text: bytes, log: io.FileIO, *, whole: bool = True) -> bytes:
        """Write a line, cut where it is too long; return what is kept of an unfinished one."""
        while len(text.rstrip(b"\r\n")) > MAX_LINE_BYTES:
            self._write(text[:MAX_LINE_BYTES], log)
            text = text[MAX_LINE_BYTES:]
        if whole:
            self._write(text, log)
        return text

    def _end(self, log: io.FileIO) -> None:
        if self._rest:
            self._write(self._rest, log)
            self._rest = b""

    def _write(self, line: bytes, log: io.FileIO) -> None:
        view = memoryview(line)
        while view:
            view = view[log.write(view) :]
        self._size += len(line)
        # PostgreSQL stores no NUL, and the last lines go to the journal.
        text = line.decode("utf-8", "replace").rstrip("\r\n").replace("\0", "\ufffd")
        self.tail.append(text)
        if text.startswith(ARTIFACT_MARK):
            self.artifact = text[len(ARTIFACT_MARK) :].strip()
        self._lines.append(Line(text, self._size))
