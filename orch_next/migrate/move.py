"""One step on its way there: plan, stage, back up, commit, verify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orch_next.migrate.aim import Aims, aim, missing_folders
from orch_next.migrate.backup import snapshot
from orch_next.migrate.commit import commit, drop_staging, verify_commit
from orch_next.migrate.findings import Finding
from orch_next.migrate.frame import Frame
from orch_next.migrate.manifest import Item, Manifest
from orch_next.migrate.plan import has_blocker
from orch_next.migrate.progress import Meter
from orch_next.migrate.record import Entry, State
from orch_next.migrate.report import Outcome, StepReport, touched_by
from orch_next.migrate.staging import Stage, Staged, check_space, expected_bytes
from orch_next.migrate.step import Step, Work
from orch_next.migrate.survey import surveyed

_NOTHING = Staged((), 0, ())


@dataclass(frozen=True)
class Move:
    """One step in one run; `again` verifies it though nothing is left to do."""

    frame: Frame
    run: str
    step: Step
    again: bool = False

    def obstacle(self) -> StepReport | None:
        """Return a report when the step's own check finds a blocker, else None."""
        started = self.frame.clock()
        seen, readable = surveyed(self.frame.house, self.step.name)
        findings = (*seen, *(self.step.check(self.frame.house) if readable else ()))
        return self._report("blocked", started, findings) if has_blocker(findings) else None

    def make(self) -> StepReport:
        """Do it all; a blocker leaves everything as it was.

        Raise `OrchError` or OSError; what was begun by then is in the journal.
        """
        frame, started = self.frame, self.frame.clock()
        seen, readable = surveyed(frame.house, self.step.name)
        if not readable:
            return self._report("blocked", started, tuple(seen))
        work = self.step.plan(frame.house)
        aims = aim(frame.house.target, work.changes)
        findings = (*seen, *self.step.check(frame.house), *work.findings, *aims.findings)
        staged = _NOTHING if has_blocker(findings) else self._stage(aims)
        findings += staged.findings
        if has_blocker(findings):
            drop_staging(frame.places, self.run, self.step.name)
            return self._report("blocked", started, findings, work)
        if staged.items:
            self._commit(work, staged.items)
        else:
            self._remember_nothing(work)
        outcome: Outcome = "moved" if staged.items else "nothing"
        if staged.items or self.again:
            wrong = tuple(self.step.verify(frame.house, work))
            findings += wrong
            outcome = "failed" if has_problem(wrong) else outcome
        return self._report(outcome, started, findings, work, staged)

    def _stage(self, aims: Aims) -> Staged:
        frame, step = self.frame, self.step.name
        needed = expected_bytes(frame.house.target, aims)
        check_space(frame.places.root, needed, frame.free)
        meter = Meter(frame.house.say, f"{step}: stage", needed)
        folder = frame.places.staged(self.run, step)
        known = frame.known(frame.journal())
        staged = Stage(frame.house.target, folder, known, meter.add, disk=frame.disk).fill(aims)
        meter.end()
        frame.point("staged")
        return staged

    def _commit(self, work: Work, items: tuple[Item, ...]) -> None:
        frame, step = self.frame, self.step.name
        puts = [item.path for item in items if item.after.kind == "file"]
        folders = missing_folders(frame.house.target, puts)
        size = sum(item.before.size for item in items)
        meter = Meter(frame.house.say, f"{step}: back up", 2 * size)
        now_ns = int(frame.house.now.timestamp()) * 10**9
        manifest = Manifest(self.run, step, items, folders)
        manifest = snapshot(frame.places, manifest, now_ns, meter.add, frame.seal)
        meter.end()
        frame.point("snapshot")
        entry = self._entry("committing", work, len(items))
        frame.save(frame.journal().add(entry))
        finish(frame, entry, manifest)

    def _remember_nothing(self, work: Work) -> None:
        """Note in the journal that the step was done, unless it says so already."""
        drop_staging(self.frame.places, self.run, self.step.name)
        journal = self.frame.journal()
        if not any(entry.step == self.step.name for entry in journal.standing()):
            self.frame.save(journal.add(self._entry("done", work, 0)))

    def _entry(self, state: State, work: Work, changes: int) -> Entry:
        house, step = self.frame.house, self.step
        started = house.now.isoformat(timespec="seconds")
        counts = dict(work.counts)
        return Entry(
            self.run, step.name, step.phase, state, str(house.source), started, changes, counts
        )

    def _report(
        self,
        outcome: Outcome,
        started: float,
        findings: tuple[Finding, ...],
        work: Work | None = None,
        staged: Staged = _NOTHING,
    ) -> StepReport:
        work = work or Work()
        return StepReport(
            name=self.step.name,
            phase=self.step.phase,
            title=self.step.title,
            title_ja=self.step.title_ja,
            outcome=outcome,
            touched=touched_by(staged.items),
            unchanged=staged.unchanged,
            verified=len(staged.items),
            counts=dict(work.counts),
            findings=findings,
            notes=dict(work.notes),
            seconds=self.frame.clock() - started,
        )


def finish(frame: Frame, entry: Entry, manifest: Manifest) -> None:
    """Commit what the journal says is being committed, verify it and say that it is done."""
    commit(frame.places, manifest, frame.point, frame.disk)
    size = sum(item.after.size for item in manifest.items)
    meter = Meter(frame.house.say, f"{entry.step}: verify", size)
    verify_commit(frame.places, manifest.items, meter.add)
    meter.end()
    frame.save(frame.journal().with_state(entry.key, "done"))
    drop_staging(frame.places, *entry.key)


def has_problem(findings: Sequence[Finding]) -> bool:
    """Tell whether something is wrong after a commit."""
    return any(finding.severity in ("problem", "blocker") for finding in findings)
