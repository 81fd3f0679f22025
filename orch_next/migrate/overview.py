"""One report over all that was moved: of each step that stands, what its newest run said."""

from __future__ import annotations

from dataclasses import replace

from orch_next.errors import NotFoundError
from orch_next.migrate.frame import Frame
from orch_next.migrate.record import Entry
from orch_next.migrate.report import Outcome, RunReport, StepReport, load_report


def house_report(frame: Frame) -> RunReport:
    """Return the whole move by its steps; where none stands, the newest run's report."""
    entries = {entry.step: entry for entry in frame.journal().standing()}
    if not entries:
        return load_report(frame.places)
    runs = list(dict.fromkeys(entry.run for entry in entries.values()))
    reports = {run: found for run in runs if (found := _found(frame, run))}
    order = {step.name: number for number, step in enumerate(frame.steps)}
    steps = [
        _step(frame, entry, reports.get(entry.run))
        for name, entry in sorted(entries.items(), key=lambda one: order.get(one[0], len(order)))
    ]
    newest = list(entries.values())[-1]
    return RunReport(
        run=", ".join(runs),
        kind="apply",
        source=newest.source,
        target=str(frame.house.target),
        started=min(entry.started for entry in entries.values()),
        seconds=sum(step.seconds for step in steps),
        steps=tuple(steps),
    )


def _found(frame: Frame, run: str) -> RunReport | None:
    try:
        return load_report(frame.places, run)
    except NotFoundError:
        return None  # a run that was cut off wrote none


def _step(frame: Frame, entry: Entry, report: RunReport | None) -> StepReport:
    told = [one for one in report.steps if one.name == entry.step] if report else []
    if told:
        return told[0]
    outcome: Outcome = "moved" if entry.state == "done" and entry.changes else "nothing"
    return replace(frame.told(entry), outcome=outcome, verified=entry.changes)
