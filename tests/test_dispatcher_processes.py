"""Real processes: many that claim, one that is stopped past its leases, one that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lease_desk import OTHER, Turned, open_desk, row, write_ledger
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[1]
HOLDERS = 200

# Claims everything, says so, and reports when told, by its own clock well inside the TTL.
HOLDER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.lease_desk import CORE, Turned, open_desk
from orch_next.core.lease_terms import reported
from orch_next.errors import ConflictError
desk = open_desk(Path(sys.argv[1]), Turned())
tokens = {t.id: desk.leases.claim(t.id, CORE).token for t in desk.board.state.tasks.records}
print("ready", flush=True)
sys.stdin.readline()
late = 0
for task_id, token in tokens.items():
    try:
        desk.leases.report(task_id, token, reported("REVIEW", artifact="stale.md"))
    except ConflictError:
        late += 1
print(late, flush=True)
"""

pytestmark = pytest.mark.kill


def run_program(name: str, *options: Any) -> Any:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / name, *map(str, options)],
        capture_output=True,
        timeout=2 * PATIENCE,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.slow
def test_eight_processes_take_each_task_once() -> None:
    found = run_program("dispatch.py", "--claims", 0, "--share", 48, "--processes", 8)["together"]
    assert (found["tasks"], found["taken_twice"], found["never_taken"]) == (48, 0, 0)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP is POSIX")
def test_stopped_holders_write_nothing_when_they_wake(tmp_path: Path) -> None:
    rows = "".join(row(f"{number:03d}") for number in range(HOLDERS))
    state = write_ledger(tmp_path, rows)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, state, str(ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin is not None and holder.stdout is not None
    try:
        assert holder.stdout.readline() == "ready\n"
        os.kill(holder.pid, signal.SIGSTOP)
        server = open_desk(state, Turned())
        server.turned.jump(36 * 60)
        for lease in server.watch.overdue():
            server.watch.expire(lease)
            server.leases.claim(lease.task_id, OTHER)
        before = (state / "TASKS.md").read_bytes()
        os.kill(holder.pid, signal.SIGCONT)
        holder.stdin.write("go\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == f"{HOLDERS}\n"
    finally:
        holder.kill()
        holder.communicate()
    assert (state / "TASKS.md").read_bytes() == before
    assert before.count(b"WORK_AI_02@") == HOLDERS


@pytest.mark.slow
def test_a_dispatcher_killed_in_mid_job_loses_nothing_and_runs_nothing_twice() -> None:
    found = run_program("dispatch_kills.py", "--kills", 4, "--tasks", 6, "--limit", 3)
    assert found["kills"] == 4
    assert (found["lost"], found["twice_at_once"], found["left_alive"]) == ([], [], 0)
    assert found["orphans_found_after_kills"] > 0
