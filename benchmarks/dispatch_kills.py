"""Kill a dispatching process with -9 in the middle of its jobs, again and again.

Run: python benchmarks/dispatch_kills.py [--kills 50 --tasks 60 --limit 4]
Prints JSON: tasks lost, tasks that ran twice at once, processes left alive. All must be 0.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from orch_next.core.board import open_board
from orch_next.core.deadlines import Clock
from orch_next.dispatcher import monitor_loop
from orch_next.dispatcher.build import Outside, make_control
from orch_next.dispatcher.control import Control
from orch_next.dispatcher.processes import MARK

CORE = "WORK_KILL_01"
# A job notes who works on the task; a second one that finds the first alive says so. Its
# child leaves the group, to be found by its mark. The first task's job ends only after the
# last kill: there is work to kill until then, however slow the machine.
JOB = """
import json, os, subprocess, sys, time, psutil
task = json.load(sys.stdin)["task"]["id"]
note = os.path.join("busy", task)
def text_of(path):
    with open(path) as file:
        return file.read()
def write(path, how, text):
    with open(path, how) as file:
        file.write(text)
try:
    other, born = json.loads(text_of(note) or "[0, 0]")
    # A dead process that nobody has reaped yet does no work any more, and another one may have
    # its number by now.
    found = other and psutil.Process(other)
    if found and found.status() != psutil.STATUS_ZOMBIE and abs(found.create_time() - born) < 5:
        write("doubles", "a", task + "\\n")
except (FileNotFoundError, psutil.NoSuchProcess):
    pass
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(%s)"],
                         start_new_session=os.name == "posix", stdout=subprocess.DEVNULL)
write(note, "w", json.dumps([os.getpid(), psutil.Process().create_time()]))
print("began", task, flush=True)
time.sleep(%s)
while task == "000" and not os.path.exists("enough"):
    time.sleep(0.02)
child.kill(); child.wait()
os.remove(note)
"""


def make_root(folder: Path, tasks: int, limit: int, seconds: float) -> None:
    """Write the ledgers, the job and its core."""
    state = folder / "ORCH" / "STATE"
    state.mkdir(parents=True)
    (folder / "busy").mkdir()
    (folder / "config").mkdir()
    head = "id title status owner lock lock_owner lock_expires_at due artifact notes"
    rows = [head.split(), ["---"] * 10]
    rows += [[f"{n:03d}", f"作業 {n}", "READY", "WORK", *["-"] * 6] for n in range(tasks)]
    text = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    (state / "TASKS.md").write_text(text, encoding="utf-8")
    head = "appr_id task_id op status requested_by approver approver_role ts_req ts_dec evidence"
    text = "".join(f"| {' | '.join(row)} |\n" for row in (head.split(), ["---"] * 10))
    (state / "APPROVALS.md").write_text(text, encoding="utf-8")
    (folder / "job.py").write_text(JOB % (seconds * 3, seconds), encoding="utf-8")
    (folder / "config" / "cores.toml").write_text(
        f"allow_commands_without_token = true\n[cores.{CORE}]\nmode = 'command'\n"
        f"limit = {limit}\ncommand = ['{sys.executable}', 'job.py']\n",
        encoding="utf-8",
    )


def open_control(folder: Path) -> Control:
    """Open the dispatcher of the folder."""

    def now() -> datetime:
        return datetime.now(timezone.utc)

    board = open_board(folder / "ORCH" / "STATE", f"sqlite:///{folder / 'orch.db'}", now=now)
    outside = Outside(
        Clock(now, time.monotonic), lambda: secrets.token_urlsafe(18), lambda *_: None, os.environ
    )
    return make_control(board, outside)


def serve(folder: Path) -> None:
    """Dispatch as a server does, until killed."""
    control = open_control(folder)
    control.start({"coreId": CORE, "intervalSec": 1})
    monitor_loop(control, stopping=lambda: False)


def marked(folder: Path) -> list[psutil.Process]:
    """List the folder's jobs' processes that are alive; others may dispatch on this machine."""
    found, root = [], str(folder / "ORCH")
    for process in psutil.process_iter():
        try:
            variables = process.environ()
            ours = MARK in variables and variables.get("ORCH_ROOT") == root
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def statuses(folder: Path) -> dict[str, str]:
    """Read each task's status from the ledger's bytes."""
    text = (folder / "ORCH" / "STATE" / "TASKS.md").read_text(encoding="utf-8")
    cells = [line.split("|") for line in text.splitlines()[2:]]
    return {row[1].strip(): row[3].strip() for row in cells}


def at_work(folder: Path) -> bool:
    """Tell whether a job is at work now: its note names a living process."""
    for note in (folder / "busy").iterdir():
        try:
            if psutil.pid_exists(json.loads(note.read_text() or "[-1, 0]")[0]):
                return True
        except (FileNotFoundError, ValueError):
            continue
    return False


def wait_for_work(folder: Path, server: subprocess.Popen[bytes], within: float = 120) -> None:
    """Wait until the server has stopped the orphans and a job of its own is at work."""
    end, children = time.monotonic() + within, psutil.Process(server.pid).children
    while not (children() and at_work(folder)):
        if time.monotonic() > end or server.poll() is not None:
            raise SystemExit("no job began")
        if not {"READY", "DOING"} & set(statuses(folder).values()):
            return
        time.sleep(0.01)


def run_trials(
    folder: Path, *, kills: int, tasks: int, limit: int, seconds: float
) -> dict[str, Any]:
    """Kill and restart; then let everything finish and count."""
    make_root(folder, tasks, limit, seconds)
    chance, killed, orphans = random.Random(4), 0, []
    line = [sys.executable, __file__, "--serve", str(folder)]
    began = time.monotonic()
    while killed < kills and {"READY", "DOING"} & set(statuses(folder).values()):
        server = subprocess.Popen(line)
        wait_for_work(folder, server)
        time.sleep(chance.random() * seconds)
        server.kill()
        server.wait()
        killed += 1
        orphans.append(len(marked(folder)))
    (folder / "enough").touch()
    server = subprocess.Popen(line)
    end = time.monotonic() + 120
    while {"READY", "DOING"} & set(statuses(folder).values()) and time.monotonic() < end:
        time.sleep(0.05)
    server.kill()
    server.wait()
    doubles = folder / "doubles"
    return {
        "kills": killed,
        "seconds": round(time.monotonic() - began, 1),
        "orphans_found_after_kills": sum(orphans),
        "lost": sorted(key for key, status in statuses(folder).items() if status != "REVIEW"),
        "twice_at_once": doubles.read_text().split() if doubles.exists() else [],
        "left_alive": len(marked(folder)),
    }


def main() -> None:
    """Run the trials and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--tasks", type=int, default=60)
    parser.add_argument("--limit", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--serve", type=Path)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = run_trials(
            Path(folder),
            kills=options.kills,
            tasks=options.tasks,
            limit=options.limit,
            seconds=options.seconds,
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
