from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orch_next.errors import BusyError, DamagedError
from orch_next.ledger.document import SetCell
from orch_next.ledger.unfinished import (
    LONGEST_COMMAND,
    find_unfinished,
    how_to_end,
    is_git_at_work,
)
from tests.git_repository import GitRepository
from tests.ledger_plain import PlainLedger

TABLE = "| id | title |\n|----|-------|\n| 001 | 設計書 |\n"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "MOC" / "ORCH" / "STATE" / "TASKS.md"
    path.parent.mkdir(parents=True)
    return path


def test_a_merge_in_the_enclosing_repository_is_seen(tmp_path: Path, ledger: Path) -> None:
    git = tmp_path / "MOC" / ".git"
    git.mkdir()
    assert find_unfinished(ledger, {}) == ""
    (git / "MERGE_HEAD").write_text("0" * 40)
    assert find_unfinished(ledger, {}) == "merge"


@pytest.mark.parametrize("absolute", [True, False])
def test_a_worktrees_merge_is_seen(tmp_path: Path, ledger: Path, absolute: bool) -> None:
    real = tmp_path / "本体" / ".git" / "worktrees" / "MOC"
    real.mkdir(parents=True)
    pointer = str(real) if absolute else "../本体/.git/worktrees/MOC"
    (tmp_path / "MOC" / ".git").write_text(f"gitdir: {pointer}\n", encoding="utf-8")
    assert find_unfinished(ledger, {}) == ""
    (real / "MERGE_HEAD").write_text("0" * 40)
    assert find_unfinished(ledger, {}) == "merge"


def test_only_the_nearest_repository_counts(tmp_path: Path, ledger: Path) -> None:
    (tmp_path / "MOC" / ".git").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "MERGE_HEAD").write_text("0" * 40)
    assert find_unfinished(ledger, {}) == ""


def test_a_repository_that_the_environment_names_counts_for_its_own_tree(
    tmp_path: Path, ledger: Path
) -> None:
    git = tmp_path / "台帳.git"
    (git / "rebase-merge").mkdir(parents=True)
    named = {"GIT_DIR": str(git), "GIT_WORK_TREE": str(tmp_path / "MOC")}
    assert find_unfinished(ledger, named) == "rebase"
    assert find_unfinished(tmp_path / "TASKS.md", named) == ""
    assert find_unfinished(ledger, {"GIT_DIR": str(git)}) == ""


def conflicting(folder: Path) -> GitRepository:
    """Make a repository whose branch `side` and `main` disagree about a note, not the ledger."""
    repository = GitRepository(folder)
    (folder / "TASKS.md").write_text(TABLE, encoding="utf-8")
    repository.commit("台帳")
    repository.git("checkout", "-q", "-b", "side")
    _note(repository, "a\n")
    _note(repository, "a\nb\n")
    repository.git("checkout", "-q", "main")
    _note(repository, "c\n")
    repository.git("checkout", "-q", "side")
    return repository


def _note(repository: GitRepository, text: str) -> None:
    (repository.folder / "note.txt").write_text(text)
    repository.commit("note")


def _am(repository: GitRepository) -> None:
    repository.git("format-patch", "-q", "-1", "main", "-o", ".git/patches")
    patch = next((repository.folder / ".git" / "patches").iterdir())
    repository.git("am", "-q", str(patch), status=128)


def _bisect(repository: GitRepository) -> None:
    repository.git("bisect", "start", "side", "side~2")


def _between_picks(repository: GitRepository) -> None:
    repository.git("cherry-pick", "main", "main~1", status=1)
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", "picked")


def _between_reverts(repository: GitRepository) -> None:
    _note(repository, "d\n")
    repository.git("revert", "--no-edit", "side~1", "side~2", status=1)
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", "reverted")


STOPPED: dict[str, tuple[str, Callable[[GitRepository], object]]] = {
    "merge": ("merge", lambda it: it.git("merge", "main", status=1)),
    "rebase": ("rebase", lambda it: it.git("rebase", "main", status=1)),
    "rebase --apply": ("rebase", lambda it: it.git("rebase", "--apply", "main", status=1)),
    "rebase -x": ("rebase", lambda it: it.git("rebase", "-x", "false", "HEAD~1", status=1)),
    "cherry-pick": ("cherry-pick", lambda it: it.git("cherry-pick", "main", status=1)),
    "cherry-pick of two, at the second": ("cherry-pick", _between_picks),
    "revert": ("revert", lambda it: it.git("revert", "--no-edit", "side~1", status=1)),
    "revert of two, at the second": ("revert", _between_reverts),
    "am": ("am", _am),
    "bisect": ("bisect", _bisect),
}


