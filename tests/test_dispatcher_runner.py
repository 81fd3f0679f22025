from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.output import MOST_WAITING, Line, Redactor
from orch_next.dispatcher.processes import Identity, group_alive, identify, kill_marked
from orch_next.dispatcher.runner import Finished, Job, Run, Runner
from tests.patience import PATIENCE, in_time, seconds_of, until

pytestmark = pytest.mark.kill

PAYLOAD = {"task": {"id": "../x", "title": "'; $(touch PWNED) 作業 | C:\\Users\\User"}}


def in_thread(work: Any) -> None:
    threading.Thread(target=work, daemon=True).start()


def job(
    folder: Path, code: str, *, log: Any = "logs/1.log", variables: Any = None, **limits: Any
) -> Any:
    core = Core(
        "WORK_1", "WORK", "command", command=(sys.executable, "-c", code), cwd=folder, **limits
    )
    return Job("../x", 1, core, f"mark-{folder.name}", folder / log, PAYLOAD, variables or {})


def start(one: Any, environ: Any = None) -> Any:
    environ = os.environ if environ is None else environ
    return Runner(threads=in_thread, environ=environ, monotonic=time.monotonic).start(one)


def finish(run: Run, clock: Any = time.monotonic, within: float = PATIENCE) -> Any:
    deadline, lines = time.monotonic() + within, []
    while time.monotonic() < deadline:
        done = run.poll(clock())
        lines += run.take_lines()
        if done:
            return done, lines
        time.sleep(0.01)
    raise AssertionError("the command did not end")


def run_code(folder: Path, code: str, **more: Any) -> Any:
    return finish(start(job(folder, code, **more)))


def test_the_task_arrives_on_stdin_and_lines_in_log_and_callback(tmp_path: Path) -> None:
    code = (
        "import json,sys; task=json.load(open(0,encoding='utf-8'))['task'];"
        "out=open(1,'w',encoding='utf-8',newline='');"
        "out.write(task['title']+'\\r\\n'); out.write('ORCH_ARTIFACT=ORCH/成果.md\\nend')"
    )
    done, lines = run_code(tmp_path, code)
    title = PAYLOAD["task"]["title"]
    texts = (title, "ORCH_ARTIFACT=ORCH/成果.md", "end")
    assert done == Finished(0, "", "ORCH/成果.md", texts)
    log = (tmp_path / "logs/1.log").read_bytes()
    assert log.decode() == f"{title}\r\nORCH_ARTIFACT=ORCH/成果.md\nend"
    assert [line.text for line in lines] == list(texts)
    assert lines[-1].offset == len(log)
    assert not (tmp_path / "PWNED").exists()


def test_the_environment_is_clean(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "ORCH_WEBHOOK_SECRET": "s", "LD_PRELOAD": "", "A": "1"}
    code = "import os,json; print(json.dumps(dict(os.environ)))"
    one = job(
        tmp_path,
        code,
        variables={"ORCH_TASK_ID": "../x"},
        environment={"PYTHONUTF8": "1"},
        pass_environment=("A",),
    )
    _, lines = finish(start(one, environ))
    seen = json.loads(lines[0].text)
    assert {key: seen[key] for key in ("A", "ORCH_TASK_ID", "PYTHONUTF8", "ORCH_JOB")} == {
        "A": "1",
        "ORCH_TASK_ID": "../x",
        "PYTHONUTF8": "1",
        "ORCH_JOB": one.mark,
    }
    assert not {"ORCH_WEBHOOK_SECRET", "LD_PRELOAD"} & set(seen)


def test_a_failure_tells_its_last_lines(tmp_path: Path) -> None:
    code = "for n in range(50): print('行', n)\nraise SystemExit(3)"
    done, lines = run_code(tmp_path, code, environment={"PYTHONUTF8": "1"})
    assert done == Finished(3, "", "", tuple(f"行 {n}" for n in range(30, 50)))
    assert len(lines) == 50


def test_the_time_limit_stops_the_whole_group(tmp_path: Path) -> None:
    code = (
        "import subprocess,sys,time;"
        "p=subprocess.Popen([sys.executable,'-c','import time; time.sleep(600)']);"
        "print(p.pid,flush=True); time.sleep(60)"
    )
    run = start(job(tmp_path, code, timeout_seconds=1))
    done, lines = finish(run)
    assert (done.exit_status != 0, done.stopped_for) == (True, "time limit")
    assert gone(int(lines[0].text))


