"""The way back: chosen steps, newest first, each path as it was, newer content kept aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from orch_next.migrate.backup import prune, sweep
from orch_next.migrate.choose import choose_entries
from orch_next.migrate.commit import drop_staging
from orch_next.migrate.facts import Fact, look
from orch_next.migrate.findings import Finding
from orch_next.migrate.frame import Frame, alone, check_target
from orch_next.migrate.manifest import Item
from orch_next.migrate.progress import Meter
from orch_next.migrate.record import Entry
from orch_next.migrate.report import RunReport, StepReport, Touched, report_of
from orch_next.migrate.staging import check_space
from orch_next.migrate.undo import PLAIN_MODE, Undo, remove_folders, verify_undo


def rollback(frame: Frame, phase: int | None = None, names: Sequence[str] = ()) -> RunReport:
    """Take back the chosen steps with what builds on them, and tell what was done.

    Raise `RecordError` for a damaged journal, manifest or backup: nothing is touched then.
    """
    started = frame.clock()
    with alone(frame):
        journal = frame.journal()
        sweep(frame.places, journal)
        entries = choose_entries(journal, frame.manifest, phase, names)
        report = report_of(frame.house, frame.run_name(journal), "rollback")
        report = take_back(frame, entries, report)
        pruned = prune(frame.places, frame.journal(), frame.house.options)
    return replace(report, seconds=frame.clock() - started, pruned=tuple(pruned))


def preview(frame: Frame, phase: int | None = None, names: Sequence[str] = ()) -> RunReport:
    """Return what a rollback would take back, restore and keep aside; nothing is written."""
    check_target(frame.house)
    entries = choose_entries(frame.journal(), frame.manifest, phase, names)
    report = report_of(frame.house, "", "rollback")
    coming: dict[str, Fact] = {}  # what later steps, taken back first, will have left
    for entry in entries:
        items = frame.manifest(entry).items
        touched = tuple(_would(frame, item, coming.get(item.path)) for item in items)
        coming |= {item.path: item.before for item in items}
        report = report.with_step(replace(frame.told(entry), outcome="planned", touched=touched))
    return report


def _would(frame: Frame, item: Item, coming: Fact | None) -> Touched:
    present = coming or look(frame.places.at(item.path))
    newer = present.kind != "absent" and not any(
        present.is_same_content(known) for known in (item.before, item.after)
    )
    return Touched(item.path, "keep" if newer else "restore", item.before.size, item.before.sha256)


def take_back(frame: Frame, entries: Sequence[Entry], report: RunReport) -> RunReport:
    """Take back some entries, newest first, and folders that earlier rollbacks had to leave."""
    undos = [_undo(frame, entry, report.run) for entry in entries]
    _check(frame, undos)
    _say_rolling_back(frame, entries, report.run)
    for entry, undo in zip(entries, undos, strict=True):
        report = report.with_step(_take_back_one(frame, entry, undo))
    left = _remove_folders(frame)
    if undos:
        size = sum(item.before.size for undo in undos for item in undo.manifest.items)
        meter = Meter(frame.house.say, "rollback: verify", size)
        verify_undo(frame.places, undos, meter.add)
        meter.end()
    return replace(report, left=tuple(left))


def _undo(frame: Frame, entry: Entry, run: str) -> Undo:
    manifest = frame.manifest(entry)
    size = 2 * sum(item.before.size + item.after.size for item in manifest.items)
    meter = Meter(frame.house.say, f"{entry.step}: take back", size)
    again = entry.state == "rolling_back"
    by = entry.undone_by or run
    marks = frame.house.options.restore_marks
    return Undo(frame.places, manifest, by, again, frame.point, meter.add, frame.disk, marks)


def _check(frame: Frame, undos: Iterable[Undo]) -> None:
    needed = 0
    for undo in undos:
        undo.check()
        items = undo.manifest.items
        needed += sum(item.before.size for item in items if item.store in ("copy", "gzip"))
    if needed:
        check_space(frame.places.root, needed, frame.free)


def _say_rolling_back(frame: Frame, entries: Sequence[Entry], run: str) -> None:
    journal = frame.journal()
    for entry in entries:
        if entry.state != "rolling_back":
            journal = journal.with_state(entry.key, "rolling_back", undone_by=run)
    if entries:
        frame.save(journal)


def _take_back_one(frame: Frame, entry: Entry, undo: Undo) -> StepReport:
    started = frame.clock()
    kept = set(undo.run())
    journal = frame.journal().with_state(entry.key, "rolled_back")
    # Named in the same write: a kill before they are removed leaves them to the next run.
    frame.save(replace(journal, folders=(*journal.folders, *undo.manifest.folders)))
    drop_staging(frame.places, *entry.key)
    touched = tuple(
        Touched(
            item.path,
            "keep" if item.path in kept else "restore",
            item.before.size,
            item.before.sha256,
        )
        for item in undo.manifest.items
    )
    return replace(
        frame.told(entry),
        outcome="taken back",
        touched=touched,
        verified=len(touched),
        findings=(*(_kept(path, undo.by) for path in sorted(kept)), *_unmarked(undo)),
        seconds=frame.clock() - started,
    )


def _kept(path: str, run: str) -> Finding:
    return Finding(
        "info",
        "kept-aside",
        path,
        f"{path} was written since the move; that content is in data/migration/kept/{run}/",
        f"{path} は移行後に書かれたため、その内容を data/migration/kept/{run}/ に残しました",
    )


def _unmarked(undo: Undo) -> list[Finding]:
    """Tell which files had bits that were left out."""
    odd = [one for one in undo.manifest.items if one.before.mode & ~PLAIN_MODE and not undo.marks]
    return [
        Finding(
            "warning",
            "marks-dropped",
            item.path,
            f"{item.path} had mode {item.before.mode:o}; setuid, setgid and sticky bits are "
            "restored with --restore-marks only",
            f"{item.path} のモードは {item.before.mode:o} でした。setuid・setgid・スティッキー"
            "ビットは --restore-marks を付けたときだけ復元します",
        )
        for item in odd
    ]


def _remove_folders(frame: Frame) -> list[str]:
    journal = frame.journal()
    if not journal.folders:
        return []
    left = remove_folders(frame.places, journal.folders)
    frame.save(replace(journal, folders=tuple(left)))
    return left
