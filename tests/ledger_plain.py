"""Any Markdown file with tables, changed through the store that production uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from orch_next.core.changes import ChangeRequest, Edit, WriteResult
from orch_next.core.events import Change, Who
from orch_next.core.kinds import LedgerKind
from orch_next.core.records import Record
from orch_next.core.store import LedgerStore
from orch_next.core.view import LedgerView
from orch_next.ledger.document import CellChange, Table
from orch_next.ledger.file import LedgerFile

REQUEST = ChangeRequest("row_changed", Who("試験"))


@dataclass(frozen=True)
class PlainRow(Record):
    """A row of any table: its first cell is its id."""

    id: str

    @property
    def key(self) -> str:
        return self.id

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id}


class _AnyTable(LedgerKind[PlainRow]):
    """Every table is the ledger, whatever its header."""

    def match(self, names: Sequence[str]) -> dict[str, int] | None:
        return {"id": 0} if names else None


@dataclass(frozen=True)
class Tables:
    """What a plan sees: the tables of the file."""

    tables: Sequence[Table]


Plan: TypeAlias = Callable[[Tables], Sequence[CellChange]]


def plain_kind(name: str) -> LedgerKind[PlainRow]:
    return _AnyTable("row", name, ("id",), PlainRow, prose=True)


class PlainLedger:
    """One file; `write` is `LedgerStore.change` with a plan of tables instead of records."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.path, self.recorded = path, list[Change]()
        now = partial(datetime.now, timezone.utc)
        record = options.pop("record", self._note)
        kind = plain_kind(path.name)
        self.store = LedgerStore(kind, path.parent, now=now, record=record, **options)

    def _note(self, changes: Sequence[Change]) -> list[int | None]:
        self.recorded.extend(changes)
        return list(range(len(self.recorded) - len(changes) + 1, len(self.recorded) + 1))

    def read(self) -> bytes:
        return LedgerFile(self.path).read()

    def write(self, plan: Plan) -> WriteResult[PlainRow]:
        def edit(view: LedgerView[PlainRow]) -> Edit:
            changes = plan(Tables([one.table for one in view.tables]))
            # Whichever row it is: the first one, or the one that a cell is set in.
            rows = [change.row for change in changes if hasattr(change, "row")]
            record_id = rows[0].values[0] if rows and rows[0].values else ""
            return Edit(record_id, changes, removes=True)

        return self.store.change(edit, REQUEST)
