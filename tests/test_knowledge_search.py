"""Search: outcomes, journal and notes, in Japanese, newest first."""

from __future__ import annotations

import pytest

from orch_next.core.board import Board
from orch_next.core.events import Who
from orch_next.core.tasks import TaskDraft
from orch_next.errors import InputError
from orch_next.knowledge.documents import Document, Library
from orch_next.knowledge.search import Search, excerpt
from orch_next.knowledge.store import KnowledgeStore
from tests.knowledge_desk import NOW, outcome

WHO = Who("監査", "AUDIT")


def found(search: Search, board: Board, query: str, **more: object) -> list[tuple[str, str]]:
    tasks = board.state.tasks.records
    documents = search.find(query, tasks, **more).documents  # type: ignore[arg-type]
    return [(one.source, one.task_id) for one in documents]


@pytest.fixture
def search(board: Board) -> Search:
    return Search(Library(board.journal.database))


def test_everything_is_found_by_any_part_of_a_word(board: Board, search: Search) -> None:
    KnowledgeStore(Library(board.journal.database)).save_work_outcome(outcome(task_id="900"))
    task = board.tasks.create(TaskDraft("移行作業", notes="共有ﾌｫﾙﾀﾞを整理する"), WHO)
    for query in ("フォルダ", "整", "共有フォルダ 整理", "フォル"):
        assert found(search, board, query) == [("task", task.id), ("journal", task.id)]
    assert found(search, board, "作業\\報告") == [("outcome", "900")]
    assert found(search, board, "file_oper") == [("outcome", "900")]
    assert found(search, board, "存在しない") == []


def test_the_source_and_the_limit_narrow(board: Board, search: Search) -> None:
    task = board.tasks.create(TaskDraft("移行作業", notes="独特な言葉"), WHO)
    assert found(search, board, "独特な言葉", source="journal") == [("journal", task.id)]
    assert found(search, board, "独特な言葉", source="task") == [("task", task.id)]
    assert found(search, board, "独特な言葉", limit=1) == [("task", task.id)]


def test_changes_are_found_by_what_changed(board: Board, search: Search) -> None:
    task = board.tasks.create(TaskDraft("移行作業"), WHO)
    board.tasks.set_status(task.id, "HOLD", WHO)
    assert found(search, board, "status:hold", source="journal") == [("journal", task.id)]


def test_the_journal_is_indexed_once_and_in_parts(board: Board) -> None:
    board.tasks.create(TaskDraft("移行作業"), WHO)
    with board.journal.database.transaction() as connection:
        names = "ts, actor, role, event, kind, record_id, task_id, appr_id, source, claimed,"
        names += " details, payload_sha256"
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)"
            f" INSERT INTO journal(uid, {names}) SELECT 'u' || i, {names} FROM journal, n"
        )
    search, other = (Search(Library(board.journal.database), batches=2) for _ in range(2))
    results = [search.find("移行", ()).complete, other.find("監査", ()).complete]
    results.append(search.find("task_created", (), limit=6000).complete)
    assert results == [False, True, True]
    assert len(search.find("task_created", (), limit=6000).documents) == 1101


@pytest.mark.parametrize("query", ["", "  ", "%", "\"'*", "。、", "あ" * 201])
def test_a_query_without_words_is_refused(search: Search, query: str) -> None:
    with pytest.raises(InputError, match="q must have"):
        search.find(query, ())


def test_an_unknown_source_is_refused(search: Search) -> None:
    with pytest.raises(InputError, match="source must be one of"):
        search.find("作業", (), source="x")


@pytest.mark.parametrize("query", ['") OR 1', "a NEAR b", "-x", "words:a", "a' & !b", "NOT", "^a"])
def test_no_query_is_a_command_to_the_database(search: Search, query: str) -> None:
    assert search.find(query, ()).documents == []


def test_an_excerpt_shows_the_word() -> None:
    document = Document(
        "journal", "1", "001", str(NOW), "題", "前置き " * 60 + "容量が足りません" + " 後" * 90
    )
    cut = excerpt(document, "容量")
    assert ("容量が足りません" in cut, len(cut) <= 162, cut[0], cut[-1]) == (True, True, "…", "…")
    assert excerpt(Document("task", "1", "1", "", "題", "短い"), "短") == "短い"
