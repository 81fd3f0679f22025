"""Find headers that were meant to be a ledger's: without a delimiter row, or without a column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from orch_next.core.kinds import LedgerKind
from orch_next.ledger import scan
from orch_next.ledger.parser import Document

# A table with this many of the ten columns was meant to be the ledger.
_NEARLY = 8


def find_lost_headers(
    kind: LedgerKind[Any], document: Document, *, alone: bool = False
) -> Iterator[tuple[int, str]]:
    """Yield lines, counted from 1, and what they lack; `alone` takes headers without rows too."""
    texts = scan.split_lines(document.text).texts
    tables = {table.line: table for table in document.tables}
    taken = {row.line for table in document.tables for row in table.rows}
    for number, text in scan.outside_fences(texts):
        if text.count("|") < _NEARLY or number in taken:
            continue
        missing = _missing_columns(kind, scan.cut_values(text))
        if missing is None:
            continue
        below = texts[number] if number < len(texts) else ""
        if number not in tables:
            if alone or scan.has_pipe(below):
                yield number, _undivided(number, below, scan.count_cells(text), missing)
        elif missing:
            yield number, f"line {number} lacks the ledger's column {', '.join(missing)}"


def _missing_columns(kind: LedgerKind[Any], names: Sequence[str]) -> list[str] | None:
    """Return which columns a header lacks; None when it was never meant to be the ledger's."""
    lowered = {kind.aliases.get(name.lower(), name.lower()) for name in names}
    missing = [column for column in kind.columns if column not in lowered]
    return missing if len(kind.columns) - len(missing) >= _NEARLY else None


def _undivided(number: int, below: str, columns: int, missing: Sequence[str]) -> str:
    """Say what is wrong between a header and its rows."""
    what = f"line {number} has the ledger's columns"
    if missing:
        what += f" but {', '.join(missing)}"
    if "--" in below and scan.has_pipe(below):
        return f"{what}, but line {number + 1} is no delimiter row of {columns} cells: mend it"
    joint = " and" if missing else " but"
    return f"{what}{joint} no `|---|` line below it; insert one"
