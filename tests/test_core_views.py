from __future__ import annotations

from collections import Counter
from datetime import timedelta

from orch_next.core.board import Board
from orch_next.core.events import Who
from orch_next.core.lease_store import attempt_table
from orch_next.core.views import view_flow, view_heatmap, view_overview, view_timeline
from tests.conftest import NOW

CMD = Who("CMD", "CMD", "http")


def move(board: Board, *statuses: str) -> str:
    """Move the first task through the statuses and return its id."""
    task_id = board.state.tasks.records[0].id
    for status in statuses:
        board.tasks.set_status(task_id, status, CMD)
    return task_id


def test_the_overview_counts_what_the_ledgers_hold(board: Board) -> None:
    tasks = board.state.tasks.records
    assert view_overview(board.state, NOW) == {
        "total_tasks": len(tasks),
        "task_status_counts": Counter(task.status for task in tasks),
        "task_owner_counts": Counter(task.owner for task in tasks),
        "total_approvals": len(board.state.approvals.records),
        "approval_status_counts": Counter(a.status for a in board.state.approvals.records),
        "milestone_status_counts": Counter(m.status for m in board.state.milestones.records),
        "timestamp": "2025-10-09T03:04:05.678901Z",
    }


def test_the_timeline_lists_the_changes_of_the_last_hours(board: Board) -> None:
    first = board.state.tasks.records[0].status
    task_id = move(board, "HOLD", "DROP")
    later = view_timeline(board.journal, NOW + timedelta(hours=2))
    shown = [(e["id"], e["from_status"], e["to_status"], e["actor"]) for e in later["events"]]
    assert (shown, later["total"], later["per_hour"]) == (
        [(task_id, "HOLD", "DROP", "CMD"), (task_id, first, "HOLD", "CMD")],
        2,
        [{"hour": "2025-10-09T03:00:00Z", "count": 2}],
    )


def test_older_changes_are_not_in_the_timeline(board: Board) -> None:
    move(board, "HOLD")
    found = view_timeline(board.journal, NOW + timedelta(hours=25))
    assert (found["total"], found["events"]) == (0, [])


def test_the_heatmap_counts_by_weekday_and_hour(board: Board) -> None:
    move(board, "HOLD", "DROP", "READY")
    found = view_heatmap(board.journal, NOW)
    thursday, hour = 3, 3
    assert (found["cells"][thursday][hour], sum(map(sum, found["cells"])), found["max"]) == (
        3,
        3,
        3,
    )


def test_the_heatmap_has_the_attempts_of_the_same_hours(board: Board) -> None:
    start = NOW.timestamp()
    row = {"task_id": "001", "core": "WORK_AI_01", "outcome": "done", "log": "", "mark": ""}
    spans = [(start, start + 10.0), (start, start + 20.0), (start - 3_600, None), (0.0, 9.0)]
    with board.journal.database.transaction() as connection:
        for n, (began, ended) in enumerate(spans):
            times = {"generation": n, "attempt": n, "started_at": began, "ended_at": ended}
            connection.execute(attempt_table.insert().values(**row, **times))
    found = view_heatmap(board.journal, NOW)["attempts"]
    thursday = 3
    cells = [[found[key][thursday][hour] for hour in (2, 3)] for key in ("counts", "mean_seconds")]
    assert (cells, sum(map(sum, found["counts"]))) == ([[1, 2], [None, 15.0]], 3)


def test_the_flow_has_a_node_per_status_and_the_moves_between_them(board: Board) -> None:
    first = board.state.tasks.records[0].status
    task_id = move(board, "HOLD", "DROP", "HOLD")
    flow = view_flow(board.state, board.journal, task_id)
    nodes = {node["id"]: [task["id"] for task in node["tasks"]] for node in flow["nodes"]}
    edges = {(edge["from"], edge["to"]): edge["count"] for edge in flow["edges"]}
    assert (nodes["HOLD"], sum(map(len, nodes.values())), edges) == (
        [task_id],
        1,
        {(first, "HOLD"): 1, ("HOLD", "DROP"): 1, ("DROP", "HOLD"): 1},
    )


def test_the_flow_of_all_tasks_shows_each_once(board: Board) -> None:
    flow = view_flow(board.state, board.journal)
    shown = sorted(task["id"] for node in flow["nodes"] for task in node["tasks"])
    assert (shown, sum(node["count"] for node in flow["nodes"])) == (
        sorted(task.id for task in board.state.tasks.records),
        len(shown),
    )
