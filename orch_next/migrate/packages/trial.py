"""Install both sets of packages, in a virtual environment of its own, without keeping anything."""

from __future__ import annotations

import os
import subprocess  # pip, in an environment that was made for it
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orch_next.migrate.packages.ours import our_requirements

_MAKE_SECONDS = 300
_RESOLVE_SECONDS = 900


@dataclass(frozen=True)
class Trial:
    """Whether pip found versions that fit all; `told` says so, or what went wrong."""

    is_fine: bool
    told: str


def try_installation(more: Sequence[str], python: str = sys.executable) -> Trial:
    """Make a virtual environment in a temporary folder and let pip resolve ours and `more`.

    pip is asked for a dry run, so nothing is installed; it asks its package index.
    """
    with tempfile.TemporaryDirectory(prefix="orch-requirements-") as folder:
        home = Path(folder) / "venv"
        made = _run([python, "-m", "venv", str(home)], _MAKE_SECONDS)
        if not made.is_fine:
            return made
        wanted = [*map(str, our_requirements()), *more]
        pip = [str(_python_of(home)), "-m", "pip", "install", "--dry-run", "--quiet"]
        return _run([*pip, "--disable-pip-version-check", "--no-input", *wanted], _RESOLVE_SECONDS)


def _python_of(home: Path) -> Path:
    return home / "Scripts" / "python.exe" if os.name == "nt" else home / "bin" / "python"


def _run(command: Sequence[str], seconds: float) -> Trial:
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return Trial(False, type(error).__name__)
    if done.returncode == 0:
        return Trial(True, "pip found versions that fit all")
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    errors = [line for line in lines if line.startswith("ERROR:")] or lines[-1:]
    return Trial(False, errors[0] if errors else f"exit status {done.returncode}")
