"""Text files of a MOC tree in whatever encoding Windows gave them (UTF-8, UTF-16, CP932)."""

from __future__ import annotations

import codecs
import errno
from dataclasses import dataclass
from pathlib import Path

from orch_next.migrate.durable import open_regular

MOST_READ = 64 * 2**20  # what is taken apart is held in memory

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSES = ("utf-8", "cp932")


@dataclass(frozen=True)
class Text:
    """A file's text and the encoding that it was read with; `latin-1` when nothing fits."""

    text: str
    encoding: str


def decode_text(data: bytes) -> Text:
    """Decode by the byte order mark, else as UTF-8, else as CP932, else byte by byte."""
    for mark, encoding in _BOMS:
        if data.startswith(mark) and (found := _attempt(data, encoding)) is not None:
            return Text(found, encoding)
    for encoding in _GUESSES:
        if (found := _attempt(data, encoding)) is not None:
            return Text(found, encoding)
    return Text(data.decode("latin-1"), "latin-1")


def read_text(path: Path) -> Text:
    """Read and decode a file; raise OSError when it cannot be read, or is too large for that."""
    return decode_text(read_whole(path))


def read_whole(path: Path) -> bytes:
    """Return an ordinary file's bytes; OSError for a link, a pipe, or more than the limit."""
    with open_regular(path) as file:
        data = file.read(MOST_READ + 1)
    if len(data) > MOST_READ:
        raise OSError(errno.EFBIG, f"is larger than {MOST_READ >> 20} MiB", str(path))
    return data


def _attempt(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None
