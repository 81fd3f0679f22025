"""How a log is encoded, told from its bytes, read in chunks; the bytes stay as they are."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orch_next.migrate.facts import CHUNK, Count, uncounted

# What Python (utf-8), cmd.exe (cp932), Out-File and `>` of PowerShell (the marks) write.
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-bom", "utf-8"),
    (b"\xff\xfe", "utf-16-le-bom", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be-bom", "utf-16-be"),
)
_WIDE = re.compile("[\u0800-\ud7ff\ue000-\U0010ffff]")
MIXED = "mixed"
BINARY = "binary"


@dataclass(frozen=True)
class TextFacts:
    """What a file holds; `size` is bytes, `lines` counts an unfinished last line too.

    `encoding` is ascii, utf-8, utf-8-bom, cp932, utf-16-le-bom, utf-16-be-bom, `mixed` (text
    that is none of them throughout) or `binary`.
    """

    encoding: str
    lines: int
    size: int
    sha256: str


@dataclass
class _Text:
    """Counts lines of one encoding until the bytes are none of it."""

    codec: str
    lines: int = 0
    ascii: bool = True
    valid: bool = True
    ended: bool = True

    def __post_init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder(self.codec)("strict")

    def feed(self, chunk: bytes, last: bool) -> None:
        """Take the next bytes; nothing more is done once they were wrong."""
        if not self.valid:
            return
        try:
            text = self._decoder.decode(chunk, last)
        except UnicodeDecodeError:
            self.valid = False
            return
        self.ascii = self.ascii and chunk.isascii()
        self.lines += text.count("\n")
        self.ended = text.endswith("\n") if text else self.ended

    @property
    def total(self) -> int:
        """Return the lines with an unfinished last one."""
        return self.lines + (not self.ended)


def read_text_facts(path: Path, count: Count = uncounted) -> TextFacts:
    """Return what a file holds, at most 1 MiB of it in memory; OSError passes."""
    with path.open("rb") as file:
        head = file.read(CHUNK)
    name, codec = _marked(head)
    text, found, size = _Text(codec), hashlib.sha256(), 0
    newlines, ended = 0, True
    for chunk, last in _chunks(path):
        found.update(chunk)
        size += len(chunk)
        newlines += chunk.count(b"\n")
        ended = chunk.endswith(b"\n") if chunk else ended
        text.feed(chunk, last)
        count(len(chunk))
    if not name and b"\0" in head:
        return TextFacts(BINARY, newlines + (not ended), size, found.hexdigest())
    if text.valid:
        return TextFacts(name or _plain(text), text.total, size, found.hexdigest())
    encoding = MIXED if name or not _is_cp932(path) else "cp932"
    return TextFacts(encoding, newlines + (not ended), size, found.hexdigest())


def _marked(head: bytes) -> tuple[str, str]:
    for mark, name, codec in _MARKS:
        if head.startswith(mark):
            return name, codec
    return "", "utf-8"


def _plain(text: _Text) -> str:
    return "ascii" if text.ascii else "utf-8"


def _is_cp932(path: Path) -> bool:
    """Tell whether every line is CP932 and none of them UTF-8: PowerShell mixes them."""
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            block += file.readline(CHUNK)
            if not _decodes(block, "cp932") or _has_utf8_lines(block):
                return False
    return True


def _has_utf8_lines(block: bytes) -> bool:
    # Looking at every line costs ten times as much as this first look at all of them.
    if not _WIDE.search(block.decode("utf-8", "surrogateescape")):
        return False
    return any(_has_wide_utf8(line) for line in block.split(b"\n") if not line.isascii())


def _has_wide_utf8(line: bytes) -> bool:
    # Two bytes of CP932 may be a letter of UTF-8 by chance, three in a row are not.
    try:
        return _WIDE.search(line.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return False


def _decodes(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _chunks(path: Path) -> Iterator[tuple[bytes, bool]]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk, False
    yield b"", True


def hash_beginning(path: Path, size: int) -> str:
    """Return the sha256 of a file's first bytes; OSError passes."""
    found, left = hashlib.sha256(), size
    with path.open("rb") as file:
        while left and (chunk := file.read(min(CHUNK, left))):
            found.update(chunk)
            left -= len(chunk)
    return found.hexdigest()
