"""The old and the new house: where a migration reads, where it writes, and how it was asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

Dialect = Literal["keep", "moc", "next"]
Say = Callable[[str, int, int], None]

KEEP_RUNS = 10
KEEP_BYTES = 20 * 2**30
MOST_BYTES = 8 * 2**30


def silent(what: str, done: int, total: int) -> None:
    """Say nothing: the progress of runs that nobody watches."""


@dataclass(frozen=True)
class Options:
    """What a migration was asked for; every field has a documented default.

    `parts` narrows a step ("templates", "static", "api", "realtime", ...); empty means all of it.
    The backups of runs that were rolled back are kept up to `keep_runs` runs and `keep_bytes`.
    """

    dialect: Dialect = "keep"
    check_requirements: bool = False  # try the packages in a virtual environment; needs an index
    parts: frozenset[str] = frozenset()
    keep_runs: int = KEEP_RUNS
    keep_bytes: int = KEEP_BYTES
    most_bytes: int = MOST_BYTES  # of one file that is copied
    sections: bool = False  # tasks written as headings become rows of a table
    restore_marks: bool = False  # a rollback restores owner, setuid, setgid and sticky bits too

    def wants(self, part: str) -> bool:
        """Tell whether a part of a step was asked for."""
        return not self.parts or part in self.parts


@dataclass(frozen=True)
class House:
    """A MOC root to read from and a project root to write to; both absolute and resolved."""

    source: Path
    target: Path
    now: datetime
    options: Options = field(default_factory=Options)
    say: Say = silent

    @property
    def same(self) -> bool:
        """Tell whether the installation stays in its folder."""
        return self.source == self.target
