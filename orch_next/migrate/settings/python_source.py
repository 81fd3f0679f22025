"""A modified `orch_dashboard.py` as a syntax tree: read, never run."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from orch_next.migrate.settings.text import decode_text, read_whole
from orch_next.migrate.settings.tree import list_files

_COOKIE = re.compile(rb"\A[^\n]*(?:\n[^\n]*)?coding[:=]\s*([-\w.]+)")
_DASHBOARD = re.compile(r"orch_dashboard[\w-]*\.py\Z")


@dataclass(frozen=True)
class Source:
    """A Python file's tree, or why it has none: `fault` with the line (from 1)."""

    path: Path
    tree: ast.Module | None
    fault: str = ""
    line: int = 0


def find_dashboards(root: Path) -> list[Path]:
    """List the dashboards of a MOC tree, the plain `orch_dashboard.py` nearest to it first."""
    found = list_files(root, lambda name: _DASHBOARD.match(name) is not None)
    return sorted(found, key=lambda path: (len(path.parts), len(path.name), path))


def parse_python(path: Path) -> Source:
    """Parse a file in whatever encoding it has; a file that is no Python is told, not raised."""
    try:
        text = _decode(read_whole(path))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in strings: not ours to mend
            return Source(path, ast.parse(text.removeprefix("\ufeff"), filename=path.name))
    except SyntaxError as error:
        return Source(path, None, error.msg, error.lineno or 0)
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return Source(path, None, str(error) or type(error).__name__)


def _decode(data: bytes) -> str:
    cookie = _COOKIE.match(data)
    if cookie:
        try:
            return data.decode(cookie[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass  # the declared encoding is wrong: look at the bytes instead
    return decode_text(data).text
