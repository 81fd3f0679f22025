"""Turn task sections into rows of a table; what no cell can hold goes to a file beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orch_next.core.schema import EMPTY, TASK
from orch_next.ledger import scan
from orch_next.ledger.document import AddRow
from orch_next.migrate.state.ledger_text import LedgerText, read_ledger_text
from orch_next.migrate.state.sections import Section, find_sections

SIDECAR = "TASKS.sections.md"
SEPARATOR = "・"  # as the notes of MOC's ledgers have it
MOC_NAMES = {"id": "task_id", "status": "state"}
_HEAD = "# TASKS.md: lines of the former sections that no cell holds / 表に入らなかった行"


@dataclass(frozen=True)
class Converted:
    """The ledger with a table, the sidecar's text (empty: none), and the sections by line."""

    ledger: LedgerText
    sidecar: str
    sections: tuple[Section, ...]


def convert_sections(ledger: LedgerText) -> Converted | None:
    """Return the text with rows in place of its task sections; None when it has none.

    Other text stays as it is, and so do sections about a task that is in a table. The table
    stands where the first section stood, or the rows go to the table that is there. Raise
    RowError or InputError when a row could not be read back.
    """
    lines = scan.split_lines(ledger.text)
    found = find_sections(lines.texts) if ledger.kind.name == TASK.name else []
    # A section about a task of the table is text that explains it.
    rows = {record.key for record in ledger.records if not record.read_only}
    sections = [one for one in found if one.fields["id"] not in rows]
    if not sections:
        return None
    eol = next((eol for eol in lines.eols if eol), "\n")
    inside = {index for one in sections for index in range(one.start, one.end)}
    first = sections[0].start
    parts: list[str] = [ledger.text[: lines.starts[0]]]
    for index, (text, end) in enumerate(zip(lines.texts, lines.eols, strict=True)):
        if index == first and not ledger.tables:
            parts.append(_empty_table(_names(sections), eol, parts))
        if index not in inside:
            parts.append(text + end)
    text = "".join(parts)
    without = read_ledger_text(TASK, text if ledger.tables else _with_room(text, eol))
    return Converted(_with_rows(without, sections), _sidecar(sections, eol), tuple(sections))


def _names(sections: Sequence[Section]) -> list[str]:
    """Return the header: MOC's names where the sections used one of them."""
    used = {name for one in sections for name in one.names}
    renamed = MOC_NAMES if used & set(MOC_NAMES.values()) else {}
    return [renamed.get(column, column) for column in TASK.columns]


def _empty_table(names: Sequence[str], eol: str, before: Sequence[str]) -> str:
    row = f"| {' | '.join(names)} |{eol}|{'---|' * len(names)}{eol}"
    above = "".join(before)
    gap = "" if not above.strip("\ufeff") or above.endswith(eol * 2) else eol
    return f"{gap}{row}{eol}"


def _with_room(text: str, eol: str) -> str:
    """Return the text with one line end behind a new table at its end."""
    return text[: -len(eol)] if text.endswith(f"|{eol}{eol}") else text


def _with_rows(ledger: LedgerText, sections: Iterable[Section]) -> LedgerText:
    table, places = ledger.tables[0]
    rows = []
    for section in sections:
        cells = [EMPTY if name else "" for name in table.names]
        for column, value in _values(section).items():
            cells[places[column]] = value or EMPTY
        rows.append(AddRow(table, cells))
    return ledger.changed(rows)


def _values(section: Section) -> dict[str, str]:
    notes = [value for value in (section.fields.get("notes", ""),) if value not in ("", EMPTY)]
    notes += [f"{name}={value}" for name, value in section.more]
    if section.rest:
        notes.append(f"see={SIDECAR}")
    return {**section.fields, "notes": SEPARATOR.join(notes)}


def _sidecar(sections: Iterable[Section], eol: str) -> str:
    parts = [_HEAD, ""]
    for section in sections:
        if section.rest:
            parts += [f"## {section.fields['id']}", "", *section.rest, ""]
    return eol.join(parts) if len(parts) > 2 else ""
