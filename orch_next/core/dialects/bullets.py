"""The heading-and-bullets dialect of TASKS.md: `#### ID: title`, then `- **task_id**: ...`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from orch_next.core.kinds import LedgerKind
from orch_next.core.records import R
from orch_next.ledger import scan

_HEADING = re.compile(r"#{1,6}\s+(.*)")
_TITLED = re.compile(r"(?P<id>[^\s:：]+)\s*[:：]\s*(?P<title>.*?)\s*#*\s*")
_BULLET = re.compile(r"\s*[-*+]\s+\*\*(?P<name>[^*]+?)\s*[:：]?\*\*\s*[:：]?\s*(?P<value>.*)")


@dataclass(frozen=True)
class Section:
    """A heading with the named bullets under it; `line` counts from 1."""

    line: int
    heading: str
    bullets: dict[str, str]
    raw: str


def read_bullets(kind: LedgerKind[R], text: str) -> list[R]:
    """Return the sections that name an id and a status as read-only records."""
    names = {name for name, column in kind.aliases.items() if column == kind.id_column}
    wanted = "|".join(map(re.escape, sorted({kind.id_column, *names})))
    if not re.search(rf"\*\*\s*(?:{wanted})\s*[:：]?\*\*", text, re.IGNORECASE):
        return []
    found = (_as_record(kind, section) for section in _sections(text))
    return [record for record in found if record is not None]


def _sections(text: str) -> Iterator[Section]:
    heading, start, body = "", 0, list[str]()
    for number, line in scan.outside_fences(scan.split_lines(text).texts):
        match = _HEADING.match(line)
        if not match:
            body.append(line)
            continue
        if heading:
            yield _section(start, heading, body)
        heading, start, body = match.group(1), number, []
    if heading:
        yield _section(start, heading, body)


def _section(line: int, heading: str, body: list[str]) -> Section:
    matches = [match for match in map(_BULLET.fullmatch, body) if match]
    bullets = {match["name"].strip().lower(): match["value"].strip() for match in matches}
    return Section(line, heading, bullets, "\n".join([heading, *body]))


def _as_record(kind: LedgerKind[R], section: Section) -> R | None:
    cells = {kind.aliases.get(name, name): value for name, value in section.bullets.items()}
    if not cells.get(kind.id_column) or "status" not in cells:
        return None
    titled = _TITLED.fullmatch(section.heading)
    if titled:
        cells.setdefault("title", titled["title"])
    rev = hashlib.sha256(section.raw.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    values = [cells.get(column, "") for column in kind.columns]
    return kind.make(*values, rev=rev, line=section.line, read_only=True)
