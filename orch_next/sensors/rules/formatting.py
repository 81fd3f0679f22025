"""Python formatting as ruff sees it (rule `python`)."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from orch_next.errors import OrchError
from orch_next.sensors.programs import run_program
from orch_next.sensors.rules.files import Finding

MOST_BYTES = 4_194_304
BATCH = 200
UNFORMATTED = "ruff format の書式と異なります"
_FILE = re.compile(r"^--- (.+)$")
_HUNK = re.compile(r"^@@ -(\d+)")
_BROKEN = re.compile(r"(?m)^error: Failed to parse (.+?):(\d+):\d+: (.*)$")
_KEPT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "HOME", "USERPROFILE")


class NoRuffError(OrchError):
    """Ruff is not installed, or did not end in time."""


def find_ruff() -> str | None:
    """Return ruff beside this Python, or on the path."""
    beside = shutil.which("ruff", path=str(Path(sys.executable).parent))
    return beside or shutil.which("ruff")


def check_formatting(
    ruff: str, root: Path, files: Sequence[str], seconds: float
) -> Iterator[Finding]:
    """Yield each file's first line that ruff would write otherwise; raise `NoRuffError`."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    for start in range(0, len(files), BATCH):
        names = [f"./{file}" for file in files[start : start + BATCH]]
        try:
            result = run_program(
                [ruff, "format", "--diff", "--no-cache", "--", *names],
                cwd=root,
                environment=environment,
                seconds=seconds,
                most_bytes=MOST_BYTES,
            )
        except OSError as error:
            raise NoRuffError(f"ruff cannot be started: {error.strerror}") from error
        if result.cut == "time":
            raise NoRuffError(f"ruff took more than {seconds:g} s")
        yield from parse_diff(result.output.decode("utf-8", "replace"))
        yield from parse_errors(result.errors)


def parse_diff(output: str) -> Iterator[Finding]:
    """Yield the first changed line of each file of a unified diff."""
    file, line, waiting = "", 0, False
    for text in output.split("\n"):
        if match := _FILE.match(text):
            file, waiting = _plain(match[1]), True
        elif waiting and (match := _HUNK.match(text)):
            line = int(match[1])
        elif waiting and text[:1] in ("-", "+") and not text.startswith("+++"):
            yield Finding(file, max(line, 1), UNFORMATTED, "format")
            waiting = False
        elif waiting and text.startswith(" "):
            line += 1


def parse_errors(errors: str) -> Iterator[Finding]:
    """Yield the files that ruff could not read as Python."""
    for file, line, message in _BROKEN.findall(errors):
        yield Finding(_plain(file), int(line), f"構文エラー: {message}", "syntax")


def _plain(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")
