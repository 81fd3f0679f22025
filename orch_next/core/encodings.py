"""Read what a command prints: UTF-8, or the Japanese code page of its console."""

from __future__ import annotations

import codecs
import re

# What cp932 makes of bytes that stand for nothing there.
_NOTHING = re.compile("[\x80\uf8f0-\uf8f3]")


def decode_output(data: bytes) -> str:
    """Return the text of one line, which may end inside a character.

    It is cp932 only where it cannot be UTF-8; what is neither has U+FFFD.
    """
    text, waiting = _decoded(data)
    return f"{text}\ufffd" if waiting else text


def decode_piece(data: bytes) -> tuple[str, int]:
    """Return the text of a piece of a log, and how many of its bytes that are.

    A last character that goes on behind the data is left for the next piece. Lines of one
    log may differ.
    """
    *lines, last = data.split(b"\n")
    texts = [f"{decode_output(line)}\n" for line in lines]
    text, waiting = _decoded(last)
    return "".join([*texts, text]), len(data) - waiting


def _decoded(data: bytes) -> tuple[str, int]:
    """Return the text, and how many last bytes begin a character that goes on."""
    found = _try(data, "utf-8") or _try(data, "cp932")
    return found or (data.decode("utf-8", "replace"), 0)


def _try(data: bytes, encoding: str) -> tuple[str, int] | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(data)
    except UnicodeDecodeError:
        return None
    return None if _NOTHING.search(text) else (text, len(decoder.getstate()[0]))