def promote(path: Path) -> None:
    PlainLedger(path).write(lambda document: [SetCell(document.tables[0].rows[0], 1, "手順書")])


@pytest.mark.parametrize("name", STOPPED)
def test_nothing_is_written_that_an_abort_would_take_back(tmp_path: Path, name: str) -> None:
    repository = conflicting(tmp_path)
    operation, stop = STOPPED[name]
    stop(repository)
    with pytest.raises(DamagedError, match="^TASKS.md: git (is merging|" + operation + " is not)"):
        promote(tmp_path / "TASKS.md")
    assert find_unfinished(tmp_path / "TASKS.md", {}) == operation
    end = "reset" if operation == "bisect" else "--abort"
    if "of two" not in name:
        repository.git(operation, end)
        promote(tmp_path / "TASKS.md")


def test_a_git_command_at_work_is_waited_for(tmp_path: Path) -> None:
    repository = conflicting(tmp_path)
    lock = tmp_path / ".git" / "index.lock"
    lock.touch()
    end = threading.Timer(0.3, lock.unlink)
    end.start()
    began = time.monotonic()
    promote(tmp_path / "TASKS.md")
    end.join()
    assert time.monotonic() - began >= 0.2
    assert "手順書" in repository.git("diff", "TASKS.md")


def test_a_git_command_that_takes_long_is_told(tmp_path: Path) -> None:
    conflicting(tmp_path)
    (tmp_path / ".git" / "index.lock").touch()
    with pytest.raises(BusyError, match=r"^TASKS\.md: git is at work in its folder$"):
        promote(tmp_path / "TASKS.md")


def test_a_lock_that_was_left_behind_stops_nothing(tmp_path: Path, ledger: Path) -> None:
    lock = tmp_path / "MOC" / ".git" / "index.lock"
    lock.parent.mkdir()
    lock.touch()
    at = lock.stat().st_mtime
    assert is_git_at_work(ledger, at + 9.9, {})
    assert not is_git_at_work(ledger, at + LONGEST_COMMAND, {})
    assert not is_git_at_work(ledger, at, {"GIT_INDEX_FILE": ".git/index.lock"})
    lock.unlink()
    assert not is_git_at_work(ledger, at, {})


def test_another_work_tree_stays_writable(tmp_path: Path) -> None:
    repository = conflicting(tmp_path / "本体")
    repository.git("worktree", "add", "-q", str(tmp_path / "別"), "main")
    repository.git("rebase", "main", status=1)
    promote(tmp_path / "別" / "TASKS.md")
    with pytest.raises(DamagedError):
        promote(tmp_path / "本体" / "TASKS.md")


def test_a_linked_work_tree_s_own_operation_stops_it_alone(tmp_path: Path) -> None:
    repository = conflicting(tmp_path / "本体")
    other = tmp_path / "別"
    repository.git("worktree", "add", "-q", str(other), "main")
    GitRepository(other).git("cherry-pick", "side", status=1)
    promote(tmp_path / "本体" / "TASKS.md")
    with pytest.raises(DamagedError, match="git cherry-pick"):
        promote(other / "TASKS.md")


def test_a_bisect_that_checks_nothing_out_stops_nothing(tmp_path: Path) -> None:
    repository = conflicting(tmp_path)
    repository.git("bisect", "start", "--no-checkout", "side", "side~2")
    promote(tmp_path / "TASKS.md")


def test_a_sequence_that_cannot_be_read_is_named_all_the_same(tmp_path: Path) -> None:
    (tmp_path / ".git" / "sequencer").mkdir(parents=True)
    assert find_unfinished(tmp_path / "TASKS.md", {}) == "cherry-pick"


@pytest.mark.parametrize("operation", ["rebase", "cherry-pick", "revert", "am"])
def test_how_an_operation_ends_is_told(operation: str) -> None:
    told = f"finish it with git {operation} --continue, or git {operation} --abort"
    assert how_to_end(operation) == told
