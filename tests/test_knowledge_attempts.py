"""Attempts of the dispatcher become outcomes by themselves, each once."""

from __future__ import annotations

from pathlib import Path

from orch_next.core.lease_terms import reported, taken_back
from orch_next.knowledge.attempts import AttemptReader
from orch_next.knowledge.documents import Library
from orch_next.knowledge.outcomes import WorkOutcome
from orch_next.knowledge.search import Search
from orch_next.knowledge.store import KnowledgeStore
from tests.lease_desk import CORE, OTHER, Desk, make_desk, row


def open_reader(desk: Desk) -> tuple[AttemptReader, KnowledgeStore]:
    library = Library(desk.board.journal.database)
    store = KnowledgeStore(library)
    return AttemptReader(library, store), store


def work(desk: Desk, task_id: str, seconds: float, status: str, **more: object) -> None:
    lease = desk.leases.claim(task_id, CORE, started=True)
    desk.turned.pass_time(seconds)
    desk.leases.report(task_id, lease.token, reported(status, **more))


def shown(outcome: WorkOutcome) -> tuple[object, ...]:
    return (
        outcome.success,
        outcome.execution_time_ms,
        outcome.error_message,
        outcome.files_modified,
        outcome.performance_metrics["outcome"],
        outcome.counts,
    )


def test_what_a_core_reported_is_recorded_once(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001") + row("002"))
    reader, store = open_reader(desk)
    work(desk, "001", 12, "REVIEW", artifact="docs/報告.md")
    assert (reader.catch_up(), reader.catch_up()) == (1, 0)
    work(desk, "002", 3, "FIX", message="テストが失敗", exit_status=2)
    other, _ = open_reader(desk)
    assert (other.catch_up(), reader.catch_up()) == (1, 0)
    (first,), (second,) = map(store.get_work_outcomes_by_task, ("001", "002"))
    assert shown(first) == (True, 12_000.0, None, ("docs/報告.md",), "done", True)
    assert shown(second) == (False, 3_000.0, "テストが失敗", (), "failed", True)
    assert (first.script, first.operation_type, first.source) == (
        "WORK_AI_01",
        "dispatch",
        "dispatcher",
    )


def test_attempts_that_others_ended_are_not_learned_from(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001"))
    reader, store = open_reader(desk)
    desk.leases.end(desk.leases.claim("001", OTHER), taken_back("stopped", "人が停止"))
    running = desk.leases.claim("001", CORE, started=True)
    assert reader.catch_up() == 1
    (outcome,) = store.get_work_outcomes_by_task("001")
    assert shown(outcome) == (False, 0.0, "人が停止", (), "stopped", False)
    desk.leases.report("001", running.token, reported("REVIEW"))
    assert (reader.catch_up(), store.count()) == (1, 1)


def test_a_clock_that_is_turned_back_hides_no_attempt(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001") + row("002"))
    reader, _ = open_reader(desk)
    work(desk, "001", 1, "REVIEW")
    assert reader.catch_up() == 1
    desk.turned.jump(-86_400)
    work(desk, "002", 1, "REVIEW")
    assert reader.catch_up() == 1


def test_more_attempts_than_a_batch_are_all_recorded(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001"))
    lease = desk.leases.claim("001", CORE, started=True)
    desk.leases.report("001", lease.token, reported("REVIEW"))
    with desk.board.journal.database.transaction() as connection:
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 702)"
            " INSERT INTO attempts SELECT task_id, i, i, core, started_at, ended_at, outcome,"
            " exit_status, log, mark, pid, pid_started FROM attempts, n"
        )
    reader, store = open_reader(desk)
    assert (reader.catch_up(), reader.catch_up(), store.count()) == (702, 0, 702)


def test_an_attempts_words_are_found(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, row("001"))
    library = Library(desk.board.journal.database)
    work(desk, "001", 1, "FIX", message="容量が足りません")
    AttemptReader(library, KnowledgeStore(library)).catch_up()
    found = Search(library).find("容量", ()).documents
    assert sorted(document.source for document in found) == ["journal", "outcome"]
