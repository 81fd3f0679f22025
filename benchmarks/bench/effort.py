"""How long a run measures: in full, or short to see that everything works."""

from __future__ import annotations

from dataclasses import dataclass

SIZES = (23, 1_000, 10_000, 100_000)


@dataclass(frozen=True)
class Effort:
    """A short run has a few rounds of everything and no ledger of 100,000 rows."""

    short: bool = False

    def rounds(self, full: int) -> int:
        """Return how often to measure."""
        return max(2, full // 8) if self.short else full

    def seconds(self, full: float) -> float:
        """Return how long to measure."""
        return full / 4 if self.short else full

    def sizes(self) -> tuple[int, ...]:
        """Return the numbers of rows for the curves."""
        return SIZES[:-1] if self.short else SIZES


def fewer(rows: int, rounds: int) -> int:
    """Return the rounds for a ledger of that size: large ones take long and vary little."""
    return {100_000: max(2, rounds // 12), 10_000: max(2, rounds // 2)}.get(rows, rounds)
