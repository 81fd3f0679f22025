"""Tasks written as a heading with bullets: where they are and what they say.

What is a task the reader decides (core.dialects.bullets); this module adds which lines belong to
it, and takes apart what a table's row has no cell for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orch_next.core.dialects.bullets import BULLET, column_of, read_sections
from orch_next.core.schema import TASK, Task
from orch_next.ledger import scan
from orch_next.ledger.scan import trim

SEPARATOR = "; "
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"(?P<indent>\s+)(?:[-*+]|\d+[.)])\s+(?P<text>.*)")
_RULE = re.compile(r"\s{0,3}([-*_])(?:\s*\1){2,}\s*")
_AFTER_ID = re.compile(r"(?:\s*[:：]|\s+[-–—](?=\s)|(?=\s|$))")


@dataclass(frozen=True)
class Section:
    """A task's lines [start, end), counted from 0, and what was read from them.

    `fields` has the table's columns, `more` other named values in order; `rest` are lines that
    neither holds. `above` is the line of the heading that the task stands under, -1 for none.
    """

    start: int
    end: int
    above: int
    fields: dict[str, str]
    names: tuple[str, ...]
    more: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]


@dataclass(frozen=True)
class _Heading:
    line: int
    level: int
    text: str


@dataclass
class _Said:
    """What the lines of one task said so far."""

    fields: dict[str, str]
    names: list[str] = field(default_factory=list)
    more: list[tuple[str, str]] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)


def find_sections(text: str) -> list[Section]:
    """Return the task sections of a ledger's text, in order: those that its reader lists."""
    texts = scan.split_lines(text).texts
    tasks = {section.line - 1: record for section, record in read_sections(TASK, text)}
    heads = list(_headings(texts)) if tasks else []
    return [
        _as_section(texts, heads, number, tasks)
        for number, head in enumerate(heads)
        if head.line in tasks
    ]


def _headings(texts: Sequence[str]) -> Iterator[_Heading]:
    for number, line in scan.outside_fences(texts):
        if match := _HEADING.match(line):
            yield _Heading(number - 1, len(match[1]), match[2])


def _as_section(
    texts: Sequence[str], heads: Sequence[_Heading], number: int, tasks: dict[int, Task]
) -> Section:
    head, later = heads[number], heads[number + 1 :]
    own_end = later[0].line if later else len(texts)
    ends = (one.line for one in later if one.level <= head.level or one.line in tasks)
    end = next(ends, len(texts))
    record = tasks[head.line]
    said = _Said({"id": record.id, "status": record.status})
    _read_title(said, head, record)
    for block in _blocks(texts[head.line + 1 : own_end]):
        _read_block(said, block)
    for column, value in record.as_json().items():
        if str(value).isprintable() and not said.fields.get(column):
            said.fields[column] = str(value)
    said.rest += texts[own_end:end]
    above = (h for h in reversed(heads[:number]) if h.level < head.level and h.line not in tasks)
    return Section(
        head.line,
        end,
        next((one.line for one in above), -1),
        said.fields,
        tuple(said.names),
        tuple(said.more),
        _trimmed(said.rest),
    )


def _read_title(said: _Said, head: _Heading, record: Task) -> None:
    """Take the title from the bullets, else from the heading; keep a heading that says more."""
    title = _without_id(head.text, record.id)
    said.fields["title"] = record.title or title
    if said.fields["title"] != title:
        said.rest.append(f"{'#' * head.level} {head.text}")


def _without_id(heading: str, task_id: str) -> str:
    heading = re.sub(r"\s+#+\s*$", "", heading)
    for head in (f"[{task_id}]", task_id):
        behind = _AFTER_ID.match(heading, len(head)) if heading.startswith(head) else None
        if behind:
            return trim(heading[behind.end() :])
    return trim(heading)


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    """Return each line that begins something with the indented or empty lines that follow."""
    blocks: list[list[str]] = []
    inside = {number for number, _ in scan.outside_fences(lines)}
    for number, line in enumerate(lines, start=1):
        follows = not trim(line) or line[0].isspace() or number not in inside
        if blocks and follows:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _read_block(said: _Said, block: Sequence[str]) -> None:
    named = BULLET.fullmatch(block[0])
    if named is None:
        said.rest += [line for line in block if not _RULE.fullmatch(line)]
        return
    nested = [line for line in block[1:] if trim(line)]
    name, value = trim(named["name"]).lower(), trim(named["value"])
    items = _items(nested)
    lonely = bool(nested) and (bool(value) or items is None)
    values = items if nested and not lonely and items is not None else [value]
    if lonely or not all(one.isprintable() for one in values):
        said.rest += block  # the parent goes with what stands below it
    _take(said, name, [one for one in values if one.isprintable()])


def _items(lines: Sequence[str]) -> list[str] | None:
    """Return the entries of one flat list; None for anything else, and for a doubtful entry."""
    found = [_ITEM.fullmatch(line) for line in lines]
    items = [trim(one["text"]) for one in found if one]
    if len(items) != len(lines) or len({one["indent"] for one in found if one}) > 1:
        return None
    doubtful = any(not text or SEPARATOR in text or not text.isprintable() for text in items)
    return None if doubtful else items


def _take(said: _Said, name: str, values: Sequence[str]) -> None:
    """Keep a bullet's values in the cell of that name, else for the notes."""
    column = column_of(TASK, name)
    given, values = bool(values), [value for value in values if value]
    said.names.append(name)
    if column in ("id", "status", "title"):
        if values and said.fields[column] != values[0]:
            said.more.append((name, SEPARATOR.join(values)))
        return
    if column is not None and not said.fields.get(column):
        # A cell of evidence names one path; the others are told beside it.
        kept = 1 if column == "artifact" else len(values)
        said.fields[column] = SEPARATOR.join(_bare(column, one) for one in values[:kept])
        values = values[kept:]
    if values or (given and column is None):
        said.more.append((name, SEPARATOR.join(values)))


def _bare(column: str, value: str) -> str:
    marked = column == "artifact" and re.fullmatch(r"`([^`]+)`", value)
    return marked[1] if marked else value


def _trimmed(lines: Sequence[str]) -> tuple[str, ...]:
    said = [number for number, line in enumerate(lines) if trim(line)]
    return tuple(lines[said[0] : said[-1] + 1]) if said else ()
