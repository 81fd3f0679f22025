"""Run another program for its output: an argument list, a time limit, an output limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ERRORS_KEPT = 65_536


@dataclass(frozen=True)
class Result:
    """A program's end: exit status, its output, the start of what it complained of.

    `cut` says why it was stopped early (`time`, `size`), or is empty.
    """

    status: int
    output: bytes
    errors: str
    cut: str = ""


def run_program(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    seconds: float,
    most_bytes: int,
) -> Result:
    """Run an argument list without a shell or input; raise `OSError` when it cannot start.

    Blocks: for real threads only. It uses neither `select` nor timed waits, which the green
    servers replace.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - callers pass fixed programs, no shell
            list(command),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=sys.platform != "win32",
        )
        cut: list[str] = []

        def stop() -> None:
            cut.append("time")
            _kill(process)

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        output = _read(process, most_bytes)
        if len(output) > most_bytes:
            cut.append("size")
            _kill(process)
        status = process.wait()
        timer.cancel()
        errors.seek(0)
        said = errors.read(_ERRORS_KEPT).decode("utf-8", "replace").strip()
    return Result(status, output[:most_bytes], said, cut[0] if cut else "")


def _read(process: subprocess.Popen[bytes], most: int) -> bytes:
    if process.stdout is None:
        return b""
    with process.stdout as pipe:
        return pipe.read(most + 1)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if sys.platform != "win32":
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
