"""Commands that run side by side are told one after another, and none of them fails unseen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.side_by_side import first_failure
from tests.sample import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell")


def run(folder: Path, *commands: str) -> tuple[int, str]:
    program = REPOSITORY / "scripts" / "side_by_side.py"
    ended = subprocess.run(
        [sys.executable, program, *commands],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout.decode()


def test_the_first_waits_for_what_the_second_does(tmp_path: Path) -> None:
    waiting = "until test -f 出来た; do sleep 0.05; done; echo 待った"
    working = "echo 働く; echo 注意 >&2; touch 出来た; echo 終わり"
    assert run(tmp_path, waiting, working) == (0, "待った\n働く\n注意\n終わり\n")


@pytest.mark.parametrize(
    ("commands", "status"),
    [(("true", "exit 3", "exit 4"), 3), (("exit 2", "true"), 2), (("true", "true"), 0)],
)
def test_every_failure_counts(tmp_path: Path, commands: tuple[str, ...], status: int) -> None:
    assert run(tmp_path, *commands) == (status, "")


def test_all_run_when_one_fails(tmp_path: Path) -> None:
    assert run(tmp_path, "exit 1", "echo 二", "echo 三; exit 5") == (1, "二\n三\n")


def test_a_killed_command_is_a_failure() -> None:
    assert [first_failure(one) for one in ([0, -9], [0, 2, -9], [0])] == [137, 2, 0]
