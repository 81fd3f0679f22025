"""Tasks written as a heading with bullets: where they are and what they say.

Understood are `#### WORK-7: title` with `- **task_id**: WORK-7`, `## 003 title` with
`- status: READY`, `### [T-1] title`, names in Japanese, and full-width colons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orch_next.core.schema import TASK
from orch_next.ledger.scan import trim

NAMES = {name: name for name in TASK.columns} | dict(TASK.aliases)
NAMES |= {"状態": "status", "ステータス": "status", "担当": "owner", "担当者": "owner"}
NAMES |= {"期限": "due", "期日": "due", "成果物": "artifact", "備考": "notes", "メモ": "notes"}
NAMES |= {"題名": "title", "件名": "title", "タイトル": "title", "番号": "id", "ロック": "lock"}

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_BOLD = re.compile(
    r"[-*+][ \t]+(\*\*|__)(?P<name>[^*:：]+?)\s*(?:[:：]\s*\1|\1\s*[:：])(?P<value>.*)"
)
_PLAIN = re.compile(r"[-*+][ \t]+`?(?P<name>[^\s*:：`|]+)`?(?:：|:(?=\s|$))(?P<value>.*)")
_BEHIND_ID = r"(?:\s*[:：]|\s+[-–—](?=\s)|(?=\s|$))"
_TITLED = re.compile(r"\[?(?P<id>[^\s:：\[\]]*[0-9][^\s:：\[\]]*)\]?" + _BEHIND_ID + ".*")
_AFTER_ID = re.compile(_BEHIND_ID)
_STATUS = re.compile(r"[`*_]*(?P<word>[^\s`*]+?)[`*_]*")


@dataclass(frozen=True)
class Section:
    """A task's lines [start, end), counted from 0, and what was read from them.

    `fields` has the table's columns, `more` other named values in order; `rest` are lines that
    say something that neither holds.
    """

    start: int
    end: int
    heading: str
    fields: dict[str, str]
    names: tuple[str, ...]
    more: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]


@dataclass
class _Draft:
    start: int
    level: int
    heading: str
    lines: list[str]
    end: int = 0


def find_sections(texts: Sequence[str]) -> list[Section]:
    """Return the task sections of a file, given its lines; fenced examples are none."""
    found: list[Section] = []
    levels: list[int] = []
    for draft in _drafts(texts):
        section = _as_section(draft)
        if section is not None:
            found.append(section)
            levels.append(draft.level)
        elif found and found[-1].end == draft.start and draft.level > levels[-1]:
            found[-1] = _extended(found[-1], draft)
    return found


def _drafts(texts: Sequence[str]) -> Iterator[_Draft]:
    draft, fence = _Draft(0, 0, "", []), ""
    for number, text in enumerate(texts):
        mark = _FENCE.match(text)
        heading = None if fence or mark else _HEADING.fullmatch(text)
        if mark:
            fence = mark[1] if not fence else "" if mark[1].startswith(fence) else fence
        if heading is None:
            draft.lines.append(text)
            continue
        draft.end = number
        yield draft
        draft = _Draft(number, len(heading[1]), heading[2], [])
    draft.end = len(texts)
    yield draft


def _as_section(draft: _Draft) -> Section | None:
    """Return a section that has a status and an id, else None."""
    fields: dict[str, str] = {}
    names: list[str] = []
    more: list[tuple[str, str]] = []
    rest: list[str] = []
    fence = ""
    for line in draft.lines:
        mark = _FENCE.match(line)
        if mark:
            fence = mark[1] if not fence else "" if mark[1].startswith(fence) else fence
        named = None if fence or mark else _BOLD.fullmatch(line) or _PLAIN.fullmatch(line)
        if named is None or not _take(named, fields, names, more):
            rest.append(line)
    if not _is_task(draft, fields, rest):
        return None
    return Section(
        draft.start, draft.end, draft.heading, fields, tuple(names), tuple(more), _trimmed(rest)
    )


def _take(
    named: re.Match[str],
    fields: dict[str, str],
    names: list[str],
    more: list[tuple[str, str]],
) -> bool:
    """Keep a bullet's value; False when the line says more than that."""
    name, value = trim(named["name"]), trim(named["value"])
    column = NAMES.get(name.lower())
    if not value.replace("\t", " ").isprintable() or column in fields:
        return False
    if column is None:
        more.append((name, value))
        return True
    bare = _STATUS.fullmatch(value) if column in ("id", "status") else None
    fields[column] = bare["word"] if bare else value
    names.append(name.lower())
    return fields[column] == value


def _is_task(draft: _Draft, fields: dict[str, str], rest: list[str]) -> bool:
    """Complete id and title from the heading; tell whether it all makes a task."""
    if not draft.level or not re.fullmatch(r"\S+", fields.get("status", "")):
        return False
    titled = _TITLED.fullmatch(draft.heading)
    if not fields.get("id") and titled:
        fields["id"] = titled["id"]
    if not fields.get("id"):
        return False
    title = _title(draft.heading, fields["id"])
    if fields.setdefault("title", title) != title:
        rest.insert(0, f"{'#' * draft.level} {draft.heading}")
    return True


def _title(heading: str, task_id: str) -> str:
    """Return the heading without the id in front of it."""
    for head in (f"[{task_id}]", task_id):
        behind = _AFTER_ID.match(heading, len(head)) if heading.startswith(head) else None
        if behind:
            return trim(heading[behind.end() :])
    return trim(heading)


def _trimmed(lines: Sequence[str]) -> tuple[str, ...]:
    said = [number for number, line in enumerate(lines) if trim(line)]
    return tuple(lines[said[0] : said[-1] + 1]) if said else ()


def _extended(section: Section, draft: _Draft) -> Section:
    """Return a section with a deeper heading's lines, which belong to it."""
    heading = f"{'#' * draft.level} {draft.heading}"
    rest = (*section.rest, "", heading, *draft.lines) if section.rest else (heading, *draft.lines)
    return Section(
        section.start,
        draft.end,
        section.heading,
        section.fields,
        section.names,
        section.more,
        _trimmed(rest),
    )
