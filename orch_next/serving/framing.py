"""Refuse requests of which two readers could disagree where they end (request smuggling).

Python's own parser takes two lengths, and ends the headers at a name with a blank.
"""

from __future__ import annotations

from email.message import Message
from typing import Any

_FRAMING = ("Content-Length", "Transfer-Encoding")


def has_clear_framing(headers: Message[Any, Any]) -> bool:
    """Tell whether there is one body length at most, and every line is a header."""
    told = [headers.get_all(name, []) for name in _FRAMING]
    is_single = all(len(values) <= 1 for values in told) and not all(told)
    # A line that is none, such as `Content-Length : 4`, is a defect and ends the headers.
    return is_single and not headers.defects and not headers.get_payload()


class ClearFraming:
    """Beside a request reader of Python's kind: answers 400, and closes, where it is not sure.

    Without a base: eventlet's reader has a patched one of its own.
    """

    headers: Message[Any, Any]
    close_connection: bool

    def parse_request(self) -> bool:
        """Read the request line and the headers; False when they were refused."""
        if not super().parse_request():  # type: ignore[misc]  # the reader's
            return False
        if has_clear_framing(self.headers):
            return True
        self.close_connection = True
        self.send_error(400, "the request's length is not clear")  # type: ignore[attr-defined]
        return False
