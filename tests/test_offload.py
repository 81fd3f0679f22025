"""The border between loop and threads, in each mode; green ones in a process of their own."""

from __future__ import annotations

import _thread
import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import psutil
import pytest

from orch_next.errors import ConfigError
from orch_next.offload import REAL_THREADS, RealThreads, connected_pair, make_loop
from tests.offload_program import ERRORS
from tests.patience import PATIENCE
from tests.servers import PROJECT, Server, free_port, start_server, wait_until_ready
from tests.serving_small import small_command

MODES = ("eventlet", "threading", "gevent")

# What the loop sees of 3 threads that post 500 times each, of work that fails, and of a wait.
PROGRAM = """
import json, queue, sys, threading, time
from orch_next.serving.patching import patch_for
mode = sys.argv[1]
patch_for(mode)
from orch_next.offload import make_loop
loop = make_loop(mode)
home, feed = threading.get_ident(), loop.queue()

def fail():
    raise LookupError("課題")

def post_all(name):
    for n in range(500):
        loop.post(lambda n=n: feed.put([name, n]))
    if mode != "threading":
        loop.post(fail)
    loop.post(lambda: feed.put([name, "end"]))

def blocked():
    time.sleep(0.3)
    return threading.get_ident()

def nested():
    return loop.run_blocking(threading.get_ident) == threading.get_ident()

started = time.monotonic()
threads = [threading.Thread(target=post_all, args=(name,)) for name in "abc"]
[thread.start() for thread in threads]
heard = {"a": [], "b": [], "c": []}
while sum(items[-1:] == ["end"] for items in heard.values()) < 3:
    name, n = feed.get(timeout=60)
    heard[name].append(n)
where = loop.run_blocking(blocked)
try:
    loop.run_blocking(fail)
    error = ""
except LookupError as found:
    error = str(found)
try:
    feed.get(timeout=0.05)
    empty = False
except queue.Empty:
    empty = True
with loop.lock():
    pass
print(json.dumps({
    "order": [heard[name] == [*range(500), "end"] for name in "abc"],
    "elsewhere": where != home,
    "error": error,
    "empty": empty,
    "nested": loop.run_blocking(nested),
}))
"""


@pytest.mark.parametrize("mode", MODES)
def test_posts_arrive_in_order_and_blocking_work_leaves_the_loop(mode: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, mode], cwd=PROJECT, capture_output=True, timeout=PATIENCE
    )
    assert json.loads(ran.stdout or ran.stderr) == {
        "order": [True, True, True],
        "elsewhere": mode != "threading",
        "error": "課題",
        "empty": True,
        "nested": True,
    }


# One call ends soon after the process has begun to end, all others never.
ENDING = """
import atexit, sys, threading
from _queue import SimpleQueue
from orch_next.serving.patching import patch_for
patch_for(sys.argv[1])
from orch_next.offload import REAL_THREADS, make_loop
green, loop = __import__(sys.argv[1]), make_loop(sys.argv[1])
begun, ending = SimpleQueue(), threading.Event()
atexit.register(ending.set)

def end_soon():
    begun.put(True)
    ending.wait()
    sys.stdout.write("finished")
    sys.stdout.flush()

def never_end():
    begun.put(True)
    threading.Event().wait()

for work in [end_soon, *[never_end] * (REAL_THREADS - 1)]:
    green.spawn(loop.run_blocking, work)
green.sleep(0)
for _ in range(REAL_THREADS):
    begun.get()
"""


@pytest.mark.parametrize("mode", ["eventlet", "gevent"])
def test_a_process_ends_although_work_is_stuck(mode: str) -> None:
    words = [sys.executable, "-c", ENDING, mode]
    ran = subprocess.run(words, cwd=PROJECT, capture_output=True, timeout=60)
    assert (ran.stdout.decode(), ran.returncode) == ("finished", 0)


