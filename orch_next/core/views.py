"""Pictures of the board for charts: overview, timeline, heatmap, flow (contract 2, 1.2 v3)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from statistics import fmean
from typing import Any

import sqlalchemy as sa

from orch_next.clock import parse_utc, utc_micros
from orch_next.core.database import LEDGER, SECURITY, journal_table
from orch_next.core.journal import Journal
from orch_next.core.lease_store import attempt_table
from orch_next.core.schema import TASK_STATUSES, Task
from orch_next.core.state import State

HOURS = 24
HEATMAP_DAYS = 28
MOST_EVENTS = 1_000
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def view_overview(state: State, now: datetime) -> dict[str, Any]:
    """Count tasks by status and owner, approvals and milestones by status."""
    tasks, approvals = state.tasks.records, state.approvals.records
    return {
        "total_tasks": len(tasks),
        "task_status_counts": Counter(task.status for task in tasks),
        "task_owner_counts": Counter(task.owner for task in tasks),
        "total_approvals": len(approvals),
        "approval_status_counts": Counter(approval.status for approval in approvals),
        "milestone_status_counts": Counter(item.status for item in state.milestones.records),
        "timestamp": utc_micros(now),
    }


def view_timeline(
    journal: Journal, now: datetime, hours: int = HOURS, *, with_security: bool = False
) -> dict[str, Any]:
    """Return the changes of the last `hours`, newest first, and how many in each UTC hour.

    At most 1,000 changes are listed; all are counted. What happened at the door is for who
    may see the audit: `with_security`. Raise BusyError.
    """
    since = now - timedelta(hours=hours)
    columns = journal_table.c
    recent = sa.and_(columns.ts >= utc_micros(since), columns.kind != LEDGER)
    if not with_security:
        recent = sa.and_(recent, columns.kind != SECURITY)
    shown = [columns[name] for name in ("ts", "event", "kind", "record_id", "actor", "source")]
    states = [columns.before["status"].as_string(), columns.after["status"].as_string()]
    listed = sa.select(*shown, *states).where(recent).order_by(columns.id.desc())
    hour = sa.func.substr(columns.ts, 1, 13)
    counted = sa.select(hour, sa.func.count()).where(recent).group_by(hour).order_by(hour)
    with journal.database.reading() as connection:
        rows = connection.execute(listed.limit(MOST_EVENTS)).all()
        counts = connection.execute(counted).all()
    names = ("ts", "event", "kind", "id", "actor", "source", "from_status", "to_status")
    return {
        "hours": hours,
        "from": utc_micros(since),
        "to": utc_micros(now),
        "total": sum(count for _, count in counts),
        "per_hour": [{"hour": f"{hour}:00:00Z", "count": count} for hour, count in counts],
        "events": [dict(zip(names, row, strict=True)) for row in rows],
    }


def view_heatmap(journal: Journal, now: datetime, days: int = HEATMAP_DAYS) -> dict[str, Any]:
    """Count the changes of the last `days` by UTC weekday (Monday first) and hour; BusyError.

    `attempts` are the dispatcher's in the same cells: how many began, and the mean seconds
    of those that ended (None: none did).
    """
    since = utc_micros(now - timedelta(days=days))
    columns = journal_table.c
    hour = sa.func.substr(columns.ts, 1, 13)
    recent = sa.and_(columns.ts >= since, columns.kind != LEDGER)
    query = sa.select(hour, sa.func.count()).where(recent).group_by(hour)
    cells = [[0] * 24 for _ in WEEKDAYS]
    with journal.database.reading() as connection:
        for text, count in connection.execute(query):
            at = parse_utc(text)
            cells[at.weekday()][at.hour] += count
    return {
        "days": days,
        "weekdays": list(WEEKDAYS),
        "cells": cells,
        "max": max(map(max, cells)),
        "attempts": _attempts(journal, (now - timedelta(days=days)).timestamp()),
    }


def _attempts(journal: Journal, since: float) -> dict[str, Any]:
    columns = attempt_table.c
    query = sa.select(columns.started_at, columns.ended_at).where(columns.started_at >= since)
    counts = [[0] * 24 for _ in WEEKDAYS]
    spent: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    with journal.database.reading() as connection:
        for started, ended in connection.execute(query):
            at = datetime.fromtimestamp(started, timezone.utc)
            counts[at.weekday()][at.hour] += 1
            if ended is not None:
                spent[at.weekday(), at.hour].append(ended - started)
    seconds = [
        [round(fmean(spent[day, hour]), 3) if (day, hour) in spent else None for hour in range(24)]
        for day in range(len(WEEKDAYS))
    ]
    return {"counts": counts, "mean_seconds": seconds}


def view_flow(state: State, journal: Journal, task_id: str | None = None) -> dict[str, Any]:
    """Return one node per status with its tasks, and the journal's moves between statuses.

    `task_id` narrows both to one task. Raise BusyError, DamagedError.
    """
    tasks = [task for task in state.tasks.records if task_id in (None, task.id)]
    return {"nodes": _nodes(tasks), "edges": _edges(journal, task_id)}


def _nodes(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    found: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for task in tasks:
        found[task.status].append({"id": task.id, "title": task.title, "owner": task.owner})
    other = sorted(set(found) - set(TASK_STATUSES))
    return [
        {"id": status, "count": len(found[status]), "tasks": found[status]}
        for status in (*TASK_STATUSES, *other)
    ]


def _edges(journal: Journal, task_id: str | None) -> list[dict[str, Any]]:
    columns = journal_table.c
    old, new = columns.before["status"].as_string(), columns.after["status"].as_string()
    query = (
        sa.select(old, new, sa.func.count())
        .where(columns.kind == "task", old != new)
        .group_by(old, new)
        .order_by(old, new)
    )
    if task_id is not None:
        query = query.where(columns.record_id == task_id)
    with journal.database.reading() as connection:
        moves = connection.execute(query).all()
    return [{"from": old, "to": new, "count": count} for old, new, count in moves]
