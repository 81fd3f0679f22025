"""The interface of a step: it looks, plans and verifies; only the frame writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from orch_next.migrate.changes import Change
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House

Phase = Literal[1, 2, 3]


@dataclass(frozen=True)
class Work:
    """What a step would do; `notes` holds JSON values for the report (mapping tables, ...)."""

    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)


class Step(Protocol):
    """One part of the move."""

    @property
    def name(self) -> str:
        """Return the name for `--step`."""

    @property
    def phase(self) -> Phase:
        """Return the phase it belongs to."""

    @property
    def title(self) -> str:
        """Return what it moves, in English."""

    @property
    def title_ja(self) -> str:
        """Return what it moves, in Japanese."""

    def check(self, house: House) -> Sequence[Finding]:
        """Return what stands in the way; read only."""

    def plan(self, house: House) -> Work:
        """Return the changes; read only, and the same for equal trees."""

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Return what is wrong after the commit, beyond the frame's comparison of hashes."""
