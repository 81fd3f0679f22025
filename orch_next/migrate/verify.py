"""Whether what was moved still stands, and whether the way back is open: nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orch_next.errors import RecordError
from orch_next.migrate.backup import verify_backup
from orch_next.migrate.facts import Fact, glance, look
from orch_next.migrate.findings import Finding
from orch_next.migrate.frame import Frame, check_source, check_target
from orch_next.migrate.move import has_problem
from orch_next.migrate.progress import Meter
from orch_next.migrate.record import Entry
from orch_next.migrate.report import Outcome, RunReport, StepReport, report_of
from orch_next.migrate.step import Step
from orch_next.migrate.survey import surveyed


def verify(frame: Frame, steps: Sequence[Step]) -> RunReport:
    """Check the backups, the moved files and the steps' own conditions.

    Raise `RecordError` for a damaged journal or manifest.
    """
    check_source(frame.house)
    check_target(frame.house)
    started = frame.clock()
    journal = frame.journal()
    known = frame.known(journal)
    report = report_of(frame.house, "", "verify")
    for step in steps:
        entries = [entry for entry in journal.standing() if entry.step == step.name]
        report = report.with_step(_verify_step(frame, step, entries, known))
    return replace(report, seconds=frame.clock() - started)


def _verify_step(
    frame: Frame, step: Step, entries: Sequence[Entry], known: Mapping[str, Fact]
) -> StepReport:
    started = frame.clock()
    items = {item.path: item for entry in entries for item in frame.manifest(entry).items}
    findings = [*_unfinished(entries), *_damaged(frame, entries)]
    states = Counter(
        _state(frame, path, known.get(path, item.after)) for path, item in items.items()
    )
    if entries:
        seen, readable = surveyed(frame.house, step.name)
        findings += seen
        findings += step.verify(frame.house, step.plan(frame.house)) if readable else ()
    return StepReport(
        name=step.name,
        phase=step.phase,
        title=step.title,
        title_ja=step.title_ja,
        outcome=_outcome(entries, findings),
        verified=len(items),
        counts=dict(states),
        findings=tuple(findings),
        seconds=frame.clock() - started,
    )


def _outcome(entries: Sequence[Entry], findings: Sequence[Finding]) -> Outcome:
    if has_problem(findings):
        return "failed"
    return "verified" if entries else "nothing"


def _unfinished(entries: Sequence[Entry]) -> list[Finding]:
    return [
        Finding(
            "problem",
            "interrupted",
            f"{entry.run}/{entry.step}",
            f"{entry.step} was interrupted ({entry.state}): go on with `orch-next migrate apply` "
            "or back with `orch-next migrate rollback`",
            f"{entry.step} は中断されています（{entry.state}）。`orch-next migrate apply` で再開、"
            "または `orch-next migrate rollback` で元に戻してください",
        )
        for entry in entries
        if entry.state != "done"
    ]


def _damaged(frame: Frame, entries: Sequence[Entry]) -> list[Finding]:
    findings = []
    for entry in entries:
        items = frame.manifest(entry).items
        size = sum(item.before.size for item in items)
        meter = Meter(frame.house.say, f"{entry.step}: verify the backup", size)
        folder = frame.places.backup(*entry.key)
        try:
            verify_backup(folder, items, meter.add)
        except RecordError as error:
            message_ja = f"バックアップが壊れています: {folder}"
            findings.append(
                Finding("problem", "backup-damaged", str(folder), str(error), message_ja)
            )
        meter.end()
    return findings


def _state(frame: Frame, path: str, last: Fact) -> str:
    """Say how a path relates to what the last step left there: as moved, edited since, or gone."""
    place = frame.places.at(path)
    if last.kind != "absent" and glance(place).kind == "absent":
        return "gone"
    return "as moved" if look(place).is_same_content(last) else "edited since"


@dataclass(frozen=True)
class StepStatus:
    """Where one step stands: "open", "done", or interrupted on its way there or back."""

    name: str
    phase: int
    title: str
    title_ja: str
    state: str
    run: str = ""
    when: str = ""
    changes: int = 0


def status(frame: Frame) -> list[StepStatus]:
    """Return where each step stands, from the journal alone."""
    check_target(frame.house)
    journal = frame.journal()
    last = {entry.step: entry for entry in journal.standing()}
    return [_status(step, last.get(step.name)) for step in frame.steps]


def _status(step: Step, entry: Entry | None) -> StepStatus:
    named = (step.name, step.phase, step.title, step.title_ja)
    if entry is None:
        return StepStatus(*named, "open")
    state = entry.state.replace("_", " ")
    return StepStatus(*named, state, entry.run, entry.started, entry.changes)
