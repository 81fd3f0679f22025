from __future__ import annotations

import os
from pathlib import Path

import pytest

from orch_next.cli import main
from tests.git_repository import GitRepository
from tests.ledger_text import task_row, task_table
from tests.sample import copy_sample

BASE = task_table("001", "002")
DOING = BASE.replace("READY", "DOING", 1)
NOTED = BASE.replace("確認", "証跡は C:\\作業", 1)
HELD = BASE.replace("READY", "HOLD", 1)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [tmp_path / name for name in ("base.md", "ours.md", "theirs.md")]


def merge(files: list[Path], texts: tuple[str, str, str], *options: str) -> int:
    for path, text in zip(files, texts, strict=True):
        path.write_bytes(text.encode("utf-8"))
    return main(["merge-ledger", *map(str, files), *options], {})


def test_ours_becomes_the_merge(files: list[Path]) -> None:
    assert merge(files, (BASE, DOING, NOTED)) == 0
    wanted = [BASE, DOING.replace("確認", "証跡は C:\\作業", 1), NOTED]
    assert [path.read_bytes().decode() for path in files] == wanted


def test_a_conflict_is_told_by_record(
    files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert merge(files, (BASE, DOING, HELD), "--path", "STATE/TASKS.md", "--marker-size", "9") == 1
    assert files[1].read_bytes().decode() == BASE.replace(
        task_row("001"),
        "<<<<<<<<< ours\n"
        + task_row("001", status="DOING")
        + "=========\n"
        + task_row("001", status="HOLD")
        + ">>>>>>>>> theirs\n",
    )
    assert capsys.readouterr().err == (
        "STATE/TASKS.md:3: merge-conflict: task 001: "
        "both sides changed this record, each its own way\n"
    )


def test_an_equal_result_is_not_written(files: list[Path]) -> None:
    assert merge(files, (BASE, DOING, DOING)) == 0
    before = files[1].stat()
    assert merge(files[:1] * 3, (DOING, DOING, DOING)) == 0
    assert files[1].stat() == before


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_the_mode_stays_and_no_draft_is_left(files: list[Path]) -> None:
    files[1].touch()
    files[1].chmod(0o640)
    assert merge(files, (BASE, DOING, NOTED)) == 0
    assert files[1].stat().st_mode & 0o777 == 0o640
    assert sorted(files[1].parent.iterdir()) == sorted(files)


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = str(tmp_path / "gone.md")
    assert main(["merge-ledger", gone, gone, gone], {}) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("size", ["0", "x", "1001"])
def test_marker_sizes_are_checked(size: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["merge-ledger", "a", "b", "c", "--marker-size", size], {})


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """Return a repository with the driver installed by `init` and two branches to come."""
    made = GitRepository(tmp_path / "作業 場所")
    root = copy_sample(made.folder)
    made.commit("台帳")
    assert main(["init", "--orch-root", str(root)], {}) == 0
    made.commit("init")
    return made


def edit(repository: GitRepository, branch: str, old: str, new: str) -> str:
    """Replace a text in TASKS.md on a new branch from main."""
    repository.git("checkout", "-q", "-b", branch, "main")
    path = repository.folder / "ORCH" / "STATE" / "TASKS.md"
    text = path.read_bytes().decode()
    assert text.count(old) == 1
    path.write_bytes(text.replace(old, new).encode())
    repository.commit(branch)
    return text


def test_git_merges_two_cells_of_one_row_through_the_driver(repository: GitRepository) -> None:
    text = edit(repository, "one", "| FIX | WORK |", "| DOING | WORK |")
    edit(repository, "two", "「承認」と「決裁」が混在", "文言は確定")
    repository.git("merge", "-q", "one")
    wanted = text.replace("| FIX | WORK |", "| DOING | WORK |")
    wanted = wanted.replace("「承認」と「決裁」が混在", "文言は確定")
    tasks = repository.folder / "ORCH" / "STATE" / "TASKS.md"
    assert tasks.read_bytes().decode() == wanted
    assert repository.git("status", "--porcelain") == ""


def test_git_leaves_one_cell_that_both_changed_as_a_conflict(repository: GitRepository) -> None:
    edit(repository, "one", "| FIX | WORK |", "| DOING | WORK |")
    edit(repository, "two", "| FIX | WORK |", "| HOLD | WORK |")
    told = repository.git("merge", "one", status=1)
    assert "ORCH/STATE/TASKS.md:12: merge-conflict: task 004" in told
    tasks = repository.folder / "ORCH" / "STATE" / "TASKS.md"
    lines = tasks.read_text(encoding="utf-8").split("\n")
    place = lines.index("<<<<<<< ours")
    assert [line[:5] for line in lines[place : place + 5]] == [
        *("<<<<<", "| 004", "=====", "| 004", ">>>>>"),
    ]
    assert repository.git("status", "--porcelain") == "UU ORCH/STATE/TASKS.md\n"


def test_without_the_driver_the_same_two_cells_are_a_conflict(repository: GitRepository) -> None:
    repository.git("config", "--remove-section", "merge.orch-ledger")
    edit(repository, "one", "| FIX | WORK |", "| DOING | WORK |")
    edit(repository, "two", "「承認」と「決裁」が混在", "文言は確定")
    repository.git("merge", "-q", "one", status=1)
    assert repository.git("status", "--porcelain") == "UU ORCH/STATE/TASKS.md\n"
