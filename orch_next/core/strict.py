"""Check a STATE folder strictly: damage, odd rows, broken rules, references that lead nowhere.

Rules come from contract 3.3 and 3.4. Nothing is repaired, and nothing that the contract
allows is reported as more than a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PureWindowsPath
from typing import Any

from orch_next.core.copies import find_copies
from orch_next.core.disagree import find_disagreements
from orch_next.core.evidence import Places, find_evidence
from orch_next.core.flags import AUTO_DECIDE_VALUES, FILE_NAME, FREEZE_VALUES
from orch_next.core.reading import read_ledger
from orch_next.core.records import Approval, R
from orch_next.core.schema import (
    APPROVAL,
    KINDS,
    MILESTONE,
    TASK,
    LedgerKind,
    Snapshot,
    find_orphans,
    load_snapshot,
)
from orch_next.core.strict_locks import find_lock_faults
from orch_next.core.strict_rows import FREE, find_confusable, find_faults
from orch_next.core.strict_text import find_text_faults
from orch_next.errors import DamagedError
from orch_next.ledger.parser import Problem, Severity, decode, parse
from orch_next.regular import MOST_LEDGER, MOST_SMALL, read_regular

_FLAG = re.compile(r"[\s*`-]*(FREEZE|AUTO_DECIDE)[*`]*\s*[=:]\s*[*`]*([^\s*`#|]*)", re.I)
_FLAGS = {"FREEZE": FREEZE_VALUES, "AUTO_DECIDE": AUTO_DECIDE_VALUES}


def check_folder(state: Path, moc_root: Path, now: datetime) -> list[Problem]:
    """Return every problem of the ledgers, flags and locks, by file and line.

    `moc_root` is where evidence is looked for; `now` is aware UTC. Files that cannot be read
    are problems too; nothing raises.
    """
    files = {kind.file_name: _read(state / kind.file_name) for kind in KINDS}
    return check_files(files, state, moc_root, now)


def check_files(
    files: Mapping[str, bytes | OSError], state: Path, moc_root: Path, now: datetime
) -> list[Problem]:
    """Return the same for ledgers whose bytes are in hand; the rest is read from `state`."""
    snapshots: dict[str, Snapshot[Any]] = {}
    found: list[Problem] = []
    for kind in KINDS:
        snapshot, problems = _check_file(kind, files[kind.file_name], now)
        snapshots[kind.name] = snapshot
        found += problems
    found += _between(snapshots, Places(moc_root, state.parent))
    for kind in KINDS:
        found += _disagreements(kind, files[kind.file_name], snapshots)
    ids_of = {name: [record.key for record in one.records] for name, one in snapshots.items()}
    found += find_copies(state, ids_of)
    found += _flag_faults(state / FILE_NAME)
    known = snapshots[TASK.name]
    ids = None if known.missing or known.damage else {task.key for task in known.records}
    found += find_lock_faults(state, moc_root, ids, now)
    return _in_order(found)


def _read(path: Path) -> bytes | OSError:
    try:
        return read_regular(path, MOST_LEDGER)
    except OSError as error:
        return error


def _check_file(
    kind: LedgerKind[R], data: bytes | OSError, now: datetime
) -> tuple[Snapshot[R], list[Problem]]:
    if isinstance(data, FileNotFoundError):
        gone = Problem("missing-file", "warning", "the file is missing", 1, kind.file_name)
        return Snapshot(kind, "", (), (gone,), missing=True), [gone]
    if isinstance(data, OSError):
        message = f"the file cannot be read: {data.strerror}"
        bad = Problem("unreadable", "damage", message, 1, kind.file_name)
        return Snapshot(kind, "", (), (bad,)), [bad]
    snapshot = load_snapshot(kind, data)
    return snapshot, [*snapshot.problems, *_inside(kind, snapshot, data, now)]


def _inside(
    kind: LedgerKind[R], snapshot: Snapshot[R], data: bytes, now: datetime
) -> Iterator[Problem]:
    try:
        document = parse(decode(data))
    except DamagedError:
        return
    yield from find_text_faults(read_ledger(kind, document), document)
    for record in snapshot.records:
        for told in find_faults(record, now):
            yield _problem(kind, record.line, record.key, *told)
    for alike, told in find_confusable(snapshot.records):
        yield _problem(kind, alike.line, alike.key, *told)


def _disagreements(
    kind: LedgerKind[Any], data: bytes | OSError, snapshots: Mapping[str, Snapshot[Any]]
) -> Iterator[Problem]:
    if isinstance(data, bytes) and not snapshots[kind.name].damage:
        yield from find_disagreements(kind, decode(data), snapshots.values())


def _problem(
    kind: LedgerKind[Any], line: int, key: str, code: str, message: str, severity: Severity
) -> Problem:
    return Problem(code, severity, message, line, kind.file_name, key)


def _between(snapshots: dict[str, Snapshot[Any]], places: Places) -> Iterator[Problem]:
    """Yield references from one file to what is not there."""
    tasks, approvals = snapshots[TASK.name], snapshots[APPROVAL.name]
    yield from find_orphans(tasks, approvals)
    if not tasks.missing and not tasks.damage:
        for milestone in snapshots[MILESTONE.name].records:
            for task_id in milestone.task_ids:
                if task_id not in FREE and tasks.find(task_id) is None:
                    message = f"{milestone.key} names the task {task_id!r}, which is missing"
                    yield _problem(
                        MILESTONE, milestone.line, milestone.key, "unknown-task", message, "warning"
                    )
    yield from _evidence_faults(approvals, places)


def _evidence_faults(approvals: Snapshot[Approval], places: Places) -> Iterator[Problem]:
    elsewhere = []
    for row in approvals.records:
        if row.evidence in FREE or not row.evidence.isprintable():
            continue
        if not _is_near(row.evidence, places):
            elsewhere.append(row)
        elif find_evidence(row.evidence, places) is None:
            message = f"{row.appr_id}: the evidence {row.evidence} is not there"
            yield _problem(APPROVAL, row.line, row.appr_id, "missing-evidence", message, "warning")
    if elsewhere:
        message = f"evidence of {len(elsewhere)} approvals lies in folders that are not here"
        yield Problem("evidence-elsewhere", "note", message, elsewhere[0].line, APPROVAL.file_name)


def _is_near(evidence: str, places: Places) -> bool:
    r"""Tell whether the folder is here in which the evidence would lie.

    `C:\...\ORCH\patches\x` can be judged where ORCH has a folder `patches`; a path of another
    machine proves nothing.
    """
    path = PureWindowsPath(re.sub(r"[\\/]+", r"\\", evidence.strip()))
    parts = [part for part in path.parts if part != path.anchor]
    lowered = [part.lower() for part in parts]
    name = places.orch.name.lower()
    if name in lowered:
        behind = parts[len(parts) - lowered[::-1].index(name) :]
        return bool(behind) and (places.orch / behind[0]).exists()
    if path.anchor or not parts:
        return False
    return any((start / parts[0]).exists() for start in (places.moc_root, places.orch))


def _flag_faults(path: Path) -> Iterator[Problem]:
    try:
        text = read_regular(path, MOST_SMALL).decode("utf-8-sig")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        yield Problem("unreadable", "warning", f"cannot be read: {error}", 1, FILE_NAME)
        return
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        match = _FLAG.match(line)
        if match and match[2].lower() not in _FLAGS[match[1].upper()]:
            allowed = "/".join(_FLAGS[match[1].upper()])
            message = f"{match[1].upper()} is {match[2]!r}, not one of {allowed}"
            yield Problem("odd-flag", "warning", message, number, FILE_NAME)


def _in_order(problems: list[Problem]) -> list[Problem]:
    names = [kind.file_name for kind in KINDS]
    placed = {name: place for place, name in enumerate(names)}
    unique = list(dict.fromkeys(problems))
    return sorted(unique, key=lambda one: (placed.get(one.file, len(names)), one.file, one.line))
