"""The server's memory and environment are closed to other processes of its user."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import ctypes, subprocess, sys
from orch_next.serving.hiding import hide_process
ask = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
print(hide_process(), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)
subprocess.run([sys.executable, "-c", ask], check=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_a_hidden_process_starts_children_that_are_not() -> None:
    told = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout.split() == ["True", "0", "1"]