def gone(pid: int) -> Any:
    identity = identify(pid)
    until(lambda: identity.find() is None)
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_group_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    code = (
        "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('ready',flush=True); time.sleep(60)"
    )
    run = start(job(tmp_path, code))
    while not run.take_lines():
        time.sleep(0.01)
    run.stop("stopped", time.monotonic())
    ahead = lambda: time.monotonic() + 6  # noqa: E731 - past TERM_SECONDS without waiting
    done, _ = finish(run, ahead)
    assert (done.exit_status, done.stopped_for) == (-9, "stopped")


def test_output_beyond_the_cap_ends_the_command(tmp_path: Path) -> None:
    done, _ = run_code(tmp_path, "while True: print('x' * 1000)", output_limit_bytes=50_000)
    assert done.stopped_for == "output cap"
    assert (tmp_path / "logs/1.log").stat().st_size == 50_000


def test_a_flood_without_line_ends_is_cut_into_lines(tmp_path: Path) -> None:
    code = "import sys,time; sys.stdout.write('z' * 40000); sys.stdout.flush(); {}print()"
    for pause in ("", "time.sleep(.1);"):
        done, lines = run_code(tmp_path, code.format(pause), log=f"logs/{len(pause)}.log")
        assert [len(line.text) for line in lines] == [16384, 16384, 7232]
        assert done.exit_status == 0


def test_a_descendant_that_keeps_the_pipe_does_not_keep_the_attempt(tmp_path: Path) -> None:
    code = (
        "import subprocess,sys;"
        "subprocess.Popen([sys.executable,'-c','import time; time.sleep(600)']); print('done')"
    )
    run = start(job(tmp_path, code))
    # It would sleep longer than we wait.
    assert finish(run)[0].exit_status == 0
    until(lambda: not group_alive(run.identity))


def test_a_command_that_does_not_read_its_input_ends(tmp_path: Path) -> None:
    one = job(tmp_path, "print('ok')")
    big = Job(one.task_id, 1, one.core, one.mark, one.log, {"text": "長" * 500_000})
    assert finish(start(big))[0].exit_status == 0


def test_a_command_that_cannot_start_says_so_and_leaks_nothing(tmp_path: Path) -> None:
    core = Core("W", "W", "command", command=("no-such-command-here",), cwd=tmp_path)
    before = open_descriptors()
    with pytest.raises(OSError):
        start(Job("1", 1, core, "m", tmp_path / "1.log", {}))
    assert open_descriptors() == before


def open_descriptors() -> Any:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are POSIX")
def test_a_process_that_left_the_group_is_found_by_its_mark(tmp_path: Path) -> None:
    code = (
        "import subprocess,sys;"
        "p=subprocess.Popen([sys.executable,'-c','import time; time.sleep(600)'],"
        "start_new_session=True,stdout=subprocess.DEVNULL); print(p.pid)"
    )
    one = job(tmp_path, code, may_leave_processes=True)
    _, lines = finish(start(one))
    assert kill_marked(one.mark) == [int(lines[0].text)]
    assert kill_marked(one.mark) == []


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are POSIX")
def test_who_left_the_group_of_a_command_that_succeeded_ends_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess,sys;"
        "p=subprocess.Popen([sys.executable,'-c','import time; time.sleep(60)'],"
        "start_new_session=True,stdout=subprocess.DEVNULL); print(p.pid)"
    )
    done, lines = run_code(tmp_path, code)
    assert (done.exit_status, done.stopped_for) == (0, "")
    assert identify(int(lines[0].text)).find() is None


def test_lines_that_nobody_takes_are_bounded_and_counted(tmp_path: Path) -> None:
    run = start(job(tmp_path, "import sys; sys.stdout.write('\\n' * 100_000 + 'end\\n')"))
    while not run.output.ended:
        time.sleep(0.01)
    _, lines = finish(run)
    assert [line.text for line in lines[:-1]] == [""] * MOST_WAITING
    assert lines[-1] == Line(f"… {100_001 - MOST_WAITING} lines left out", 100_004)
    assert run.output.tail[-1] == "end"


