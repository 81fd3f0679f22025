"""Figures for charts, from the journal's transitions only: throughput, lead time, time in state."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from orch_next.clock import parse_utc, utc_micros
from orch_next.core.database import journal_table
from orch_next.core.journal import Journal
from orch_next.core.records import Task
from orch_next.core.schema import TASK_STATUSES
from orch_next.core.state import State
from orch_next.core.undo import taken_back

DAYS = 30
MOST_DAYS = 366
_DONE = "DONE"


@dataclass(frozen=True)
class Move:
    """One task's step from a status to another; None stands for no row."""

    id: int
    at: datetime
    task_id: str
    old: str | None
    new: str | None


def compute_stats(
    state: State, journal: Journal, now: datetime, days: int = DAYS
) -> dict[str, Any]:
    """Return counts, throughput per UTC day, lead time and time in state; seconds; BusyError.

    Changes that were undone count as not made. `days` (1 to 366) limits throughput and
    lead time to tasks that became DONE in them; time in state takes the whole journal.
    """
    moves = list_moves(journal)
    today = now.astimezone(timezone.utc).date()
    first = today - timedelta(days=days - 1)
    chains = _by_task(moves)
    return {
        "days": days,
        "from": first.isoformat(),
        "to": today.isoformat(),
        "timestamp": utc_micros(now),
        "counts": _counts(state),
        "throughput": _throughput(moves, first, today),
        "lead_time": _lead_times(chains.values(), first),
        "time_in_state": _times_in_state(chains.values()),
        "moves": len(moves),
    }


def compute_spans(state: State, journal: Journal) -> dict[str, dict[str, str | None]]:
    """Return for each present task when it was created, first DOING and last DONE (UTC)."""
    chains = _by_task(list_moves(journal))
    return {task.id: _span(task, chains.get(task.id, [])) for task in state.tasks.records}


def list_moves(journal: Journal) -> list[Move]:
    """Return every task's changes of status that still stand, oldest first; BusyError."""
    columns = journal_table.c
    old, new = columns.before["status"].as_string(), columns.after["status"].as_string()
    undoes = columns.details["undoes"].as_integer()
    query = (
        sa.select(columns.id, columns.ts, columns.record_id, old, new, undoes)
        .where(columns.kind == "task")
        .where(sa.func.coalesce(old, "") != sa.func.coalesce(new, ""))
        .order_by(columns.id)
    )
    with journal.database.reading() as connection:
        rows = connection.execute(query).all()
    undone = taken_back((row[0], row[5]) for row in reversed(rows))
    return [
        Move(number, parse_utc(ts), task_id, was, became)
        for number, ts, task_id, was, became, target in rows
        if target is None and number not in undone
    ]


def _by_task(moves: Iterable[Move]) -> dict[str, list[Move]]:
    chains: defaultdict[str, list[Move]] = defaultdict(list)
    for move in moves:
        chains[move.task_id].append(move)
    return chains


def _counts(state: State) -> dict[str, Any]:
    tasks, approvals = state.tasks.records, state.approvals.records
    return {
        "tasks": Counter(task.status for task in tasks),
        "owners": Counter(task.owner for task in tasks),
        "approvals": Counter(approval.status for approval in approvals),
    }


def _throughput(moves: Sequence[Move], first: date, today: date) -> list[dict[str, Any]]:
    created = Counter(move.at.date() for move in moves if move.old is None)
    done = Counter(move.at.date() for move in moves if move.new == _DONE)
    days = [first + timedelta(days=nth) for nth in range((today - first).days + 1)]
    return [{"day": day.isoformat(), "created": created[day], "done": done[day]} for day in days]


def _lead_times(chains: Iterable[Sequence[Move]], first: date) -> dict[str, Any]:
    """Measure from creation to the last DONE; tasks older than the journal are `unknown`."""
    seconds: list[float] = []
    unknown = 0
    for chain in chains:
        last = chain[-1]
        if last.new != _DONE or last.at.date() < first:
            continue
        if chain[0].old is None:
            seconds.append((last.at - chain[0].at).total_seconds())
        else:
            unknown += 1
    return {**_summary(seconds), "unknown": unknown}


def _times_in_state(chains: Iterable[Sequence[Move]]) -> dict[str, dict[str, Any]]:
    stays: defaultdict[str, list[float]] = defaultdict(list)
    for chain in chains:
        for move, following in pairwise(chain):
            if move.new is not None and move.new == following.old:
                stays[move.new].append((following.at - move.at).total_seconds())
    order = [*TASK_STATUSES, *sorted(set(stays) - set(TASK_STATUSES))]
    return {status: _summary(stays[status]) for status in order if status in stays}


def _summary(seconds: Sequence[float]) -> dict[str, Any]:
    """Return count, mean, median and 90th percentile; None where there is nothing to measure."""
    if not seconds:
        return {"count": 0, "mean": None, "median": None, "p90": None}
    ordered = sorted(seconds)
    return {
        "count": len(ordered),
        "mean": sum(ordered) / len(ordered),
        "median": _share(ordered, 0.5),
        "p90": _share(ordered, 0.9),
    }


def _share(ordered: Sequence[float], share: float) -> float:
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _span(task: Task, chain: Sequence[Move]) -> dict[str, str | None]:
    created = next((move.at for move in chain if move.old is None), None)
    started = next((move.at for move in chain if move.new == "DOING"), None)
    done = [move.at for move in chain if move.new == _DONE]
    finished = done[-1] if done and task.status == _DONE else None
    return {
        "created": utc_micros(created) if created else None,
        "started": utc_micros(started) if started else None,
        "finished": utc_micros(finished) if finished else None,
    }
