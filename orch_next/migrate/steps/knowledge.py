"""The step `knowledge`: work outcomes into our store, seen by the search and the learner."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from orch_next.errors import BusyError
from orch_next.knowledge.intake import unseen
from orch_next.migrate.changes import Put
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.intake.databases import UnsoundError, snapshot
from orch_next.migrate.intake.finding import finding
from orch_next.migrate.intake.ours import OURS, find_former, is_sound, remove_companions
from orch_next.migrate.intake.outcomes import Record, builder, known_hashes, read_outcomes
from orch_next.migrate.step import Phase, Step, Work

# So many records that are no outcomes are told one by one.
_TOLD = 100


@dataclass(frozen=True)
class KnowledgeStep:
    """Imports outcomes by the hash of their content: no run is learned from twice."""

    name: ClassVar[str] = "knowledge"
    phase: ClassVar[Phase] = 3
    title: ClassVar[str] = "Work outcomes for search and learning"
    title_ja: ClassVar[str] = "作業結果（検索と学習）"

    def check(self, house: House) -> Sequence[Finding]:
        """Return nothing: what cannot be imported is found by the plan and stays."""
        return ()

    def plan(self, house: House) -> Work:
        """Return the new `data/orch-next.db`, or nothing when every outcome is known."""
        if not (house.options.wants("data") or house.options.wants("schema")):
            return Work()
        present = house.target / OURS
        if present.exists() and not is_sound(present):
            return Work(findings=(finding("knowledge-damaged", OURS),))
        records = list(read_outcomes(house.source, house.now))
        good = {one.outcome.outcome_hash for one in records if one.outcome is not None}
        bad = [one for one in records if one.outcome is None]
        missing = good - known_hashes(present)
        counts = {"outcomes": len(records) - len(bad), "different": len(good)}
        counts |= {"added": len(missing), "refused": len(bad)}
        findings = tuple(_told(bad))
        if not missing:
            return Work((), findings, counts)
        base = present if present.exists() else None
        mode = stat.S_IMODE(present.stat().st_mode) if base else 0o600
        build = builder(base, house.source, house.now, find_former(house))
        put = Put(PurePosixPath(OURS), build=build, mode=mode)
        return Work((put, *remove_companions(house)), findings, counts)

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Ask a copy of the store, the search and the learner for what came in."""
        if not work.changes:
            return ()
        found = (one.outcome for one in read_outcomes(house.source, house.now))
        outcomes = [one for one in found if one is not None]
        with tempfile.TemporaryDirectory(prefix="orch-migrate-") as folder:
            copy = Path(folder) / "copy.db"
            try:
                snapshot(house.target / OURS, copy)
                hashes = unseen(copy, outcomes)
            except (UnsoundError, BusyError, OSError) as error:
                return (finding("database-wrong", OURS, error),)
        return tuple(finding("outcome-unseen", OURS, one) for one in hashes)


def _told(bad: Sequence[Record]) -> Iterator[Finding]:
    for one in sorted(bad, key=lambda one: not one.locked)[:_TOLD]:
        code = "database-locked" if one.locked else "outcome-refused"
        yield finding(code, one.where, one.why)
    if len(bad) > _TOLD:
        yield finding("outcome-refused", "", f"{len(bad) - _TOLD} more")


def make_steps() -> tuple[Step, ...]:
    """Return the step."""
    return (KnowledgeStep(),)
