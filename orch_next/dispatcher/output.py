"""Copy a command's output to its log, line by line, up to a cap, in a real thread."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orch_next.core.encodings import decode_output
from orch_next.core.lease_terms import REDACTED
from orch_next.storage.atomic import open_new

ARTIFACT_MARK = "ORCH_ARTIFACT="
TAIL_LINES = 20
MAX_LINE_BYTES = 16_384
# Lines that may wait to be told; the log has them all.
MOST_WAITING = 4_096
MOST_WAITING_BYTES = 262_144
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


@dataclass(frozen=True)
class _Waiting:
    """A line that nobody has taken: its bytes, where they end, how many lines end there."""

    data: bytes
    offset: int
    number: int


class Output:
    """What one attempt says, without its own token: one thread runs `copy`, another `take`.

    Only unpatched parts are used here (FileIO, deque: both safe across real threads),
    because green servers replace locks, queues and `os.read`. Each number has one thread
    that changes it.
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
        self._lines: deque[_Waiting] = deque()
        self._rest = b""
        self._size = self._count = self._put = 0
        self._taken_bytes = self._told = 0
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

    def take(self) -> list[Line]:
        """Return the lines that wait; a line says how many did not fit between two of them."""
        ended = self.ended
        waiting = [self._lines.popleft() for _ in range(len(self._lines))]
        found = [line for one in waiting for line in self._as_lines(one)]
        self._taken_bytes += sum(len(one.data) for one in waiting)
        if ended and not self._lines and self._told < self._count:
            found.append(self._left_out(self._count + 1, self._size))
            self._told = self._count
        return found

    def _as_lines(self, one: _Waiting) -> Iterator[Line]:
        if one.number > self._told + 1:
            yield self._left_out(one.number, one.offset - len(one.data))
        self._told = one.number
        yield Line(_as_text(one.data), one.offset)

    def _left_out(self, number: int, offset: int) -> Line:
        return Line(f"… {number - self._told - 1} lines left out", offset)

    def _add(self, chunk: bytes, log: io.FileIO) -> None:
        if self.exceeded:
            return  # keep draining, so that the command does not hang before it is stopped
        room = self.limit_bytes - self._size - len(self._rest)
        self._rest += chunk[: max(room, 0)]
        *lines, self._rest = self._rest.split(b"\n")
        pieces = [piece for line in lines for piece in _cut(line + b"\n")]
        if len(self._rest) > MAX_LINE_BYTES:
            *more, self._rest = _cut(self._rest)
            pieces += more
        self._write(pieces, log)
        if len(chunk) > room:
            self._end(log)
            self.exceeded = True

    def _end(self, log: io.FileIO) -> None:
        if self._rest:
            self._write([self._rest], log)
            self._rest = b""

    def _write(self, lines: Sequence[bytes], log: io.FileIO) -> None:
        whole = b"".join(lines)
        view = memoryview(whole)
        while view:
            view = view[log.write(view) :]
        self._offer(lines)
        self._size += len(whole)
        self._count += len(lines)
        self.tail.extend(map(_as_text, lines[-TAIL_LINES:]))
        mark = ARTIFACT_MARK.encode()
        for line in lines:
            if line.startswith(mark):
                self.artifact = _as_text(line)[len(ARTIFACT_MARK) :].strip()

    def _offer(self, lines: Sequence[bytes]) -> None:
        """Let lines wait while there is room; what comes behind them is left out."""
        size = self._size
        for number, line in enumerate(lines, start=self._count + 1):
            waiting = self._put - self._taken_bytes + len(line)
            if len(self._lines) >= MOST_WAITING or waiting > MOST_WAITING_BYTES:
                return
            size += len(line)
            self._put += len(line)
            self._lines.append(_Waiting(line, size, number))


def _cut(line: bytes) -> list[bytes]:
    """Cut a line that is too long into pieces, between two UTF-8 characters."""
    pieces = []
    while len(line.rstrip(b"\r\n")) > MAX_LINE_BYTES:
        at = MAX_LINE_BYTES
        while at > MAX_LINE_BYTES - 3 and line[at] & 0xC0 == 0x80:
            at -= 1
        pieces.append(line[:at])
        line = line[at:]
    return [*pieces, line]


def _as_text(line: bytes) -> str:
    # PostgreSQL stores no NUL, and the last lines go to the journal.
    return decode_output(line).rstrip("\r\n").replace("\0", "\ufffd")
