"""The border between loop and threads, in each mode; green ones in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from orch_next.errors import ConfigError
from orch_next.offload import make_loop
from tests.patience import PATIENCE
from tests.servers import PROJECT

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


def test_unknown_modes_are_refused() -> None:
    with pytest.raises(ConfigError, match="eventlet, threading, gevent, not 'asyncio'"):
        make_loop("asyncio")
