"""Limit request bodies before anything reads them, also where Flask's limit does not reach."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Beyond every limit, and int() refuses thousands of digits.
_MOST_DIGITS = 18


def told_length(environ: WSGIEnvironment) -> int | None:
    """Return `Content-Length` (0 when absent), None when it is not a number."""
    text = environ.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text.lstrip("0")[:_MOST_DIGITS] or "0")


def count_untold_body(environ: WSGIEnvironment, limit: int) -> None:
    """Let a chunked body be a `CountedInput`; other bodies are as long as they say."""
    # Only then: WebSocket libraries look for the server's own input object.
    if environ.get("HTTP_TRANSFER_ENCODING", "").strip().lower() == "chunked":
        environ["wsgi.input"] = CountedInput(environ["wsgi.input"], limit)
        # Eventlet's server ends such a body too, but does not say so: Flask would read none.
        environ["wsgi.input_terminated"] = True


class CountedInput(io.RawIOBase):
    """A chunked body: `RequestEntityTooLarge` beyond `limit` bytes, `BadRequest` when broken.

    werkzeug's LimitedStream cuts a long one short instead; half a body is not the body.
    """

    def __init__(self, stream: Any, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer` and return the number of bytes; 0 at the end."""
        data = self._read(min(len(buffer), self._left + 1))
        self._left -= len(data)
        # A reader that stops at the limit by itself would not notice that more follows.
        if self._left < 0 or (data and self._left == 0 and self._read(1)):
            raise RequestEntityTooLarge
        buffer[: len(data)] = data
        return len(data)

    def _read(self, size: int) -> bytes:
        try:
            data: bytes = self._stream.read(size)
        except _errors_of_servers() as error:
            raise BadRequest(f"the chunked body is broken: {error}") from error
        return data


def _errors_of_servers() -> tuple[type[Exception], ...]:
    # gunicorn's errors have a base of their own, and gunicorn is no dependency.
    gunicorns = getattr(sys.modules.get("gunicorn.http.errors"), "ParseException", OSError)
    return OSError, ValueError, gunicorns
