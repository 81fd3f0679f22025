"""New ids that continue a ledger's own style and are never used twice (D08)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Up to 18 digits count as the number: more does not fit a database's integer.
_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)
_FIRST_WIDTH = 3


@dataclass(frozen=True)
class Series:
    """The ids of one prefix: the highest number and how many digits it is written with."""

    prefix: str
    number: int
    width: int

    def id_after(self, mark: int) -> str:
        """Return the id behind the highest number, or behind the mark when that is higher."""
        return f"{self.prefix}{max(self.number, mark) + 1:0{self.width}d}"


def split_id(record_id: str) -> tuple[str, str] | None:
    """Split an id into its prefix and its trailing ASCII digits, or None without digits."""
    match = _NUMBERED.fullmatch(record_id)
    return (match.group(1), match.group(2)) if match else None


def highest_numbers(ids: Iterable[str]) -> dict[str, int]:
    """Return the highest number of each prefix."""
    highest: dict[str, int] = {}
    for prefix, digits in filter(None, map(split_id, ids)):
        highest[prefix] = max(int(digits), highest.get(prefix, 0))
    return highest


def find_series(ids: Sequence[str]) -> Series:
    """Return the series that a new id continues: the commonest prefix, of equals the last.

    A ledger without numbered ids starts at `001`.
    """
    parts = [part for part in map(split_id, ids) if part]
    if not parts:
        return Series("", 0, _FIRST_WIDTH)
    counts = Counter(prefix for prefix, _ in parts)
    most = max(counts.values())
    prefix = next(p for p, _ in reversed(parts) if counts[p] == most)
    digits = max((d for p, d in parts if p == prefix), key=lambda d: (int(d), len(d)))
    return Series(prefix, int(digits), len(digits))
