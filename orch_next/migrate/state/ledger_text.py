"""A ledger's text for changing: its tables, records and rows together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orch_next.core.schema import LedgerKind, Record, load_snapshot
from orch_next.ledger.document import CellChange, Row, Table, apply_edits, plan_edits
from orch_next.ledger.parser import Document, Problem, parse
from orch_next.ledger.verify import check_rows, verify


@dataclass(frozen=True)
class LedgerText:
    """A text read as a ledger; nothing is written here."""

    kind: LedgerKind[Any]
    document: Document
    tables: tuple[tuple[Table, Mapping[str, int]], ...]
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]

    @property
    def text(self) -> str:
        """Return the whole text."""
        return self.document.text

    @cached_property
    def twice(self) -> frozenset[str]:
        """Return the ids that more than one record has."""
        counts = Counter(record.key for record in self.records)
        return frozenset(key for key, count in counts.items() if count > 1)

    @cached_property
    def by_id(self) -> Mapping[str, Record]:
        """Return the records whose ids are there once."""
        return {one.key: one for one in self.records if one.key not in self.twice}

    @cached_property
    def _rows(self) -> Mapping[int, tuple[Row, Mapping[str, int]]]:
        return {row.line: (row, places) for table, places in self.tables for row in table.rows}

    def row_of(self, record: Record) -> tuple[Row, Mapping[str, int]] | None:
        """Return a record's row and where its columns are; None for a section."""
        return None if record.read_only else self._rows.get(record.line)

    def changed(self, changes: Sequence[CellChange]) -> LedgerText:
        """Return the text with the changes and nothing else; raise RowError, InputError."""
        if not changes:
            return self
        check_rows(self.document, changes)
        text = apply_edits(self.text, plan_edits(self.text, changes))
        after = read_ledger_text(self.kind, text)
        verify(self.document, after.document, changes)
        return after


def read_ledger_text(kind: LedgerKind[Any], text: str) -> LedgerText:
    """Read any text."""
    document = parse(text)
    matched = ((table, kind.match(table.names)) for table in document.tables)
    tables = tuple((table, places) for table, places in matched if places is not None)
    snapshot = load_snapshot(kind, text.encode("utf-8", "surrogatepass"))
    return LedgerText(kind, document, tables, snapshot.records, snapshot.problems)
