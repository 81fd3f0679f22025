"""How long a cell of a ledger may be made; what is longer already may stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orch_next.errors import InputError
from orch_next.ledger.document import AddRow, CellChange, SetCell

MOST_CELL_BYTES = 16_384


def refuse_long_cells(changes: Iterable[CellChange], most_bytes: int) -> None:
    """Raise InputError for a new value of more than `most_bytes`.

    An undo gives a row back as it was, whatever its length.
    """
    for change in changes:
        for value in _new_values(change):
            refuse_long("a cell", value, most_bytes)


def refuse_long(name: str, value: str, most_bytes: int) -> None:
    """Raise InputError for a text of more than `most_bytes` of UTF-8."""
    size = len(value.encode("utf-8", "surrogatepass"))
    if size > most_bytes:
        raise InputError(f"{name} has at most {most_bytes} bytes, not {size} (max_cell_bytes)")


def _new_values(change: CellChange) -> Sequence[str]:
    if isinstance(change, SetCell):
        values = change.row.values
        is_same = change.column < len(values) and values[change.column] == change.value
        return () if is_same else (change.value,)
    return change.values if isinstance(change, AddRow) else ()
