"""A report as headings, tables and paragraphs, told as Markdown or as one HTML file."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orch_next.migrate.findings import Finding
from orch_next.migrate.report import RunReport, StepReport
from orch_next.migrate.words import WORDS, Lang

MOST_PATHS = 200
_ACTIONS = ("create", "replace", "remove", "restore", "keep")


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the page's. What is below a folded one is opened with a click."""

    level: int
    text: str
    folded: bool = False


@dataclass(frozen=True)
class Text:
    """A paragraph; `code` is shown as it is, in lines."""

    text: str
    code: bool = False


@dataclass(frozen=True)
class Grid:
    """A table."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


Part = Heading | Text | Grid


def as_markdown(report: RunReport, lang: Lang) -> str:
    """Return the report as Markdown."""
    return "\n\n".join(_markdown(part) for part in _parts(report, WORDS[lang], lang)) + "\n"


def as_html(report: RunReport, lang: Lang) -> str:
    """Return the report as an HTML page that needs nothing else."""
    body = "\n".join(_folding(_parts(report, WORDS[lang], lang)))
    title = html.escape(f"{WORDS[lang]['title']} {report.run}".strip())
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n"
        "</body>\n</html>\n"
    )


def _parts(report: RunReport, words: Mapping[str, str], lang: Lang) -> Iterator[Part]:
    yield Heading(1, f"{words['title']} {report.run}".strip())
    facts = [
        (words["kind"], words[report.kind]),
        (words["source"], report.source),
        (words["target"], report.target),
        (words["started"], report.started),
        (words["seconds"], f"{report.seconds:.1f}"),
        (words["result"], words["fine" if report.is_fine else "not fine"]),
    ]
    yield Grid(("", ""), facts)
    if report.error:
        yield Text(f"{words['error']}: {report.error}")
    yield Heading(2, words["summary"])
    yield _summary(report, words, lang)
    for label, names in ((words["left"], report.left), (words["pruned"], report.pruned)):
        if names:
            yield Text(f"{label}: {', '.join(names)}")
    for step in report.steps:
        yield from _step(step, words, lang)
    if report.kind == "apply" and report.did_something:
        yield Heading(2, words["way back"])
        yield Text(words["way back text"].format(report.target))


def _summary(report: RunReport, words: Mapping[str, str], lang: Lang) -> Grid:
    columns = [name for name in _ACTIONS if any(name in one.actions for one in report.steps)]
    header = ["phase", "step", "outcome", *columns, "unchanged", "verified", "bytes", "seconds"]
    rows = [
        [
            *(str(one.phase), _title(one, lang), words[one.outcome]),
            *(str(one.actions.get(name, 0)) for name in columns),
            *(str(one.unchanged), str(one.verified), f"{one.size:,}", f"{one.seconds:.1f}"),
        ]
        for one in report.steps
    ]
    return Grid([words[name] for name in header], rows)


def _title(step: StepReport, lang: Lang) -> str:
    title = step.title_ja if lang == "ja" else step.title
    return f"{step.name}: {title}"


def _step(step: StepReport, words: Mapping[str, str], lang: Lang) -> Iterator[Part]:
    if not (step.touched or step.findings or step.counts or step.notes):
        return
    yield Heading(2, _title(step, lang))
    if step.counts:
        counts = [(name, f"{number:,}") for name, number in step.counts.items()]
        yield Grid((words["count"], words["number"]), counts)
    if step.findings:
        yield Heading(3, words["findings"])
        header = [words[name] for name in ("severity", "where", "message")]
        yield Grid(header, [_finding(found, words, lang) for found in step.findings])
    if step.touched:
        yield Heading(3, words["paths"])
        yield from _paths(step, words)
    if step.notes:
        yield Heading(3, words["notes"], folded=True)
        yield from _notes(step.notes)


def _finding(found: Finding, words: Mapping[str, str], lang: Lang) -> list[str]:
    message = found.message_ja if lang == "ja" else found.message
    return [words[found.severity], found.where or words["nowhere"], message]


def _paths(step: StepReport, words: Mapping[str, str]) -> Iterator[Part]:
    shown = step.touched[:MOST_PATHS]
    header = [words["path"], words["action"], words["bytes"], "sha256"]
    rows = [(one.path, words[one.action], f"{one.size:,}", one.sha256[:16]) for one in shown]
    yield Grid(header, rows)
    if len(step.touched) > len(shown):
        yield Text(words["more"].format(len(step.touched) - len(shown)))


def _notes(notes: Mapping[str, Any], above: str = "") -> Iterator[Part]:
    for key, value in notes.items():
        name = f"{above}{key}"
        if _is_table(value):
            yield Text(f"{name}:")
            header = list(dict.fromkeys(key for row in value for key in row))
            yield Grid(header, [[_plain(row.get(key, "")) for key in header] for row in value])
        elif isinstance(value, Mapping) and any(map(_is_deep, value.values())):
            yield from _notes(value, f"{name} › ")
        elif isinstance(value, Mapping) and value:
            yield Text(f"{name}:")
            yield Grid(("", ""), [(str(key), _plain(inner)) for key, inner in value.items()])
        else:
            yield Text(f"{name}: {_plain(value)}", code=isinstance(value, str) and "\n" in value)


def _is_deep(value: Any) -> bool:
    return _is_table(value) or (isinstance(value, Mapping) and bool(value))


def _is_table(value: Any) -> bool:
    rows = isinstance(value, (list, tuple)) and len(value) > 0
    return rows and all(isinstance(row, Mapping) for row in value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _markdown(part: Part) -> str:
    if isinstance(part, Heading):
        return f"{'#' * part.level} {_line(part.text)}"
    if isinstance(part, Text):
        return _fenced(part.text) if part.code else _line(part.text)
    lines = [_row(part.header), _row(["---"] * len(part.header)), *map(_row, part.rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    """Return one line in which no name of a file can pose as Markdown's or HTML's structure."""
    flat = _shown(" ".join(text.split()))
    return flat.replace("<", "&lt;").replace("[", "&#91;")


def _fenced(text: str) -> str:
    """Return lines as code, between fences that the text does not have."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{_shown_lines(text)}\n{fence}"


