"""What changed between two readings of a ledger, row by row and by id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import TypeAlias

from orch_next.core.events import OUTSIDE, Change, Who
from orch_next.core.kinds import LedgerKind
from orch_next.core.records import R

_Key: TypeAlias = tuple[str, int]


def diff_records(
    kind: LedgerKind[R], before: Sequence[R], after: Sequence[R], at: datetime
) -> list[Change]:
    """Return one outside change per added, changed or removed row, in file order."""
    old, new = _by_occurrence(before), _by_occurrence(after)
    cells = attrgetter(*kind.columns)
    changes = []
    for key, record in new.items():
        known = old.get(key)
        if known is record:
            continue
        if known is None or known.rev != record.rev or cells(known) != cells(record):
            event = f"{kind.name}_{'added' if known is None else 'updated'}"
            changes.append(_outside(kind, event, known, record, at, key))
    removed = f"{kind.name}_removed"
    gone = [(key, record) for key, record in old.items() if key not in new]
    return changes + [_outside(kind, removed, record, None, at, key) for key, record in gone]


def _outside(
    kind: LedgerKind[R], event: str, before: R | None, after: R | None, at: datetime, key: _Key
) -> Change:
    change = make_change(kind, event, before, after, at=at)
    # Clients hear of the first of the rows that share an id.
    return replace(change, details={"occurrence": key[1]}) if key[1] else change


def make_change(
    kind: LedgerKind[R],
    event: str,
    before: R | None,
    after: R | None,
    *,
    at: datetime,
    who: Who = OUTSIDE,
) -> Change:
    """Describe one row's change; at least one side is given."""
    record = after or before
    return Change(
        kind=kind.name,
        event=event,
        record_id=record.key if record else "",
        before=before.as_json() if before else None,
        after=after.as_json() if after else None,
        rev_before=before.rev if before else None,
        rev_after=after.rev if after else None,
        at=at,
        who=who,
        details={},
        line_before=before.line if before else 0,
        raw_before=before.raw if before else "",
    )


def _by_occurrence(records: Sequence[R]) -> dict[_Key, R]:
    # Rows that share an id are told apart by their order.
    counts: Counter[str] = Counter()
    found: dict[_Key, R] = {}
    for record in records:
        found[record.key, counts[record.key]] = record
        counts[record.key] += 1
    return found
