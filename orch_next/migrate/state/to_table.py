"""Turn task sections into rows of tables; what no cell can hold goes to a file beside them."""

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
    """The ledger with its tables, the sidecar's text (empty: none), and the sections by line."""

    ledger: LedgerText
    sidecar: str
    sections: tuple[Section, ...]


def convert_sections(ledger: LedgerText) -> Converted | None:
    """Return the text with rows in place of its task sections; None when it has none.

    Each heading above tasks gets a table of its own, where its first task stood; other text stays
    as it is. A ledger that has a table is left alone: what else names a task there is text.
    Raise RowError or InputError when a row could not be read back.
    """
    if ledger.kind.name != TASK.name or ledger.tables:
        return None
    sections = find_sections(ledger.text)
    if not sections:
        return None
    eol = next((eol for eol in scan.split_lines(ledger.text).eols if eol), "\n")
    groups = _groups(sections)
    text = _with_tables(ledger.text, groups, eol)
    without = read_ledger_text(TASK, _with_room(text, eol))
    return Converted(_with_rows(without, groups), _sidecar(sections, eol), tuple(sections))


def _groups(sections: Sequence[Section]) -> list[list[Section]]:
    """Return the sections by the heading that they stand under, in order."""
    groups: dict[int, list[Section]] = {}
    for one in sections:
        groups.setdefault(one.above, []).append(one)
    return list(groups.values())


def _with_tables(text: str, groups: Sequence[Sequence[Section]], eol: str) -> str:
    """Return the text with an empty table for each group and without the sections' lines."""
    lines = scan.split_lines(text)
    inside = {at for group in groups for one in group for at in range(one.start, one.end)}
    firsts = {group[0].start for group in groups}
    names = _names([one for group in groups for one in group])
    parts: list[str] = [text[: lines.starts[0]]]
    for index, (line, end) in enumerate(zip(lines.texts, lines.eols, strict=True)):
        if index in firsts:
            parts.append(_empty_table(names, eol, parts))
        if index not in inside:
            parts.append(line + end)
    return "".join(parts)


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


def _with_rows(ledger: LedgerText, groups: Sequence[Sequence[Section]]) -> LedgerText:
    rows = []
    for (table, places), group in zip(ledger.tables, groups, strict=True):
        for section in group:
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