def test_a_flood_ends_at_the_time_limit(tmp_path: Path) -> None:
    code = "import os\nwhile True: os.write(1, b'\\n' * 1000)"
    (tmp_path / "bare").mkdir()
    bare = seconds_of(lambda: finish(start(job(tmp_path / "bare", "pass"))))
    run = start(job(tmp_path, code, timeout_seconds=1, output_limit_bytes=1 << 30))
    begun = time.monotonic()
    done, lines = finish(run)
    quick = in_time(time.monotonic() - begun, 10, bare)
    assert (done.stopped_for, quick) == ("time limit", True)
    assert any(line.text.endswith("lines left out") for line in lines)


def test_output_in_the_consoles_code_page_is_readable(tmp_path: Path) -> None:
    said = ("作業を開始 C:\\ORCH", "ORCH_ARTIFACT=ORCH/成果.md")
    data = "\n".join(said).encode("cp932")
    done, lines = run_code(tmp_path, f"import os; os.write(1, {data!r})")
    assert done == Finished(0, "", "ORCH/成果.md", said)
    assert tuple(line.text for line in lines) == said


def test_a_long_line_is_cut_between_characters(tmp_path: Path) -> None:
    code = "import os; os.write(1, ('a' + '長' * 10_000).encode())"
    _, lines = run_code(tmp_path, code)
    assert "".join(line.text for line in lines) == "a" + "長" * 10_000
    assert len(lines) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are POSIX")
def test_who_left_the_group_of_a_stopped_command_ends_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess,sys,time;"
        "p=subprocess.Popen([sys.executable,'-c','import time; time.sleep(600)'],"
        "start_new_session=True,stdout=subprocess.DEVNULL); print(p.pid,flush=True); time.sleep(60)"
    )
    run = start(job(tmp_path, code))
    while not (lines := run.take_lines()):
        time.sleep(0.01)
    left = identify(int(lines[0].text))
    assert left.find() is not None
    run.stop("stopped", time.monotonic())
    assert finish(run)[0].stopped_for == "stopped"
    assert left.find() is None


def test_marked_processes_are_killed_where_eventlet_took_the_poll_away(tmp_path: Path) -> None:
    code = (
        "import eventlet; eventlet.monkey_patch();"
        "import subprocess,sys,os; from orch_next.dispatcher.processes import MARK, kill_marked;"
        "p=subprocess.Popen([sys.executable,'-c','import time; time.sleep(600)'],"
        "env={**os.environ,MARK:sys.argv[1]}); print(kill_marked(sys.argv[1])==[p.pid], p.wait())"
    )
    command = [sys.executable, "-c", code, f"mark-{tmp_path.name}"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    expected = "True -9" if sys.platform != "win32" else "True 15"
    assert (said.stdout.strip(), said.returncode) == (expected, 0), said.stderr


def test_a_reused_pid_is_not_taken_for_ours() -> None:
    own = identify(os.getpid())
    assert own.find() is not None
    assert Identity(own.pid, own.started - 100).find() is None


TOKEN = "1.秘密-8f7a2c"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, 65_536])
def test_a_secret_is_left_out_wherever_the_output_is_cut(size: int) -> None:
    text = f"a{TOKEN}{TOKEN}\n1.秘{TOKEN}1.秘密-8f7\n".encode() * 3
    redactor = Redactor(TOKEN.encode())
    pieces = [redactor.take(text[at : at + size]) for at in range(0, len(text), size)]
    told = b"".join([*pieces, redactor.end()])
    assert told == text.replace(TOKEN.encode(), b"[token]")


def test_what_a_command_prints_of_its_token_is_kept_nowhere(tmp_path: Path) -> None:
    code = "import os; print('ORCH_ARTIFACT=x' + os.environ['ORCH_TOKEN']); print(os.environ)"
    one = job(tmp_path, code, variables={"ORCH_TOKEN": TOKEN})
    done, lines = finish(start(one))
    told = "".join([*done.tail, *(line.text for line in lines), one.log.read_text("utf-8")])
    assert (done.artifact, TOKEN in told, "8f7a2c" in told) == ("x[token]", False, False)
