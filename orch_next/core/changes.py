"""What asks for a change of a ledger, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeAlias

from orch_next.core.events import Who
from orch_next.core.records import R
from orch_next.core.schema import Snapshot
from orch_next.core.view import LedgerView
from orch_next.errors import NotFoundError
from orch_next.ledger.document import CellChange


@dataclass(frozen=True)
class Edit:
    """What a plan wants: the record it is about and the cells to change.

    `removes` says that the record is gone afterwards.
    """

    record_id: str
    changes: Sequence[CellChange]
    removes: bool = False


@dataclass(frozen=True)
class ChangeRequest:
    """Who changes a row, what the event is called, and what the journal notes beside it."""

    event: str
    who: Who
    details: Mapping[str, Any] = field(default_factory=dict)
    payload_sha256: str = ""


@dataclass(frozen=True)
class WriteResult(Generic[R]):
    """A change's result; `present` is None when the row was removed; digests are the file's.

    `conflict_copy` is where an outside save lies that could not be kept in place.
    """

    before: R | None
    present: R | None
    changed: bool
    digest_before: str
    digest: str
    conflict_copy: Path | None = None

    @property
    def after(self) -> R:
        """Return the row after the change; raise NotFoundError when it was removed."""
        if self.present is None:
            raise NotFoundError("the row was removed")
        return self.present


Plan: TypeAlias = Callable[[LedgerView[R]], Edit]


def always_ready() -> None:
    """Allow every change; the default where no journal is attached."""


def no_entry() -> int:
    """Know of no journal entry; the default where no journal is attached."""
    return 0


def ignore_snapshot(_snapshot: Snapshot[Any]) -> None:
    """Take no note of new snapshots; the default where no journal is attached."""
