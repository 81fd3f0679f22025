"""Values of the ledgers keep to contract 3.3 (rule `ledger`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from orch_next.clock import find_seconds
from orch_next.core.flags import AUTO_DECIDE_VALUES, FREEZE_VALUES
from orch_next.core.schema import (
    APPROVAL_STATUSES,
    APPROVER_ROLES,
    EMPTY,
    ROLES,
    TASK_STATUSES,
    Approval,
    Snapshot,
    Task,
)
from orch_next.sensors.rules.files import Finding

_FREE = ("", EMPTY, "None")
_LOCK = re.compile(r"[^@\s]+@(\S+)")
_FLAG = re.compile(r"[\s*`-]*(FREEZE|AUTO_DECIDE)[*`]*\s*[=:]\s*[*`]*([^\s*`#|]*)", re.I)

Told = tuple[str, str]  # key, message


def check_tasks(tasks: Sequence[Task], file: str) -> Iterator[Finding]:
    """Yield tasks whose status, owner or lock are no values of contract 3.3."""
    for task in tasks:
        for key, message in _of_task(task):
            yield Finding(
                file, task.line, f"{task.id or '(id なし)'}: {message}", f"{task.id}/{key}"
            )


def check_approvals(approvals: Sequence[Approval], file: str) -> Iterator[Finding]:
    """Yield approvals that were decided by the requester, without a role, or before the request."""
    for row in approvals:
        for key, message in _of_approval(row):
            name = row.appr_id or "(id なし)"
            yield Finding(file, row.line, f"{name}: {message}", f"{row.appr_id}/{key}")


def check_problems(snapshot: Snapshot[Any], file: str) -> Iterator[Finding]:
    """Yield damage and unreadable rows that reading the ledger found."""
    for problem in snapshot.problems:
        if problem.severity in ("damage", "row"):
            key = f"{problem.code}/{problem.record_id}"
            yield Finding(file, problem.line, problem.message, key)


def check_flags(text: str, file: str) -> Iterator[Finding]:
    """Yield flags of `flags.md` with a value that is none."""
    allowed = {"FREEZE": FREEZE_VALUES, "AUTO_DECIDE": AUTO_DECIDE_VALUES}
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        match = _FLAG.match(line)
        if match and match[2].lower() not in allowed[match[1].upper()]:
            name, values = match[1].upper(), "/".join(allowed[match[1].upper()])
            yield Finding(file, number, f"{name} は {values} のいずれか: {match[2]!r}", name)


def _of_task(task: Task) -> Iterator[Told]:
    if task.status not in TASK_STATUSES:
        yield "status", f"状態 {task.status!r} は {'/'.join(TASK_STATUSES)} にありません"
    if task.owner.split("_", 1)[0] not in ROLES:
        yield "owner", f"担当 {task.owner!r} は {'/'.join(ROLES)} にありません"
    held, expires = task.lock.strip(), task.lock_expires_at.strip()
    lock = _LOCK.fullmatch(held)
    if held not in _FREE and (lock is None or find_seconds(lock[1]) is None):
        yield "lock", f"ロック {task.lock!r} は <OWNER>@<UTC> の形ではありません"
    if expires not in _FREE and find_seconds(expires) is None:
        yield "expires", f"期限 {task.lock_expires_at!r} は YYYY-MM-DDTHH:MM:SSZ ではありません"


def _of_approval(row: Approval) -> Iterator[Told]:
    if row.status not in APPROVAL_STATUSES:
        yield "status", f"状態 {row.status!r} は {'/'.join(APPROVAL_STATUSES)} にありません"
    if row.status not in ("approved", "rejected"):
        return
    if row.approver.strip() in _FREE:
        yield "approver", "承認者がありません"
    elif row.approver == row.requested_by:
        yield "self", f"申請者 {row.requested_by} が自分で決裁しています"
    if row.approver_role not in APPROVER_ROLES:
        yield "role", f"承認者の役割 {row.approver_role!r} は CMD/AUDIT ではありません"
    requested, decided = find_seconds(row.ts_req.strip()), find_seconds(row.ts_dec.strip())
    if requested and decided and decided < requested:
        yield "order", f"決裁 {row.ts_dec} が申請 {row.ts_req} より前です"
    elif decided is None:
        yield "ts_dec", f"決裁日時 {row.ts_dec!r} は YYYY-MM-DDTHH:MM:SSZ ではありません"
