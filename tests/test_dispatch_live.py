"""The whole circle over real servers: READY, DOING, REVIEW, approved, DONE; and its accidents."""

from __future__ import annotations

import json
import signal
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.dispatch_desk import SLEEP, cores_toml
from tests.event_stream import EventSource
from tests.live_clients import listeners, post
from tests.patience import until
from tests.sample import changed_lines
from tests.servers import Server, copy_orch, running_server, stop_limit

MODES = ["serve", "serve-threading", "serve-gevent"]
CORE = "WORK_SCRIPT_01"
START = {"coreId": CORE, "stay": True, "intervalSec": 1, "enableOrchIntegration": True}
WORK = (
    "import json,sys,time; t = json.load(sys.stdin)['task']; print('作業', t['title'], flush=True);"
    "time.sleep(0.3); open(t['id'] + '.md', 'w').write('成果');"
    "print('ORCH_ARTIFACT=' + t['id'] + '.md')"
)


@contextmanager
def dispatching(folder: Path, mode: str = "serve", script: str = WORK) -> Iterator[Server]:
    """Run a server whose cores.toml names one script core, allowed without tokens."""
    config = copy_orch(folder).parent / "config"
    config.mkdir(exist_ok=True)
    (config / "cores.toml").write_text(cores_toml({CORE: script}), encoding="utf-8")
    with running_server(folder, mode) as server:
        yield server


def job(server: Server, task_id: str) -> Any:
    return json.loads(server.get(f"/jobs/{task_id}"))


def ledger(server: Server, name: str) -> str:
    return (server.orch_root / "STATE" / name).read_bytes().decode()


def running_log(server: Server) -> Any:
    try:
        return json.loads(server.get("/jobs/005/log"))
    except urllib.error.HTTPError:
        return {"text": ""}


def outcomes(server: Server) -> list[tuple[int, str]]:
    found = json.loads(server.get("/jobs/005/attempts"))["attempts"]
    return [(one["attempt"], one["outcome"]) for one in found]


def script_pid(server: Server) -> int:
    """Wait until the job of task 005 has begun and return its process."""
    until(lambda: "began" in running_log(server)["text"])
    pid = json.loads(server.get("/jobs/005/attempts"))["attempts"][-1]["pid"]
    assert isinstance(pid, int)
    return pid


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("mode", MODES)
def test_a_ready_task_becomes_done(tmp_path: Path, mode: str) -> None:
    with dispatching(tmp_path, mode) as server, listeners(server.port, ["websocket"]) as (client,):
        tasks, approvals = ledger(server, "TASKS.md"), ledger(server, "APPROVALS.md")
        with EventSource(server.port, "/events") as stream:
            started = post(server.port, "/dispatch", START)
            assert client.wait(1, "approval_updated")
            pending = [row for row in job(server, "005")["approvals"] if row["status"] == "pending"]
            assert job(server, "005")["status"] == "REVIEW"
            decision = {"appr_id": pending[0]["appr_id"], "comment": "よい"}
            post(server.port, "/api/approvals/approve", decision)
            assert client.wait(1, "job_decided")
            until(lambda: job(server, "005")["status"] == "DONE")
            lines = [m.data for m in stream.parser.messages if m.name == "job_log"]
        status = json.loads(server.get("/status"))["dispatcher"]
        stopped = post(server.port, "/dispatch/stop", {"coreId": CORE})
        assert client.wait(1, "dispatcher_stopped")
        changed = changed_lines(tasks, ledger(server, "TASKS.md"))
        assert ledger(server, "APPROVALS.md").count("\n") == approvals.count("\n") + 1
    assert [
        name for name, _, _ in client.heard if name.startswith(("dispatcher", "task_d", "job"))
    ] == [
        *("dispatcher_started", "task_dispatched", "job_log", "job_log", "job_finished"),
        *("job_decided", "dispatcher_stopped"),
    ]
    said = [payload["line"] for payload in client.payloads("job_log")]
    assert said == ["作業 自動テストの整備", "ORCH_ARTIFACT=005.md"]
    assert [json.loads(line)["line"] for line in lines] == said
    (told,) = client.payloads("dispatcher_started")
    assert sorted(told) == ["command", "coreId", "pid", "timestamp"]
    assert (told["coreId"], told["pid"], told["command"]) == (
        CORE,
        started["pid"],
        started["command"],
    )
    assert (status["running"], len(status["processes"])) == (True, 1)
    assert stopped == {"success": True, "stopped": [told["pid"]], "stopped_pids": [told["pid"]]}
    assert [new for _, new in changed] == [
        "| 005 | 自動テストの整備 | DONE | WORK | - | - | - | 2025-10-17 | 005.md"
        " | 対象は A \\| B の両環境 |"
    ]


