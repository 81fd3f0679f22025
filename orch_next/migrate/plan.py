"""What the chosen steps would do to the trees as they are now: nothing is written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from orch_next.migrate.aim import aim
from orch_next.migrate.facts import Fact
from orch_next.migrate.findings import Finding
from orch_next.migrate.frame import Frame, check_source, check_target
from orch_next.migrate.progress import Meter
from orch_next.migrate.report import Outcome, RunReport, StepReport, report_of, touched_by
from orch_next.migrate.staging import Stage, Staged, expected_bytes
from orch_next.migrate.step import Step, Work
from orch_next.migrate.survey import surveyed


def has_blocker(findings: Iterable[Finding]) -> bool:
    """Tell whether something stands in the way."""
    return any(finding.severity == "blocker" for finding in findings)


def plan(frame: Frame, steps: Sequence[Step]) -> RunReport:
    """Return what each step would do; a later one is shown without the earlier ones' effect."""
    check_source(frame.house)
    check_target(frame.house, new=True)
    started = frame.clock()
    known = frame.known(frame.journal())
    report = report_of(frame.house, "", "plan")
    for step in steps:
        report = report.with_step(_plan_step(frame, step, known))
    return replace(report, seconds=frame.clock() - started)


def _plan_step(frame: Frame, step: Step, known: Mapping[str, Fact]) -> StepReport:
    started = frame.clock()
    house = frame.house
    seen, readable = surveyed(house, step.name)
    work = step.plan(house) if readable else Work()
    aims = aim(house.target, work.changes)
    meter = Meter(house.say, f"{step.name}: compare", expected_bytes(house.target, aims))
    # What has to be built in order to be known is built elsewhere, and thrown away.
    with tempfile.TemporaryDirectory(prefix="orch-next-plan-") as folder:
        stage = Stage(house.target, Path(folder) / "staged", known, meter.add, dry=True)
        staged = stage.fill(aims) if aims.good else Staged((), 0, ())
    meter.end()
    checked = step.check(house) if readable else ()
    findings = (*seen, *checked, *work.findings, *aims.findings, *staged.findings)
    outcome: Outcome = "planned" if staged.items else "nothing"
    return StepReport(
        name=step.name,
        phase=step.phase,
        title=step.title,
        title_ja=step.title_ja,
        outcome="blocked" if has_blocker(findings) else outcome,
        touched=touched_by(staged.items),
        unchanged=staged.unchanged,
        counts=dict(work.counts),
        findings=findings,
        notes=dict(work.notes),
        seconds=frame.clock() - started,
    )
