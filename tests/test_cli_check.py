from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orch_next.cli import main
from tests.sample import clean_environ, copy_sample


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_sample(tmp_path)


def append(root: Path, name: str, text: str) -> None:
    with (root / "STATE" / name).open("ab") as file:
        file.write(text.encode("utf-8"))


def check(root: Path, *options: str) -> int:
    return main(["check", "--orch-root", str(root), *options], {})


def test_the_sample_has_no_problems(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (check(root), capsys.readouterr().out) == (0, "")


def test_problems_are_lines_that_an_editor_can_follow(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = root / "STATE" / "TASKS.md"
    text = tasks.read_text(encoding="utf-8").replace("| REVIEW |", "| 監査中 |")
    tasks.write_text(text, encoding="utf-8", newline="")
    assert check(root) == 1
    line = text.split("\n").index(next(x for x in text.split("\n") if x.startswith("| 003"))) + 1
    assert capsys.readouterr().out == (
        f"{tasks}:{line}: warning: 003 has the unknown status '監査中'\n"
    )


def test_json_has_the_same_problems(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(root, "APPROVALS.md", ">>>>>>> 相手\n")
    assert check(root, "--json") == 1
    (problem,) = json.loads(capsys.readouterr().out)
    assert (problem["severity"], problem["code"], problem["file"]) == (
        "damage",
        "conflict-marker",
        str(root / "STATE" / "APPROVALS.md"),
    )


def test_prose_milestones_are_a_note_and_no_failure(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "STATE" / "MILESTONES.md"
    path.write_text("# 計画\n\n文章だけ\n", encoding="utf-8")
    assert check(root) == 0
    assert capsys.readouterr().out.startswith(f"{path}:1: note: ")


def test_an_approval_without_its_task_is_a_warning(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "STATE" / "APPROVALS.md"
    path.write_bytes(path.read_bytes().replace(b"| 003 |", b"| 999 |"))
    assert check(root) == 1
    assert ": warning: A002 " in capsys.readouterr().out


def test_paths_are_relative_below_the_current_folder(root: Path) -> None:
    append(root, "TASKS.md", "<<<<<<< HEAD\n")
    done = subprocess.run(
        [sys.executable, "-m", "orch_next", "check"],
        cwd=root.parent,
        env=clean_environ(PYTHONIOENCODING="utf-8"),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert done.stdout.startswith(str(Path("ORCH", "STATE", "TASKS.md")) + ":")
