"""Cut lines and table cells exactly as markdown-it-py 4.3 does; offsets are code points."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import add

BOM = "\ufeff"
# What markdown-it-py 4.3 trims (`MD_TRIM_CHARS`); `str.strip()` alone takes more and less.
BLANKS = (
    "\t\n\x0b\x0c\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
# A pipe right after a backslash never splits, not even after two: so do Markdown readers.
_PIPE = re.compile(r"(?<!\\)\|")
_EOL = re.compile(r"(\r\n|\r|\n)")
_DELIMITER_CELL = re.compile(r":?-+:?")
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")


@dataclass(frozen=True)
class Lines:
    """A text's lines: their texts without EOL, their EOLs, and their start offsets.

    A text that ends in an EOL has no empty line behind it; a BOM belongs to no line.
    """

    texts: Sequence[str]
    eols: Sequence[str]
    starts: Sequence[int]


def split_lines(text: str) -> Lines:
    r"""Split at `\r\n`, `\r` and `\n` only, never at U+2028, U+0085, VT or FF."""
    skip = 1 if text.startswith(BOM) else 0
    parts = _EOL.split(text[skip:]) if "\r" in text else _split_lf(text[skip:])
    texts, eols = parts[0::2], parts[1::2]
    if texts[-1]:
        eols.append("")
    else:
        texts.pop()
    sizes = map(add, map(len, texts), map(len, eols))
    starts = list(accumulate(sizes, initial=skip))
    return Lines(texts, eols, starts[:-1])


def outside_fences(texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that stand in no fenced code block, with their numbers from 1."""
    fence = ""
    for number, line in enumerate(texts, start=1):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[1]
        elif fence:
            fence = "" if match and match[1].startswith(fence) else fence
        else:
            yield number, line


def _split_lf(text: str) -> list[str]:
    parts = ["\n"] * (2 * text.count("\n") + 1)
    parts[0::2] = text.split("\n")
    return parts


def trim(text: str) -> str:
    """Strip the blanks that markdown-it-py strips, the ideographic space among them."""
    return text.strip(BLANKS)


def unescape(raw: str) -> str:
    r"""Turn `\|` into `|` and nothing else: backslashes of Windows paths stay (D07)."""
    return raw.replace("\\|", "|")


def cut_values(line: str) -> list[str]:
    """Cut one line into its cells' values, trimmed and unescaped."""
    body = line.strip(BLANKS)
    parts = map(unescape, _PIPE.split(body)) if "\\|" in body else body.split("|")
    values = [part.strip(BLANKS) for part in parts]
    return values[_first(body) : _last(body, len(values))]


def count_cells(line: str) -> int:
    """Count the cells of a line without cutting them."""
    body = line.strip(BLANKS)
    pipes = body.count("|") - body.count("\\|")
    return max(_last(body, pipes + 1) - _first(body), 0)


def cut_rooms(line: str) -> list[tuple[int, int]]:
    """Return where in the line each cell's room begins and ends, pipes excluded."""
    body = line.strip(BLANKS)
    lead = len(line) - len(line.lstrip(BLANKS))
    pipes = [lead + match.start() for match in _PIPE.finditer(body)]
    starts = [0, *(pipe + 1 for pipe in pipes)]
    ends = [*pipes, len(line)]
    rooms = list(zip(starts, ends, strict=True))
    return rooms[_first(body) : _last(body, len(rooms))]


def _first(body: str) -> int:
    return 1 if body.startswith("|") or not body else 0


def _last(body: str, count: int) -> int:
    return count - 1 if body.endswith("|") and not body.endswith("\\|") else count


def is_plain_row(line: str, columns: int) -> bool:
    """Tell quickly that a line in a table is a row without a problem; False says nothing."""
    if line[:1] != "|" or line[-1:] != "|" or line[-2:-1] == "\\":
        return False
    pipes = line.count("|") - line.count("\\|")
    return pipes == columns + 1 and bool(line.strip("|-: \t"))


def has_pipe(line: str) -> bool:
    """Tell whether the line has a pipe that separates cells."""
    return _PIPE.search(line) is not None


def may_be_delimiter(line: str) -> bool:
    """Tell whether a line has only the characters of a delimiter row."""
    return not line.strip("|-: \t") and "-" in line


def is_delimiter(line: str) -> bool:
    """Tell whether a line is a delimiter row, whatever its width (D02)."""
    if not may_be_delimiter(line):
        return False
    return all(_DELIMITER_CELL.fullmatch(cell) for cell in cut_values(line))
