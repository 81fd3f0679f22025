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
# What the sections of a task call the columns of the table.
NAMES = {"assigned_to": "owner", "due_date": "due", "artifacts": "artifact"}
NAMES |= {"担当": "owner", "担当者": "owner", "期限": "due", "期日": "due", "成果物": "artifact"}
NAMES |= {"備考": "notes", "メモ": "notes", "題名": "title", "件名": "title", "タイトル": "title"}
BULLET = re.compile(r"\s*[-*+]\s+\*\*(?P<name>[^*]+?)\s*[:：]?\*\*\s*[:：]?\s*(?P<value>.*)")


@dataclass(frozen=True)
class Section:
    """A heading with the named bullets under it; `line` counts from 1."""

    line: int
    heading: str
    bullets: dict[str, str]
    raw: str


def read_sections(kind: LedgerKind[R], text: str) -> list[tuple[Section, R]]:
    """Return the sections that name an id and a status, with what they say as a record."""
    names = {name for name, column in kind.aliases.items() if column == kind.id_column}
    wanted = "|".join(map(re.escape, sorted({kind.id_column, *names})))
    if not re.search(rf"\*\*\s*(?:{wanted})\s*[:：]?\*\*", text, re.IGNORECASE):
        return []
    found = ((section, _as_record(kind, section)) for section in _sections(text))
    return [(section, record) for section, record in found if record is not None]


def read_bullets(kind: LedgerKind[R], text: str) -> list[R]:
    """Return the sections that name an id and a status as read-only records."""
    return [record for _, record in read_sections(kind, text)]


def column_of(kind: LedgerKind[R], name: str) -> str | None:
    """Return the column that a bullet's name, in small letters, stands for, or None."""
    known = kind.aliases.get(name, name)
    column = known if known in kind.columns else NAMES.get(name)
    return column if column in kind.columns else None


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
    matches = [match for match in map(BULLET.fullmatch, body) if match]
    bullets = {match["name"].strip().lower(): match["value"].strip() for match in matches}
    return Section(line, heading, bullets, "\n".join([heading, *body]))


def _as_record(kind: LedgerKind[R], section: Section) -> R | None:
    cells: dict[str, str] = {}
    for name, value in section.bullets.items():
        column = column_of(kind, name)
        if column and (name not in NAMES or not cells.get(column)):
            cells[column] = value
    if not cells.get(kind.id_column) or "status" not in cells:
        return None
    titled = _TITLED.fullmatch(section.heading)
    if titled:
        cells.setdefault("title", titled["title"])
    rev = hashlib.sha256(section.raw.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    values = [cells.get(column, "") for column in kind.columns]
    return kind.make(*values, rev=rev, line=section.line, read_only=True)
