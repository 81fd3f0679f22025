"""Random Markdown documents, a quarter of them hostile, and markdown-it-py as the oracle."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import TypeAlias

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim

from orch_next.errors import InputError, RowError
from orch_next.ledger.document import CellChange, SetCell, apply_edits, plan_edits
from orch_next.ledger.parser import Document, parse
from orch_next.ledger.scan import cut_values
from orch_next.ledger.verify import check_rows, verify

BOM = "\ufeff"
WORDS = [
    "設計", "レビュー待ち", "READY", "-", "2025-10-07T12:00:00Z", "ORCH/STATE/TASKS.md", "a b",
    "１２３", r"C:\Users\moc\証跡.md", r"C:\\Users\\moc\\A017.md", r"\\server\share", "100%",
    "メモ・参考：x", "",
]  # fmt: skip
NASTY = [
    r"a\|b", r"a\\|b", "C:\\dir\\", "`a", "`x` | `", "\u3000全角\u3000", "\u2028", "x\u0085y",
    "\x0b", "\x0c", "\x07", "-->", "<b>", "--", ":-:", "\t", "\u00a0", "\x1c", "\\", "\ufeff",
    "\U0001f4cb", "|", "\\|", "&#124;", "\x00",
]  # fmt: skip
LINES = [
    "", "", "# 見出し", "本文です。", "- 項目", "  - | a | b |", "> 引用 | x |", "```", "~~~",
    "<!--", "-->", "<div>", "[ref]: /url 'title", "[ref", "    code", "---", "===", "***",
    "1. one", "\t| t | u |", " ", "\u3000", "<script>", "</script>", "<?php", "?>", "|", "||",
    "text | more", "- | a | b |", "  | --- | --- |", "\x0c", "> | a | b |", "> | - | - |",
    "<a href='x'>", "=======", "'end'", "]: /x", "- [ ] 済 | a |", "&amp;", "\\",
]  # fmt: skip


def random_document(rnd: Random) -> str:
    """Return a document of up to about 20 lines; a quarter of them are hostile."""
    hostile = rnd.random() < 0.25
    lines: list[str] = []
    for _ in range(rnd.randint(1, 3)):
        lines += [rnd.choice(LINES if hostile else LINES[:4]) for _ in range(rnd.randint(0, 3))]
        lines += _table(rnd, hostile)
    eols = ["\n", "\r\n", "\r"] if hostile else [rnd.choice(["\n", "\n", "\r\n"])]
    text = "".join(line + rnd.choice(eols) for line in lines)
    if rnd.random() < 0.2:
        text = text.rstrip("\r\n")
    return BOM + text if rnd.random() < 0.1 else text


def _table(rnd: Random, hostile: bool) -> list[str]:
    columns = rnd.randint(1, 5) if hostile else rnd.randint(2, 5)
    bare = hostile and rnd.random() < 0.2
    lines = [_row(rnd, columns, False, bare), "|" + "|".join(["---"] * columns) + "|"]
    for _ in range(rnd.randint(0, 7)):
        width = columns + (rnd.choice([-1, 0, 0, 1]) if hostile else 0)
        lines.append(_row(rnd, max(width, 1), hostile, bare))
        if hostile and rnd.random() < 0.15:
            lines.insert(rnd.randint(0, len(lines)), rnd.choice(LINES))
        elif rnd.random() < 0.03:
            lines.append("")
    return lines


def _row(rnd: Random, columns: int, hostile: bool, bare: bool) -> str:
    cells = [_cell(rnd, hostile) for _ in range(columns)]
    if bare:
        return "|".join(cells)
    return "|" + "|".join(cells) + ("" if hostile and rnd.random() < 0.2 else "|")


def _cell(rnd: Random, hostile: bool) -> str:
    word = rnd.choice(NASTY) if hostile and rnd.random() < 0.3 else rnd.choice(WORDS)
    pads = ["", " ", "  ", "\t", "\u3000"] if hostile else [" "]
    return rnd.choice(pads) + word + rnd.choice(pads)


def random_value(rnd: Random) -> str:
    """Return a value that a client may send, line breaks and pipes included."""
    parts = [rnd.choice(WORDS + NASTY + ["|", "\n", "\r\n"]) for _ in range(rnd.randint(0, 3))]
    return "".join(parts)


_MARKDOWN = MarkdownIt("commonmark").enable("table")
_MARKDOWN.core.ruler.enableOnly(["normalize", "block"])

OracleTable: TypeAlias = dict[int, list[str]]
Editor: TypeAlias = Callable[[Document, list[CellChange]], str]


def oracle_tables(text: str) -> list[OracleTable]:
    """Return the top-level tables by markdown-it-py: cells by line number."""
    tables: list[OracleTable] = []
    inside = False
    for token in _MARKDOWN.parse(text.removeprefix(BOM)):
        if token.type == "table_open":
            inside = token.level == 0
            tables += [{}] if inside else []
        elif inside and token.type == "tr_open":
            assert token.map
            row = tables[-1][token.map[0] + 1] = []
        elif inside and token.type == "inline":
            row.append(token.content)
        inside = inside and token.type != "table_close"
    return tables


def our_tables(document: Document) -> list[OracleTable]:
    """Return our tables in the oracle's form: surplus cells cut, missing ones empty."""
    swallowed = {
        problem.line
        for problem in document.problems
        if problem.code in ("swallowed-text", "extra-delimiter") and problem.severity == "row"
    }
    lines = parse_lines(document.text)
    tables = []
    for table in document.tables:
        width = len(table.names)
        rows = {table.line: table.names}
        rows |= {row.line: row.values for row in table.rows if not row.apart}
        last = max([table.line + 1, *rows])
        while last + 1 in swallowed:
            last += 1
        for line in swallowed & set(range(table.line + 2, last + 1)):
            rows[line] = tuple(cut_values(lines[line - 1]))
        tables.append({line: _fit(rows[line], width) for line in sorted(rows)})
    return tables


