"""Programs that are run for their output stay within their time and size."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orch_next.sensors.programs import Result, run_program
from tests.patience import PATIENCE, seconds_of
from tests.sample import clean_environ


def run(code: str, cwd: Path, *, seconds: float = 20.0, most: int = 1_000) -> Result:
    command = [sys.executable, "-c", code]
    environment = clean_environ(PYTHONIOENCODING="utf-8")
    return run_program(command, cwd=cwd, environment=environment, seconds=seconds, most_bytes=most)


def test_output_status_and_errors(tmp_path: Path) -> None:
    code = "import sys; print('出力', end=''); print('警告', file=sys.stderr); sys.exit(3)"
    assert run(code, tmp_path) == Result(3, "出力".encode(), "警告")


def test_too_much_output_is_cut_and_the_program_ended(tmp_path: Path) -> None:
    result = run("while True: print('x' * 100)", tmp_path)
    assert (len(result.output), result.cut, result.status != 0) == (1_000, "size", True)


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    child = "import time; time.sleep(600)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}'])"
    found: list[Result] = []
    # A child that lived on would keep the pipe open, and us waiting, for ten minutes.
    taken = seconds_of(lambda: found.append(run(code, tmp_path, seconds=0.5)))
    assert (found[0].cut, taken < PATIENCE) == ("time", True)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-such-program"):
        run_program(
            ["no-such-program-日本"], cwd=tmp_path, environment={}, seconds=1.0, most_bytes=10
        )