def test_what_waits_at_the_end_is_forgotten_and_what_runs_is_waited_for() -> None:
    threads, gate, seen = RealThreads(1, _thread), SimpleQueue[str](), list[str]()
    begun = SimpleQueue[bool]()

    def wait_at_the_gate() -> None:
        begun.put(True)
        seen.append(gate.get())

    threads.call(wait_at_the_gate)
    threads.call(lambda: seen.append("late"))
    begun.get(timeout=30)
    threads.end(0.0)
    gate.put("running")
    threads.end(30.0)
    assert seen == ["running"]


def test_unknown_modes_are_refused() -> None:
    with pytest.raises(ConfigError, match="eventlet, threading, gevent, not 'asyncio'"):
        make_loop("asyncio")


@pytest.mark.parametrize("patched", ["ours", "everything"])
@pytest.mark.parametrize("mode", ["eventlet", "gevent"])
def test_every_call_is_answered_whatever_happens(mode: str, patched: str) -> None:
    words = [sys.executable, "-m", "tests.offload_program", mode, patched]
    ran = subprocess.run(words, cwd=PROJECT, capture_output=True, timeout=120)
    assert json.loads(ran.stdout or ran.stderr) == {
        "errors": [[repr(error), "fail"] for error in ERRORS],
        "elsewhere": True,
        "given_up": {"answers": 2 * REAL_THREADS, "leaked": 0},
        "in_order": True,
        "posts": True,
        "tpool": False,
    }


@pytest.mark.parametrize("mode", ["serve", "serve-gevent", "serve-threading", "eventlet", "gevent"])
def test_strangers_on_loopback_take_no_answer(tmp_path: Path, mode: str) -> None:
    """Inside, one is the first at each connection of the server to itself; outside, at any."""
    port = free_port()
    command = [word.replace("serving_app", "strangers") for word in small_command(mode)]
    with ExitStack() as stack:
        server = start_server(tmp_path, command=command, env={"ORCH_PORT": str(port)}, port=port)
        stack.callback(server.stop)
        seen: set[int] = set()
        while port not in seen and server.process.poll() is None:
            for found in listening_ports(server) - seen:
                seen.add(found)
                stack.enter_context(socket.create_connection(("127.0.0.1", found), timeout=10))
        wait_until_ready(server)


def listening_ports(server: Server) -> set[int]:
    """Return the ports that a server and its workers listen on now."""
    here = psutil.Process(server.process.pid)
    found = [
        connection
        for process in [here, *here.children(recursive=True)]
        for connection in process.net_connections("tcp")
    ]
    return {one.laddr.port for one in found if one.status == psutil.CONN_LISTEN}


def loopback_pair(strangers: list[socket.socket]) -> tuple[socket.socket, socket.socket]:
    """Return what older Pythons make without Unix sockets; a waiting stranger is the first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if strangers:
            strangers.pop().connect(listener.getsockname())
        ours = socket.create_connection(listener.getsockname())
        return ours, listener.accept()[0]


@pytest.mark.parametrize("count", [0, 3])
def test_a_pair_of_sockets_is_connected_to_itself(count: int) -> None:
    strangers = [socket.socket() for _ in range(count)]
    with ExitStack() as stack:
        for stranger in strangers:
            stack.enter_context(stranger)
        one, other = connected_pair(lambda: loopback_pair(strangers))
        stack.enter_context(one)
        stack.enter_context(other).sendall("題".encode())
        assert (one.recv(8).decode(), strangers) == ("題", [])


def test_a_stranger_at_every_try_is_told() -> None:
    def refuse() -> tuple[socket.socket, socket.socket]:
        raise ConnectionError("Unexpected peer connection")  # as newer Pythons say

    with pytest.raises(ConfigError, match="100 times a stranger took"):
        connected_pair(refuse)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forks")
@pytest.mark.parametrize("mode", ["eventlet", "gevent"])
def test_every_set_up_of_the_pool_answers(mode: str) -> None:
    code = f"from tests.pool_setups import answered; print(answered({mode!r}, 25))"
    words = [sys.executable, "-c", code]
    ran = subprocess.run(words, cwd=PROJECT, capture_output=True, timeout=120)
    assert (ran.stdout.decode() or ran.stderr.decode()).strip() == "25"
