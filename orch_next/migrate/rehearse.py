"""There and back: move phase by phase, look at everything, go back, compare the trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orch_next.migrate.apply import apply
from orch_next.migrate.facts import Fact, tree_facts
from orch_next.migrate.frame import Frame
from orch_next.migrate.report import RunReport
from orch_next.migrate.rollback import rollback
from orch_next.migrate.step import Step
from orch_next.migrate.verify import verify


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, with its figures; `report` is the run it was seen in."""

    name: str
    fine: bool
    detail: str
    report: RunReport | None = None


def there_and_back(frame: Frame, steps: Sequence[Step] | None = None) -> Iterator[Check]:
    """Rehearse a move on the frame's own folders, which end as they began; yield each check."""
    steps = frame.steps if steps is None else steps
    house = frame.house
    source, target = tree_facts(house.source), tree_facts(house.target)
    phases = sorted({step.phase for step in steps})
    for phase in phases:
        chosen = [step for step in steps if step.phase == phase]
        yield _moved(phase, apply(frame, chosen))
        yield _verified(phase, verify(frame, chosen))
    again = apply(frame, steps)
    busy = [one.name for one in again.steps if one.outcome != "nothing"]
    yield Check(
        "second apply",
        again.is_fine and not busy,
        f"not idle: {', '.join(busy)}" if busy else "nothing left to do",
    )
    if not house.same:
        yield _same("source untouched", source, tree_facts(house.source))
    for phase in reversed(phases):
        back = rollback(frame, phase)
        detail = f"{_sum(back, 'verified')} paths restored"
        yield Check(f"phase {phase} back", back.is_fine, detail, back)
    yield _same("tree as before", target, tree_facts(house.target))


def _moved(phase: int, report: RunReport) -> Check:
    problems = [f.message for one in report.steps for f in one.findings if f.severity == "blocker"]
    what = [
        f"{_sum(report, 'verified')} paths verified",
        f"{sum(len(one.findings) for one in report.steps)} findings",
        *(f"{one.name} {name} {n}" for one in report.steps for name, n in one.counts.items()),
        *([report.error] if report.error else []),
        *problems,
    ]
    return Check(f"phase {phase} there", report.is_fine, ", ".join(what), report)


def _verified(phase: int, report: RunReport) -> Check:
    wrong = [
        finding.message
        for one in report.steps
        if one.outcome == "failed"
        for finding in one.findings
    ]
    detail = "; ".join(wrong) or f"{_sum(report, 'verified')} paths and their backups"
    return Check(f"phase {phase} verified", report.is_fine, detail, report)


def _sum(report: RunReport, name: str) -> int:
    return sum(int(getattr(step, name)) for step in report.steps)


def _same(name: str, before: dict[str, Fact], after: dict[str, Fact]) -> Check:
    differ = sorted(
        path for path in before.keys() | after.keys() if not _equal(path, before, after)
    )
    detail = f"differ: {', '.join(differ[:5])}" if differ else f"{len(before)} paths identical"
    return Check(name, not differ, detail)


def _equal(path: str, before: dict[str, Fact], after: dict[str, Fact]) -> bool:
    return path in before and path in after and before[path] == after[path]
