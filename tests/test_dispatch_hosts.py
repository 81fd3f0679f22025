"""Two hosts over one folder, as two spaces of process ids: a job that lives on runs once."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from tests.dispatch_desk import cores_toml
from tests.live_clients import post
from tests.patience import until
from tests.servers import COMMANDS, copy_orch, running_server
from tests.test_dispatch_live import CORE, START

pytestmark = [pytest.mark.kill, pytest.mark.slow]
# The shell is the space's first process: the server below it may die alone.
APART = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts", "sh", "-c"]
JOB = "import time; open('ran', 'a').write('x'); print('began', flush=True); time.sleep(60)"


def can_unshare() -> bool:
    tried = [*APART, "true"]
    return shutil.which("unshare") is not None and not subprocess.run(tried).returncode


@pytest.mark.skipif("not can_unshare()")
def test_a_job_of_a_host_that_lost_its_dispatcher_runs_once(tmp_path: Path) -> None:
    config = copy_orch(tmp_path).parent / "config"
    config.mkdir()
    (config / "cores.toml").write_text(cores_toml({CORE: JOB}), encoding="utf-8")
    words = " ".join(COMMANDS["serve"])
    host = [*APART, f"hostname one; {words} & wait; sleep 60"]
    rules = {"ORCH_LEASE_TTL_SECONDS": "8", "ORCH_LEASE_GRACE_SECONDS": "4"}
    with (
        running_server(tmp_path, command=host, env=rules) as one,
        running_server(tmp_path, env=rules) as two,
    ):
        post(two.port, "/dispatch", START)
        ran = config.parent / "ran"
        until(ran.exists)
        (job,) = found(one.process.pid, JOB)
        dispatcher = job.parent()
        assert dispatcher is not None
        dispatcher.kill()
        until(lambda: "may be at work until its lease ends" in two.log_path.read_text())
        assert (job.is_running(), ran.read_text(), attempts_of(two.port)) == (
            True,
            "x",
            ["running"],
        )
        until(lambda: attempts_of(two.port)[:2] == ["expired", "running"])
        job.kill()
        one.process.kill()  # its shell would sleep on


def found(pid: int, word: str) -> list[psutil.Process]:
    """Return the living descendants with a word in their command."""
    family = psutil.Process(pid).children(recursive=True)
    alive = [process for process in family if process.status() != psutil.STATUS_ZOMBIE]
    return [process for process in alive if word in process.cmdline()]


def attempts_of(port: int) -> list[str]:
    with urlopen(f"http://127.0.0.1:{port}/jobs/005/attempts") as answer:
        return [one["outcome"] for one in json.loads(answer.read())["attempts"]]