def parse_lines(text: str) -> list[str]:
    """Return the lines without EOL, cut at CRLF, CR and LF only."""
    return text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _fit(values: tuple[str, ...], width: int) -> list[str]:
    cells = [value.replace("\0", "\ufffd") for value in values[:width]]
    return cells + [""] * (width - len(cells))


def edit(document: Document, changes: list[CellChange]) -> str:
    """Return the edited text after verification, as a ledger file would write it."""
    check_rows(document, changes)
    text = apply_edits(document.text, plan_edits(document.text, changes))
    if text == document.text:
        return text
    verify(document, parse(text), changes)
    return text


def naive_edit(document: Document, changes: list[CellChange]) -> str:
    """Splice as the legacy did (D07): the mutant that the round trip must catch."""
    change = changes[0]
    assert isinstance(change, SetCell)
    parts = change.row.raw.strip().strip("|").split("|")
    parts[change.column : change.column + 1] = [change.value.strip()]
    span = change.row.span
    raw = "| " + " | ".join(part.strip() for part in parts) + " |"
    return document.text[: span.start] + raw + document.text[span.end :]


def round_trip_faults(text: str, rnd: Random, edit: Editor = edit) -> list[str]:
    """Return what is wrong with reading and editing one document; empty when all is well."""
    document, oracle = parse(text), oracle_tables(text)
    if document.text != text or our_tables(document) != oracle:
        return ["read"]
    rows = [row for table in document.tables for row in table.rows if row.cells]
    if document.damage or not rows:
        return []
    row = rnd.choice(rows)
    column = rnd.randrange(len(row.cells))
    present = SetCell(row, column, row.values[column])
    change = SetCell(row, column, random_value(rnd))
    faults = ["no-op"] if _is_wrong(document, present, edit, oracle) else []
    return faults + (["edit"] if _is_wrong(document, change, edit, oracle) else [])


def _is_wrong(document: Document, change: SetCell, edit: Editor, oracle: list[OracleTable]) -> bool:
    """Judge one edit by the bytes outside the cell and by markdown-it-py's reading."""
    try:
        after = edit(document, [change])
    except (RowError, InputError):
        return False
    cell = change.row.cells[change.column]
    value = mdTrim(re.sub("\r\n|\r|\n", " ", change.value))
    if value == cell.value:
        return after != document.text
    left, right = document.text[: cell.room.start], document.text[cell.room.end :]
    if not (after.startswith(left) and after.endswith(right)):
        return True
    for row in (table.get(change.row.line, []) for table in oracle):
        row[change.column : change.column + 1] = [value] if change.column < len(row) else []
    return oracle_tables(after) != oracle
