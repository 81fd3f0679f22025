"""Line endings and encoding (rules `eol` and `encoding`)."""

from __future__ import annotations

from collections.abc import Iterator

from orch_next.sensors.rules.config import Rule
from orch_next.sensors.rules.files import Content, Finding


def check_eol(content: Content, rule: Rule) -> Iterator[Finding]:
    """Yield the first line that ends in CR or CRLF, with the number of such lines."""
    if content.extension not in rule.tuning["extensions"] or b"\r" not in content.data:
        return
    crlf = content.data.count(b"\r\n")
    cr = content.data.count(b"\r") - crlf
    first = content.data.index(b"\r")
    line = content.data.count(b"\n", 0, first) + 1
    name = "CRLF" if not cr else "CR" if not crlf else "CRLF と CR"
    yield Finding(content.file, line, f"改行が LF ではありません ({name}: {crlf + cr} 行)", "eol")


def check_encoding(content: Content, rule: Rule) -> Iterator[Finding]:
    """Yield the first line whose bytes are no UTF-8."""
    if content.extension not in rule.tuning["extensions"]:
        return
    if content.data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield Finding(content.file, 1, "UTF-8 ではありません (UTF-16)", "encoding")
        return
    try:
        content.data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.data.count(b"\n", 0, error.start) + 1
        message = f"UTF-8 ではありません (バイト 0x{content.data[error.start]:02X})"
        yield Finding(content.file, line, message, "encoding")
