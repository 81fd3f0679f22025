"""Standard streams that a command can do without: what cannot be printed never stops the work."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, BinaryIO, cast

_LEFT = (errno.EPIPE, errno.EBADF, errno.ECONNRESET)


class Sink(io.FileIO):
    """A standard stream that takes every byte; `lost` is the first error of its device."""

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write as far as that goes, and pretend that the rest went too."""
        try:
            return super().write(data)
        except OSError as error:
            self.lost = self.lost or error
            return memoryview(data).nbytes


def make_streams_safe() -> None:
    """Open what was closed before we began, and let no printing fail."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            # Else the next file that is opened gets the number, and what is printed goes into it.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _safe(sys.stdout, sys.__stdout__, 1)
    sys.stderr = _safe(sys.stderr, sys.__stderr__, 2)


def _safe(stream: object, own: object, fd: int) -> io.TextIOWrapper:
    """Return the stream over a sink; one that somebody else put there stays as it is."""
    if stream is None:
        return io.TextIOWrapper(io.BufferedWriter(Sink(fd, "wb", closefd=False)), "utf-8")
    if stream is not own or type(_raw(stream)) is not io.FileIO:
        return stream  # type: ignore[return-value]  # a test's, or a Windows console
    text: io.TextIOWrapper = stream  # type: ignore[assignment]
    text.flush()
    sink = Sink(text.fileno(), "wb", closefd=False)
    is_buffered = isinstance(text.buffer, io.BufferedWriter)
    return io.TextIOWrapper(
        io.BufferedWriter(sink) if is_buffered else cast("BinaryIO", sink),
        text.encoding,
        text.errors,
        line_buffering=text.line_buffering,
        write_through=text.write_through,
    )


def _raw(stream: object) -> object:
    """Return what is below a text stream; with PYTHONUNBUFFERED there is no buffer between."""
    buffer = getattr(stream, "buffer", None)
    return getattr(buffer, "raw", buffer)


def lost_output() -> OSError | None:
    """Flush standard output; return why something of it is lost, None where nobody listens."""
    sys.stdout.flush()
    raw = _raw(sys.stdout)
    lost = raw.lost if isinstance(raw, Sink) else None
    return None if lost is None or lost.errno in _LEFT else lost
