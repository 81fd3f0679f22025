"""What contradicts the rules inside one record (contract 3.3); `orch-next check --strict`."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from orch_next.clock import find_exact_seconds
from orch_next.core.kinds import APPROVER_ROLES, EMPTY, ROLES
from orch_next.core.records import Approval, Milestone, Record, Task
from orch_next.ledger.parser import Severity

# The legacy wrote `None` for a due date that was not given (D08).
NONE = "None"
FREE = ("", EMPTY, NONE)
DECIDED = ("approved", "rejected")
# Statuses whose change clears the lock (contract 3.4).
UNLOCKED = ("REVIEW", "HOLD")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOCK = re.compile(r"[^@\s]+@(\S+)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")


class Told(NamedTuple):
    """One contradiction: its code, what it is, and how much it matters."""

    code: str
    message: str
    severity: Severity = "warning"


def find_faults(record: Record, now: datetime) -> Iterator[Told]:
    """Yield what is wrong inside one record; `now` is aware UTC."""
    key = record.key
    if not key.isprintable():
        yield Told("odd-id", f"the id {key!r} has invisible characters")
    for name, value in _cells(record):
        found = _CONTROL.search(value)
        if found:
            shown = f"U+{ord(found[0]):04X}"
            yield Told("control-character", f"{key}: {name} has the control character {shown}")
    if isinstance(record, Task):
        yield from _task_faults(record, now)
    elif isinstance(record, Approval):
        yield from _approval_faults(record)
    elif isinstance(record, Milestone):
        yield from _due_faults(key, record.due)


def find_confusable(records: Sequence[Record]) -> Iterator[tuple[Record, Told]]:
    """Yield records whose ids differ only in zeros, case or width: `7`, `007`, `００７`."""
    alike: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        alike[_folded(record.key)].append(record)
    for group in alike.values():
        first = group[0]
        for record in group[1:]:
            if record.key != first.key:
                message = f"{record.key} is easily taken for {first.key} in line {first.line}"
                yield record, Told("confusable-id", message)


def _folded(key: str) -> str:
    plain = unicodedata.normalize("NFKC", key).casefold()
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", plain)


def _cells(record: Record) -> Iterator[tuple[str, str]]:
    cells: dict[str, Any] = record.as_json()
    for name, value in cells.items():
        yield name, ",".join(value) if isinstance(value, list) else value


def _task_faults(task: Task, now: datetime) -> Iterator[Told]:
    if task.title in FREE:
        yield Told("no-title", f"{task.id} has no title")
    if task.owner.split("_", 1)[0] not in ROLES:
        yield Told("unknown-owner", f"{task.id} has the unknown owner {task.owner!r}")
    yield from _due_faults(task.id, task.due)
    yield from _lock_faults(task, now)


def _due_faults(key: str, due: str) -> Iterator[Told]:
    if due == NONE:
        yield Told("legacy-none", f"{key}: due is the word None, as the legacy wrote it", "note")
    elif due not in FREE and not _is_day(due) and find_exact_seconds(due) is None:
        yield Told("bad-date", f"{key}: due {due!r} is no YYYY-MM-DD and no UTC time")


def _is_day(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and find_exact_seconds(f"{text}T00:00:00Z") is not None


def _lock_faults(task: Task, now: datetime) -> Iterator[Told]:
    key, ends = task.id, find_exact_seconds(task.lock_expires_at)
    if task.lock_expires_at not in FREE and ends is None:
        yield Told("bad-date", f"{key}: lock_expires_at {task.lock_expires_at!r} is no UTC time")
    if task.lock in FREE:
        if task.lock_owner not in FREE or task.lock_expires_at not in FREE:
            yield Told("half-lock", f"{key}: lock_owner or lock_expires_at without a lock")
        return
    found = _LOCK.fullmatch(task.lock)
    began = find_exact_seconds(found[1]) if found else None
    if began is None:
        yield Told("bad-lock", f"{key}: lock {task.lock!r} is not OWNER@UTC-TIME")
    if task.lock_owner in FREE:
        yield Told("lock-without-owner", f"{key}: a lock without lock_owner")
    if task.lock_expires_at in FREE:
        yield Told("half-lock", f"{key}: a lock without lock_expires_at")
    if began and ends and ends < began:
        yield Told("lock-order", f"{key}: the lock ends before it begins")
    yield from _lock_life(task, ends, now)


def _lock_life(task: Task, ends: datetime | None, now: datetime) -> Iterator[Told]:
    if ends and ends < now:
        yield Told("lock-expired", f"{task.id}: the lock ended at {task.lock_expires_at}", "note")
    if task.status in UNLOCKED:
        yield Told("lock-left", f"{task.id} is in {task.status}, which has no lock")
    elif task.status != "DOING":
        # The legacy left locks behind in every other status (D12).
        yield Told("lock-left", f"{task.id} is in {task.status} and locked", "note")


def _approval_faults(row: Approval) -> Iterator[Told]:
    key = row.appr_id
    if find_exact_seconds(row.ts_req) is None:
        yield Told("bad-date", f"{key}: ts_req {row.ts_req!r} is no UTC time")
    if row.ts_dec not in FREE and find_exact_seconds(row.ts_dec) is None:
        yield Told("bad-date", f"{key}: ts_dec {row.ts_dec!r} is no UTC time")
    if row.requested_by in FREE:
        yield Told("no-requester", f"{key} has no requested_by")
    if row.status == "pending" and row.ts_dec not in FREE:
        yield Told("pending-decided", f"{key} is pending and has the decision time {row.ts_dec}")
    if row.status in DECIDED:
        yield from _decision_faults(row)
    if ".." in re.split(r"[\\/]+", row.evidence):
        yield Told("unsafe-evidence", f"{key}: evidence {row.evidence!r} has a `..`")


def _decision_faults(row: Approval) -> Iterator[Told]:
    key = row.appr_id
    if row.approver in FREE:
        yield Told("no-approver", f"{key} is {row.status} by nobody")
    elif row.approver == row.requested_by:
        yield Told("self-approval", f"{key}: {row.approver} decided an own request")
    if row.approver_role not in APPROVER_ROLES:
        yield Told("bad-role", f"{key}: approver_role {row.approver_role!r} is not CMD or AUDIT")
    if row.ts_dec in FREE:
        yield Told("no-decision-time", f"{key} is {row.status} without ts_dec")
    asked, decided = find_exact_seconds(row.ts_req), find_exact_seconds(row.ts_dec)
    if asked and decided and decided < asked:
        yield Told("decided-early", f"{key}: ts_dec {row.ts_dec} is before ts_req {row.ts_req}")
