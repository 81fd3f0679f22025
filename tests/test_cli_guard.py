from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orch_next.cli.guard import BUG, FAILED, FINE, INTERRUPTED, guarded
from orch_next.errors import DamagedError
from tests.sample import clean_environ, copy_sample


def raising(error: BaseException) -> Callable[[], int]:
    """Return a command that fails with `error`."""

    def command() -> int:
        raise error

    return command


def test_a_command_that_works_gives_its_own_status() -> None:
    assert (guarded(lambda: FINE), guarded(lambda: FAILED)) == (0, 1)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (DamagedError("TASKS.md:3: 競合の印"), FAILED, "orch-next: TASKS.md:3: 競合の印\n"),
        (
            PermissionError(13, "Permission denied"),
            FAILED,
            "orch-next: [Errno 13] Permission denied\n",
        ),
        (KeyboardInterrupt(), INTERRUPTED, "interrupted\n"),
    ],
)
def test_an_expected_failure_is_one_line(
    error: BaseException, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (guarded(raising(error)), capsys.readouterr().err) == (status, message)


def test_a_bug_leaves_a_log_with_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(ZeroDivisionError("台帳"))) == BUG
    log = Path(capsys.readouterr().err.strip().rpartition(" ")[2])
    text = log.read_text(encoding="utf-8")
    log.unlink()
    assert text.startswith("Traceback") and text.endswith("ZeroDivisionError: 台帳\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGPIPE's errno")
def test_a_reader_that_leaves_is_no_bug(tmp_path: Path) -> None:
    root = copy_sample(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "orch_next", "tasks", "list", "--orch-root", str(root)],
        env=clean_environ(),
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (FINE, b"")


TORN = [
    ("tasks list >&-", (0, "")),
    ("tasks list | head -1 >/dev/null; exit ${PIPESTATUS[0]}", (0, "")),
    ("tasks list >/dev/full", (4, "done, but not printed")),
    ("tasks list --json >/dev/full", (4, "done, but not printed")),
    ("tasks create --title 一度 >&-", (0, "")),
    ("tasks create --title 一度 >/dev/full", (4, "done, but not printed")),
    ("tasks show 999 >&- 2>/dev/full", (1, "")),
    ("tasks show 999 >&- 2>&-", (1, "")),
    ("check <&- >&- 2>&-", (0, "")),
    ("migrate plan --source . --target new >/dev/full", (4, "done, but not printed")),
    ("migrate plan --source . --target new >&-", (0, "")),
]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is full")
@pytest.mark.parametrize(("line", "told"), TORN)
def test_output_that_nobody_takes_is_no_bug(
    tmp_path: Path, line: str, told: tuple[int, str]
) -> None:
    root = copy_sample(tmp_path)
    command = f"{sys.executable} -m orch_next {line}"
    done = subprocess.run(
        ["bash", "-c", command],
        env=clean_environ(ORCH_ROOT=str(root)),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert (done.returncode, told[1] in done.stderr) == (told[0], True)
    assert "bug" not in done.stderr
    text = (root / "STATE" / "TASKS.md").read_text(encoding="utf-8")
    assert text.count("一度") == ("create" in line)
