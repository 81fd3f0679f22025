"""What commands that only look load: the rules of the ledgers, and no web framework."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sample import clean_environ, copy_sample

WEB = ("flask", "flask_socketio", "socketio", "engineio", "prometheus_client", "jwt")
LOADED = """
import json, sys
from orch_next.cli import main
assert main(sys.argv[1:]) == 0
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""


def loaded(root: Path, *words: str) -> set[str]:
    """Return the top-level modules that a command has loaded when it is done."""
    command = [sys.executable, "-c", LOADED, *words, "--orch-root", str(root)]
    done = subprocess.run(command, capture_output=True, check=True, env=clean_environ())
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("what", ["leases", "tasks", "approvals"])
def test_a_command_that_looks_loads_no_web_framework(tmp_path: Path, what: str) -> None:
    found = loaded(copy_sample(tmp_path), what, "list")
    assert (found & set(WEB), "sqlalchemy" in found) == (set(), what == "leases")
