"""Rename the two columns that the dialects of TASKS.md call differently (contract 3.2)."""

from __future__ import annotations

from orch_next.core.schema import TASK
from orch_next.ledger.document import SetCell, apply_edits, plan_edits
from orch_next.migrate.house import Dialect
from orch_next.migrate.state.ledger_text import LedgerText, read_ledger_text

# `moc` is what MOC's committed ledgers and its validator have, `next` what its code reads.
NAMES: dict[Dialect, dict[str, str]] = {
    "keep": {},
    "moc": {"id": "task_id", "status": "state"},
    "next": {"id": "id", "status": "status"},
}


def in_dialect(ledger: LedgerText, dialect: Dialect) -> LedgerText:
    """Return the text with the headers of its tables in this dialect; nothing else changes."""
    if ledger.kind.name != TASK.name:
        return ledger
    edits = []
    for table, places in ledger.tables:
        wanted = {places[column]: name for column, name in NAMES[dialect].items()}
        have = table.names
        renamed = {at: name for at, name in wanted.items() if have[at].lower() != name}
        if any(name in (one.lower() for one in have) for name in renamed.values()):
            continue  # a header with both names keeps them: one is a column of its own
        changes = [SetCell(table.header, at, name) for at, name in renamed.items()]
        edits += plan_edits(ledger.text, changes)
    return read_ledger_text(ledger.kind, apply_edits(ledger.text, edits)) if edits else ledger
