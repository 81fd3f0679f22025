"""The two STATE folders of defect D01, and how their records are put together.

Rules, in this order; what was not taken is always told:
1. A record that only one root has is kept; from the other root it goes behind the last row.
2. Equal records are one record.
3. An approval that is pending in ORCH's root and decided in the other, with every cell that
   may not change equal, was decided there later: the decision is taken.
4. In all else ORCH's root wins: it is the one that every client was shown.
5. Ids that one of the roots has twice are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orch_next.core.schema import APPROVAL, APPROVAL_STATUSES, EMPTY, KINDS, Approval, Record
from orch_next.errors import InputError, RowError
from orch_next.ledger.document import AddRow, CellChange, SetCell
from orch_next.migrate.state.ledger_text import LedgerText

_DECISION = ("status", "approver", "approver_role", "ts_dec")
_FREE = ("", EMPTY)


@dataclass(frozen=True)
class Roots:
    """ORCH's STATE folder and the other ones that hold ledgers."""

    main: Path | None
    others: tuple[Path, ...]


@dataclass(frozen=True)
class Difference:
    """One cell, or a whole record (`column` empty), that the roots do not agree on.

    `taken` is "orch" or "other"; lines count from 1, 0 where a root has no such record.
    """

    file: str
    record_id: str
    column: str
    orch: str
    other: str
    taken: str
    orch_line: int
    other_line: int

    def as_json(self) -> dict[str, Any]:
        """Return it for the report."""
        return asdict(self)


@dataclass(frozen=True)
class Joined:
    """The merged ledger, the differences, and the ids that could not be compared or added."""

    ledger: LedgerText
    differences: tuple[Difference, ...] = ()
    added: tuple[str, ...] = ()
    left: tuple[tuple[str, str], ...] = ()


def find_roots(source: Path) -> Roots:
    """Find the STATE folders: `ORCH/STATE`, and where the legacy wrote (D01, contract 7.2)."""
    places = (source / "ORCH" / "STATE", source / "STATE", source.parent / "STATE")
    present = [folder for folder in places if _has_ledger(folder)]
    main = next((folder for folder in places[:2] if folder.is_dir()), None)
    return Roots(main, tuple(folder for folder in present if folder != main))


def _has_ledger(folder: Path) -> bool:
    return any((folder / kind.file_name).is_file() for kind in KINDS)


def join(main: LedgerText, other: LedgerText) -> Joined:
    """Put the other root's records into ORCH's ledger by the rules above."""
    twice = main.twice | other.twice
    known = {record.key for record in other.records}
    left = [(key, "the id is there twice") for key in sorted(twice & known)]
    differences: list[Difference] = []
    joined = main
    for key, theirs in other.by_id.items():
        ours = main.by_id.get(key)
        if ours is None or key in twice:
            continue
        taken = _is_later_decision(ours, theirs)
        if taken:
            try:
                joined = joined.changed(list(_decide(joined, joined.by_id[key], theirs)))
            except (InputError, RowError) as error:
                taken = False
                left.append((key, str(error)))
        differences += _differences(main, ours, theirs, taken)
    joined, added, failed = _add(joined, other, twice | {record.key for record in main.records})
    differences += [_whole(main, other.by_id[key]) for key in added]
    return Joined(joined, tuple(differences), tuple(added), (*left, *failed))


def _is_later_decision(ours: Record, theirs: Record) -> bool:
    if not (isinstance(ours, Approval) and isinstance(theirs, Approval)):
        return False
    mine, other = ours.as_json(), theirs.as_json()
    fixed = [column for column in APPROVAL.columns if column not in _DECISION]
    return (
        ours.status == "pending"
        and theirs.status in APPROVAL_STATUSES
        and theirs.status != "pending"
        and theirs.ts_dec not in _FREE
        and all(mine[column] == other[column] for column in fixed)
    )


def _differences(
    main: LedgerText, ours: Record, theirs: Record, taken: bool
) -> Iterator[Difference]:
    mine, other = ours.as_json(), theirs.as_json()
    for column in main.kind.columns:
        if mine[column] != other[column]:
            yield Difference(
                main.kind.file_name,
                ours.key,
                column,
                _shown(mine[column]),
                _shown(other[column]),
                "other" if taken else "orch",
                ours.line,
                theirs.line,
            )


def _whole(main: LedgerText, theirs: Record) -> Difference:
    return Difference(
        main.kind.file_name, theirs.key, "", "", theirs.raw.strip(), "other", 0, theirs.line
    )


def _shown(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def _decide(main: LedgerText, ours: Record, theirs: Record) -> Iterator[CellChange]:
    found, decision = main.row_of(ours), theirs.as_json()
    if found is not None:
        row, places = found
        for column in _DECISION:
            yield SetCell(row, places[column], decision[column])


def _add(
    main: LedgerText, other: LedgerText, known: frozenset[str] | set[str]
) -> tuple[LedgerText, list[str], list[tuple[str, str]]]:
    """Add the other root's own records; those that cannot be stored are told."""
    new = [record for key, record in other.by_id.items() if key not in known]
    try:
        return main.changed([_new_row(main, other, one) for one in new]), [r.key for r in new], []
    except (InputError, RowError):
        return _add_one_by_one(main, other, new)


def _add_one_by_one(
    main: LedgerText, other: LedgerText, new: list[Record]
) -> tuple[LedgerText, list[str], list[tuple[str, str]]]:
    added: list[str] = []
    failed: list[tuple[str, str]] = []
    for record in new:
        try:
            main = main.changed([_new_row(main, other, record)])
            added.append(record.key)
        except (InputError, RowError) as error:
            failed.append((record.key, str(error)))
    return main, added, failed


def _new_row(main: LedgerText, other: LedgerText, record: Record) -> AddRow:
    found = other.row_of(record)
    if not main.tables or found is None:
        raise RowError("there is no table to put it into")
    table, places = main.tables[0]
    row, theirs = found
    if len(row.values) > len(theirs):
        raise RowError("the row has cells that the ledger has no column for")
    cells = [EMPTY if name else "" for name in table.names]
    for column, at in theirs.items():
        cells[places[column]] = row.values[at] or EMPTY
    return AddRow(table, cells)
