"""What looks damaged around and between a ledger's rows; `orch-next check --strict`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from orch_next.core.kinds import LedgerKind
from orch_next.core.lost_header import find_lost_headers
from orch_next.core.view import LedgerTable, LedgerView
from orch_next.ledger import scan
from orch_next.ledger.parser import Document, Problem, Severity

_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# git's markers have seven characters, or more in merges of merges.
_LONG_MARKER = re.compile(r"(<{8,}|={8,}|\|{8,}|>{8,})( .*)?")


def find_text_faults(view: LedgerView[Any], document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the file beside its records."""
    kind, lines = view.kind, scan.split_lines(document.text)
    inside = {row.line for ledger in view.tables for row in _rows(ledger)}

    def tell(code: str, line: int, message: str, severity: Severity = "warning") -> Problem:
        return Problem(code, severity, message, line, kind.file_name)

    for number, text in enumerate(lines.texts, start=1):
        if scan.BOM in text and number not in inside:
            yield tell("bom-inside", number, "a byte order mark inside the file: two files joined?")
    for number in _long_markers(lines.texts):
        yield tell("conflict-marker", number, "a merge conflict's marker")
    for ledger in view.tables[1:]:
        first = view.tables[0].table.line
        message = f"another table with the ledger's columns (the first is in line {first})"
        yield tell("second-table", ledger.table.line, message)
    for ledger in view.tables:
        yield from _surplus(kind, ledger)
    told = {problem.line for problem in view.problems if problem.code == "no-table"}
    for number, message in find_lost_headers(kind, document):
        if number not in told:
            yield tell("lost-header", number, message)
    controls = [n for n, t in enumerate(lines.texts, 1) if n not in inside and _CONTROL.search(t)]
    if controls:
        message = f"control characters in the text of {len(controls)} lines"
        yield tell("control-character", controls[0], message, "note")
    yield from _mixed_ends(kind, lines.eols)


def _rows(ledger: LedgerTable) -> Iterator[Any]:
    yield from (ledger.table.header, ledger.table.delimiter, *ledger.table.rows)


def _long_markers(texts: Sequence[str]) -> Iterator[int]:
    found = [(n, text) for n, text in enumerate(texts, 1) if _LONG_MARKER.fullmatch(text)]
    # Without an opening one they are an underline or a quotation.
    if any(text[0] == "<" for _, text in found):
        yield from (number for number, _ in found)


def _surplus(kind: LedgerKind[Any], ledger: LedgerTable) -> Iterator[Problem]:
    """Yield rows with empty cells too many; with text in them every check tells of them."""
    columns = len(ledger.table.names)
    place = ledger.places[kind.id_column]
    for row in ledger.table.rows:
        if row.raw.count("|") > columns and (cells := scan.count_cells(row.raw)) > columns:
            values = row.values
            if any(values[columns:]):
                continue
            key = values[place] if place < len(values) else ""
            message = f"{cells} cells where the table has {columns}"
            yield Problem("surplus-cells", "warning", message, row.line, kind.file_name, key)


def _mixed_ends(kind: LedgerKind[Any], eols: Sequence[str]) -> Iterator[Problem]:
    first = next((eol for eol in eols if eol), "")
    odd = [number for number, eol in enumerate(eols, 1) if eol and eol != first]
    if odd:
        message = f"{len(odd)} lines end otherwise than the first one"
        yield Problem("mixed-line-ends", "note", message, odd[0], kind.file_name)
