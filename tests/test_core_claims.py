from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from orch_next.core.board import Board
from orch_next.core.claims import KEEP_DAYS, Claim, Claimed, Claims
from orch_next.core.database import Database, claims_table
from orch_next.core.events import Who, hash_payload
from orch_next.core.tasks import TaskDraft
from orch_next.errors import ConflictError

CMD = Who("CMD", "CMD")
CLAIM = Claim("task_create", "k-1", "a" * 64)
START = datetime(2025, 10, 9, tzinfo=timezone.utc)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'orch.db'}")


def test_a_key_is_taken_planned_and_answered(database: Database) -> None:
    claims = Claims(database, now=Clock())
    assert claims.claim(CLAIM) == Claimed("", None)
    with database.transaction() as connection:
        claims.plan(connection, CLAIM, "012")
    assert claims.claim(CLAIM) == Claimed("012", None)
    claims.answer(CLAIM, {"題": "作業"})
    assert Claims(database, now=Clock()).claim(CLAIM) == Claimed("012", {"題": "作業"})


def test_scopes_do_not_share_keys(database: Database) -> None:
    claims = Claims(database, now=Clock())
    claims.claim(CLAIM)
    assert claims.claim(Claim("webhook", "k-1", "b" * 64)) == Claimed("", None)
    with pytest.raises(ConflictError):
        claims.claim(Claim("task_create", "k-1", "b" * 64))


def test_old_keys_are_forgotten_and_young_ones_kept(database: Database) -> None:
    clock = Clock()
    claims = Claims(database, now=clock)
    claims.claim(CLAIM)
    clock.at = START + timedelta(days=KEEP_DAYS)
    claims.claim(Claim("task_create", "k-2", "a" * 64))
    clock.at += timedelta(seconds=1)
    claims.forget_old()
    with database.reading() as connection:
        assert list(connection.scalars(sa.select(claims_table.c.key))) == ["k-2"]


def test_a_crash_before_the_answer_does_not_repeat_the_effect(board: Board) -> None:
    made = board.tasks.create(TaskDraft("題"), CMD, idempotency_key="k-1")
    with board.journal.database.transaction() as connection:
        connection.execute(sa.update(claims_table).values(answer=None))
    assert board.tasks.create(TaskDraft("題"), CMD, idempotency_key="k-1") == made
    assert len(board.state.tasks.records) == 6


def test_a_crash_before_the_row_is_made_good(board: Board) -> None:
    values = {"title": "題", "status": "PLAN", "owner": "CMD", "due": "", "notes": ""}
    claim = Claim("task_create", "k-1", hash_payload(values))
    board.journal.claims.claim(claim)
    with board.journal.database.transaction() as connection:
        board.journal.claims.plan(connection, claim, "012")
    assert board.tasks.create(TaskDraft("題"), CMD, idempotency_key="k-1").title == "題"
    assert len(board.state.tasks.records) == 6


def test_a_planned_id_that_someone_else_used_is_left_alone(board: Board) -> None:
    made = board.tasks.create(TaskDraft("題"), CMD, idempotency_key="k-1")
    path = board.state.folder / "TASKS.md"
    path.write_text(path.read_text("utf-8").replace("| 題 |", "| 別 |"), "utf-8")
    with board.journal.database.transaction() as connection:
        connection.execute(sa.update(claims_table).values(answer=None))
    again = board.tasks.create(TaskDraft("題"), CMD, idempotency_key="k-1")
    assert (made.id, again.id) == ("012", "013")
