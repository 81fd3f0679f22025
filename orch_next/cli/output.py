"""Text for consoles: aligned columns with wide characters, JSON, nothing that a cell can forge."""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from orch_next.cli.streams import make_streams_safe


def make_consoles_safe() -> None:
    """Let no printing fail; print `?` for what a console cannot show (Windows code pages)."""
    make_streams_safe()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def as_line(text: str) -> str:
    """Return `text` with control characters shown as U+FFFD: a cell cannot steer a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def width(text: str) -> int:
    """Return how many columns a terminal needs: wide characters take two, marks none."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def as_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return lines with aligned columns, two blanks between them, none at a line's end."""
    lines = [[as_line(cell) for cell in row] for row in (header, *rows)]
    widths = [max(width(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(_aligned(line, widths) for line in lines)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (size - width(cell)) for cell, size in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def print_json(value: Any) -> None:
    """Print JSON as UTF-8 bytes, whatever the console's code page: programs read it."""
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    data = text.encode("utf-8", errors="replace")
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    binary.write(data)
    binary.flush()