def _shown_lines(text: str) -> str:
    return "\n".join(_shown(line) for line in text.split("\n"))


def _shown(text: str) -> str:
    """Write out what a terminal would obey, or what would turn the reading direction."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"


def _folding(parts: Iterable[Part]) -> Iterator[str]:
    is_open = False
    for part in parts:
        if isinstance(part, Heading) and is_open:
            yield "</details>"
            is_open = False
        if isinstance(part, Heading) and part.folded:
            yield f"<details>\n<summary>{html.escape(part.text)}</summary>"
            is_open = True
        else:
            yield _html(part)
    yield from ["</details>"] * is_open


def _html(part: Part) -> str:
    if isinstance(part, Heading):
        return f"<h{part.level}>{html.escape(_shown(part.text))}</h{part.level}>"
    if isinstance(part, Text):
        tag = "pre" if part.code else "p"
        return f"<{tag}>{html.escape(_shown_lines(part.text))}</{tag}>"
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in part.header)
    head = f"<tr>{head}</tr>\n" if any(part.header) else ""
    rows = "\n".join(_html_row(row) for row in part.rows)
    return f"<div><table>\n{head}{rows}\n</table></div>"


def _html_row(row: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<td>{html.escape(_shown_lines(cell))}</td>' for cell in row)}</tr>"


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;"
    "color:#1d2433;background:#fff}table{border-collapse:collapse;margin:.5rem 0;width:100%}"
    "div{overflow-x:auto}td,th{border:1px solid #ccd3de;padding:.25rem .5rem;text-align:left;"
    "vertical-align:top;min-width:4.5rem}td{overflow-wrap:anywhere}th{background:#eef2f7;"
    "white-space:nowrap}h1,p{overflow-wrap:anywhere}summary{font-weight:bold;margin:.5rem 0}"
    "pre{background:#f5f7fa;padding:.5rem;"
    "overflow:auto}@media(prefers-color-scheme:dark){body{color:#dfe5ee;background:#151a22}"
    "td,th{border-color:#3a4556}th,pre{background:#1f2733}}"
)
