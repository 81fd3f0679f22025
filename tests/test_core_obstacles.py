"""What stands in a write's way is named, and nothing is changed, lost or left unrecorded."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from orch_next.core.board import Board, open_board
from orch_next.core.events import Who
from orch_next.errors import BusyError, DamagedError, LedgerError

WHO = Who("作業核", "WORK", "cli")
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX modes and links")


def first_id(board: Board) -> str:
    return board.state.tasks.records[0].id


@posix_only
def test_a_file_that_its_owner_made_read_only_is_not_written(
    board: Board, ledger_folder: Path
) -> None:
    path = ledger_folder / "TASKS.md"
    path.chmod(0o444)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"read-only|Permission denied"):
        board.tasks.set_status(first_id(board), "HOLD", WHO)
    assert path.read_bytes() == before


@posix_only
def test_links_in_a_circle_are_named(board: Board, ledger_folder: Path) -> None:
    task_id = first_id(board)
    path = ledger_folder / "TASKS.md"
    path.unlink()
    path.symlink_to(path.name)
    with pytest.raises(LedgerError, match="symbolic links"):
        board.tasks.set_status(task_id, "HOLD", WHO)


def test_a_change_that_could_not_be_recorded_is_not_made(
    ledger_folder: Path, now: Callable[[], datetime]
) -> None:
    # A file where the folder of database and spool would be stops root as well.
    blocked = ledger_folder.parent.parent / "data"
    blocked.write_text("邪魔", encoding="utf-8")
    board = open_board(ledger_folder, f"sqlite:///{blocked / 'orch.db'}", now=now)
    before = (ledger_folder / "TASKS.md").read_bytes()
    with pytest.raises(BusyError, match="could not be recorded"):
        board.tasks.set_status(first_id(board), "HOLD", WHO)
    assert (ledger_folder / "TASKS.md").read_bytes() == before


def test_a_database_error_is_one_line_without_its_statement(
    ledger_folder: Path, now: Callable[[], datetime]
) -> None:
    folder = ledger_folder.parent.parent / "data"
    (folder / "orch.db").mkdir(parents=True)
    board = open_board(ledger_folder, f"sqlite:///{folder / 'orch.db'}", now=now)
    with pytest.raises(BusyError) as caught:
        board.journal.open()
    assert str(caught.value) == "the database cannot be used now (database-unusable)"


def test_a_write_to_bytes_that_are_not_utf8_names_file_and_line(
    board: Board, ledger_folder: Path
) -> None:
    task_id = first_id(board)
    path = ledger_folder / "TASKS.md"
    path.write_bytes(path.read_bytes() + b"\xff")
    with pytest.raises(DamagedError, match=r"^TASKS.md:\d+: bytes that are not UTF-8$"):
        board.tasks.set_status(task_id, "HOLD", WHO)


def test_damage_is_logged_once(
    board: Board, ledger_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first_id(board)
    path = ledger_folder / "TASKS.md"
    path.write_bytes(b"<<<<<<< HEAD\n" + path.read_bytes())
    with caplog.at_level(logging.WARNING, "orch_next.core.reader"):
        assert [board.state.tasks.stale, board.state.tasks.stale] == [True, True]
    assert [record.getMessage() for record in caplog.records] == [
        "TASKS.md:1: a merge conflict's marker"
    ]


def test_unreadable_tasks_make_no_orphans(ledger_folder: Path, now: Callable[[], datetime]) -> None:
    (ledger_folder / "TASKS.md").write_bytes(b"\xff")
    board = open_board(ledger_folder, "sqlite://", now=now)
    found = {problem.code for problem in board.state.problems()}
    assert found & {"not-utf-8", "orphan-approval"} == {"not-utf-8"}


def test_a_conflict_copy_is_a_problem_until_it_is_gone(board: Board, ledger_folder: Path) -> None:
    copy = ledger_folder / "TASKS.md.conflict-20251009T030405Z-1"
    copy.write_bytes((ledger_folder / "TASKS.md").read_bytes())

    def told() -> list[str]:
        return [p.message for p in board.state.problems() if p.code == "conflict-copy"]

    assert [copy.name in message for message in told()] == [True]
    copy.unlink()
    assert told() == []
