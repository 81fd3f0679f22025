"""The way there: finish what was interrupted, then move step by step, each all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orch_next.errors import BlockedError, OrchError
from orch_next.migrate.backup import prune, sweep
from orch_next.migrate.frame import Frame, alone, check_source
from orch_next.migrate.move import Move, finish
from orch_next.migrate.record import Entry, Journal
from orch_next.migrate.report import RunReport, StepReport, report_of, touched_by
from orch_next.migrate.rollback import take_back
from orch_next.migrate.step import Step


def apply(frame: Frame, steps: Sequence[Step]) -> RunReport:
    """Move the chosen steps and tell what was done; an error ends it, finished steps stand.

    Raise `OrchError` or OSError only while nothing has been touched.
    """
    started = frame.clock()
    check_source(frame.house)
    with alone(frame, new=True):
        journal = frame.journal()
        _check_same_source(frame, journal)
        frame.known(journal)
        report = report_of(frame.house, frame.run_name(journal), "apply")
        sweep(frame.places, journal)
        try:
            report = _finish_interrupted(frame, report)
            report = _move_all(frame, steps, report)
        except (OrchError, OSError) as error:
            report = replace(report, error=str(error))
        pruned = prune(frame.places, frame.journal(), frame.house.options)
    return replace(report, seconds=frame.clock() - started, pruned=tuple(pruned))


def _check_same_source(frame: Frame, journal: Journal) -> None:
    others = {entry.source for entry in journal.standing()} - {str(frame.house.source)}
    if others:
        raise BlockedError(
            f"{frame.house.target} was moved from {', '.join(sorted(others))}, not from "
            f"{frame.house.source}: roll that back first"
        )


def _finish_interrupted(frame: Frame, report: RunReport) -> RunReport:
    """Bring what a killed run left half done to its end: forward, or back where it went back."""
    journal = frame.journal()
    report = take_back(frame, journal.in_state("rolling_back")[::-1], report)
    for entry in frame.journal().in_state("committing"):
        report = report.with_step(_finished(frame, entry))
    return report


def _finished(frame: Frame, entry: Entry) -> StepReport:
    started = frame.clock()
    manifest = frame.manifest(entry)
    finish(frame, entry, manifest)
    return replace(
        frame.told(entry),
        outcome="finished",
        touched=touched_by(manifest.items),
        verified=len(manifest.items),
        seconds=frame.clock() - started,
    )


def _move_all(frame: Frame, steps: Sequence[Step], report: RunReport) -> RunReport:
    finished = {one.name for one in report.steps if one.outcome == "finished"}
    moves = [Move(frame, report.run, step, again=step.name in finished) for step in steps]
    blocked = [found for move in moves if (found := move.obstacle())]
    for found in blocked:
        report = report.with_step(found)
    for move in () if blocked else moves:
        made = move.make()
        report = report.with_step(made)
        if made.outcome in ("blocked", "failed"):
            break
    return report
