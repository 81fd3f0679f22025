"""Run several commands at a time, as one: the output of each stays in one piece.

    python scripts/side_by_side.py 'make waiting' 'make computing' 'nice make lint'

The first one's output is seen while it runs, that of the others when the ones before them have
ended. The exit status is that of the first, in this order, that failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from typing import IO


def run_all(commands: Sequence[str]) -> int:
    """Run shell commands side by side; return the exit status of the first that failed."""
    with ExitStack() as stack:
        kept = [stack.enter_context(tempfile.TemporaryFile()) for _ in commands[1:]]
        outputs: list[IO[bytes] | None] = [None, *kept]
        processes = [start(one, to) for one, to in zip(commands, outputs, strict=True)]
        try:
            return first_failure([end(*one) for one in zip(processes, outputs, strict=True)])
        finally:
            for process in processes:
                process.terminate()
                process.wait()


def start(command: str, output: IO[bytes] | None) -> subprocess.Popen[bytes]:
    """Start a shell command that writes to a file, or where we do."""
    shell = shutil.which("sh") or "sh"
    standard = subprocess.STDOUT if output else None
    return subprocess.Popen([shell, "-c", command], stdout=output, stderr=standard)


def end(process: subprocess.Popen[bytes], output: IO[bytes] | None) -> int:
    """Wait for a command, show what it wrote to its file, and return its exit status."""
    status = process.wait()
    if output:
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout.buffer)
        sys.stdout.flush()
    return status


def first_failure(statuses: Sequence[int]) -> int:
    """Return the first status that is not 0; that of a killed command is a shell's for it."""
    failed = next((status for status in statuses if status), 0)
    return 128 - failed if failed < 0 else failed


if __name__ == "__main__":
    try:
        sys.exit(run_all(sys.argv[1:]))
    except KeyboardInterrupt:
        os._exit(130)
