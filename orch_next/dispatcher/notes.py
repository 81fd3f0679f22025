"""Read what a task's cells say about its turn: `priority=`, `depends=` and due."""

from __future__ import annotations

import re
from datetime import datetime, time, timezone

from orch_next.bounded import kept_by_text
from orch_next.clock import parse_day, parse_utc

PRIORITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
DEFAULT_PRIORITY = "MEDIUM"
NEVER = datetime.max.replace(tzinfo=timezone.utc)

# Cells are read again at every look and seldom change.
_KNOWN, _KNOWN_CHARACTERS = 16_384, 8_000_000

_WORD = "[0-9A-Za-z_]"
_PRIORITY = re.compile(rf"(?<!{_WORD})priority\s*=\s*({'|'.join(PRIORITIES)})(?!{_WORD})", re.I)
_DEPENDS = re.compile(rf"(?<!{_WORD})depends\s*=\s*", re.I)
# An id ends at white space, at `<br>`, or at any mark that Japanese notes set between their parts.
_ID = r"[^\s,、・;；。|()「」<]+"
_ID_LIST = re.compile(rf"{_ID}(?:\s*[,、]\s*{_ID})*")
_SEPARATOR = re.compile(r"\s*[,、]\s*")


_FULL_WIDTH = str.maketrans("＝，", "=,")


def _plain(notes: str) -> str:
    return notes.translate(_FULL_WIDTH)


@kept_by_text(_KNOWN, _KNOWN_CHARACTERS)
def priority_rank(notes: str) -> int:
    """Return 0 (CRITICAL) to 3 (LOW); MEDIUM without a readable `priority=`."""
    found = _PRIORITY.search(_plain(notes))
    return PRIORITIES.index(found[1].upper() if found else DEFAULT_PRIORITY)


@kept_by_text(_KNOWN, _KNOWN_CHARACTERS)
def dependencies(notes: str) -> tuple[str, ...]:
    """List the task ids of every `depends=003,004` in the notes, in order, each once."""
    text = _plain(notes)
    found: dict[str, None] = {}
    for mark in _DEPENDS.finditer(text):
        listed = _ID_LIST.match(text, mark.end())
        if listed:
            found.update(dict.fromkeys(_SEPARATOR.split(listed[0])))
    return tuple(found)


@kept_by_text(_KNOWN, _KNOWN_CHARACTERS)
def due_instant(due: str) -> datetime:
    """Return the aware UTC instant of a due cell; a bare date means the end of that day."""
    text = due.strip()
    try:
        if len(text) == len("2025-10-15"):
            return datetime.combine(parse_day(text), time.max, timezone.utc)
        return parse_utc(text)
    except ValueError:
        return NEVER