@pytest.mark.parametrize("mode", MODES)
def test_kill_9_in_mid_job_loses_nothing_and_leaves_no_process(tmp_path: Path, mode: str) -> None:
    with dispatching(tmp_path, mode, SLEEP) as server:
        post(server.port, "/dispatch", START)
        orphan = script_pid(server)
        server.process.kill()
        server.process.wait()
        assert is_alive(orphan)
        assert "| 005 | 自動テストの整備 | DOING |" in ledger(server, "TASKS.md")
    with dispatching(tmp_path, mode) as server:
        until(lambda: job(server, "005")["status"] == "REVIEW")
        # The ledger, which is the truth, comes first: the attempt's record may follow.
        until(lambda: outcomes(server)[-1][1] != "running")
        assert not is_alive(orphan)
        assert outcomes(server) == [(1, "interrupted"), (2, "done")]


@pytest.mark.parametrize("mode", [*MODES, "eventlet", "gthread", "gevent"])
def test_a_server_that_stops_ends_its_jobs_first(tmp_path: Path, mode: str) -> None:
    with dispatching(tmp_path, mode, SLEEP) as server:
        post(server.port, "/dispatch", START)
        script = script_pid(server)
        seconds = server.stop(signal.SIGTERM)
        assert (is_alive(script), seconds < 5.0 + stop_limit(server)) == (False, True)
        assert "| 005 | 自動テストの整備 | READY |" in ledger(server, "TASKS.md")


STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


@pytest.mark.parametrize("mode", ["serve", "eventlet", "gthread"])
@pytest.mark.slow
def test_a_command_that_ignores_the_end_does_not_outlive_its_server(
    tmp_path: Path, mode: str
) -> None:
    with dispatching(tmp_path, mode, STUBBORN) as server:
        post(server.port, "/dispatch", START)
        script = script_pid(server)
        seconds = server.stop(signal.SIGTERM)
        assert (is_alive(script), seconds < 11.0 + stop_limit(server)) == (False, True)
        assert "| 005 | 自動テストの整備 | READY |" in ledger(server, "TASKS.md")


def test_any_server_may_be_asked_and_the_first_one_works(tmp_path: Path) -> None:
    with dispatching(tmp_path, script=SLEEP) as first, running_server(tmp_path) as second:
        assert post(second.port, "/dispatch", START)["success"]
        script = script_pid(second)
        assert psutil.Process(script).ppid() == first.process.pid
        for server in (first, second):
            status = json.loads(server.get("/status"))["dispatcher"]
            assert [one["pid"] for one in status["processes"]] == [first.process.pid]
        first.process.kill()
        first.process.wait()
        until(lambda: attempts(second) == ["interrupted", "running"])
        assert not is_alive(script)
        post(second.port, "/dispatch/stop", {"coreId": CORE})
        until(lambda: job(second, "005")["status"] == "READY")


def test_a_stop_is_obeyed_whichever_server_hears_it(tmp_path: Path) -> None:
    with dispatching(tmp_path, script=SLEEP) as first, running_server(tmp_path) as second:
        post(first.port, "/dispatch", START)
        script = script_pid(second)
        assert post(second.port, "/dispatch/stop", {})["stopped"] == [first.process.pid]
        until(lambda: job(second, "005")["status"] == "READY")
        until(lambda: not is_alive(script))
        for server in (first, second):
            assert json.loads(server.get("/status"))["dispatcher"]["running"] is False


def attempts(server: Server) -> list[str]:
    found = json.loads(server.get("/jobs/005/attempts"))["attempts"]
    return [one["outcome"] for one in found]
