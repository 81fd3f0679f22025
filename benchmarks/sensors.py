"""Measure the reading routes under load, and whether they stall anybody.

Run `python benchmarks/sensors.py [--mode serve] [--clients 8] [--seconds 30] [--tasks 100]
[--files 2000]`. Each client keeps one connection and asks the routes in turn; a further one
opens nothing but `/health` every 20 ms and notes how late its answers are. Times are ms. With
`--pace` the clients ask so many times a second in all, instead of as fast as they can: what is
measured then is the server and not the queue in front of it. `--commits` makes a commit every
so many seconds meanwhile. `--against FOLDER` measures another working copy as well, by turns
(`--turns`).
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from tests.servers import Server, copy_orch, running_server  # noqa: E402

GIT = ["git", "-c", "user.name=w", "-c", "user.email=w@example.jp"]
ROUTES = (
    *("/api/quality/metrics", "/api/quality/health", "/api/quality/alerts"),
    *("/api/system-health", "/api/system/detailed", "/api/status", "/status"),
    *("/api/monitoring/performance", "/api/monitoring/alerts", "/api/monitoring/status"),
    *("/api/monitoring/metrics/history?hours=24", "/api/rules", "/api/rules/violations"),
    *("/api/git/graph", "/api/git/branches", "/api/git/commit/HEAD"),
    *("/api/work/progress", "/api/work/instructions", "/api/autopilot/status"),
    *("/api/v3/task-overview", "/api/v3/task-flow", "/api/v3/console-topology"),
    *("/api/v3/task-timeline", "/api/v3/performance-heatmap", "/api/security/status"),
)


def ask(port: int, seconds: float, offset: int, pause: float, out: Any) -> None:
    """Ask every route in turn over one connection and report each time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times: list[tuple[str, float]] = []
    end, number = time.monotonic() + seconds, offset
    while time.monotonic() < end:
        path = ROUTES[number % len(ROUTES)]
        started = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        times.append((path, (time.perf_counter() - started) * 1000))
        if answer.status >= 500:
            raise SystemExit(f"{path}: {answer.status}")
        number += 1
        time.sleep(pause)
    out.put(times)


def watch(port: int, seconds: float, out: Any) -> None:
    """Ask `/health` every 20 ms and report how long each answer took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        connection.request("GET", "/health")
        connection.getresponse().read()
        times.append(("/health", (time.perf_counter() - started) * 1000))
        time.sleep(0.02)
    out.put(times)


def run(port: int, options: argparse.Namespace) -> tuple[list[Any], list[Any]]:
    """Return the times of all clients, and those of the watcher."""
    results: Any = multiprocessing.Queue()
    watched: Any = multiprocessing.Queue()
    pause = options.clients / options.pace if options.pace else 0.0
    children = [
        multiprocessing.Process(target=ask, args=(port, options.seconds, 3 * n, pause, results))
        for n in range(options.clients)
    ]
    children.append(multiprocessing.Process(target=watch, args=(port, options.seconds, watched)))
    for child in children:
        child.start()
    times = [one for _ in range(options.clients) for one in results.get()]
    late = watched.get()
    for child in children:
        child.join()
    return times, late


def fill(moc_root: Path, files: int, tasks: int) -> None:
    """Make a history in git, files for the rules to look at, and more tasks."""
    for n in range(files):
        path = moc_root / "src" / f"{n % 50:02d}" / f"部品_{n}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"x = {n}\n" * 50, encoding="utf-8")
    ledger = moc_root / "ORCH" / "STATE" / "TASKS.md"
    rows = [f"| B{n:05d} | 負荷 {n} | READY | WORK | - | - | - | - | - | - |" for n in range(tasks)]
    text = ledger.read_text(encoding="utf-8")
    more = "".join(f"{row}\n" for row in rows)
    ledger.write_text(text.replace("| 008 |", f"{more}| 008 |"), encoding="utf-8")
    subprocess.run([*GIT, "init", "-q"], cwd=moc_root, check=True)
    for n in range(30):
        commit(moc_root, f"変更 {n}")


def commit(moc_root: Path, message: str) -> None:
    """Change a file and commit it."""
    (moc_root / "a.md").write_text(f"{message}\n", encoding="utf-8")
    subprocess.run([*GIT, "add", "a.md"], cwd=moc_root, check=True)
    subprocess.run([*GIT, "commit", "-q", "-m", message], cwd=moc_root, check=True)


def show(name: str, times: list[float]) -> None:
    """Print one line: how many, p50, p99 and the longest."""
    ordered = sorted(times)
    p99 = ordered[int(len(ordered) * 0.99)]
    middle = statistics.median(ordered)
    print(f"{name:44s} {len(times):6d} {middle:8.2f} {p99:8.2f} {ordered[-1]:8.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", default="serve")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--commits", type=float, default=0.0)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--turns", type=int, default=1)
    options = parser.parse_args()
    trees = [*([options.against.absolute()] if options.against else []), PROJECT]
    found: dict[Path, tuple[list[Any], list[Any]]] = {tree: ([], []) for tree in trees}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers = {tree: start(stack, Path(folder), tree, options) for tree in trees}
        for _ in range(options.turns):
            for tree, server in servers.items():
                with committing(server.orch_root.parent, options.commits):
                    times, late = run(server.port, options)
                found[tree][0].extend(times)
                found[tree][1].extend(late)
    for tree, (times, late) in found.items():
        print(tree)
        print(f"{'route':44s} {'n':>6s} {'p50':>8s} {'p99':>8s} {'max':>8s}")
        for route in ROUTES:
            show(route, [one for path, one in times if path == route])
        show("all routes", [one for _, one in times])
        show("watcher: /health", [one for _, one in late])


def start(stack: ExitStack, folder: Path, tree: Path, options: argparse.Namespace) -> Server:
    """Start the server of one working copy over files of its own."""
    place = folder / str(abs(hash(tree)))
    fill(copy_orch(place).parent, options.files, options.tasks)
    running = running_server(place, options.mode, cwd=tree, env={"PYTHONPATH": str(tree)})
    return stack.enter_context(running)


@contextmanager
def committing(moc_root: Path, every: float) -> Iterator[None]:
    """Commit every so many seconds; 0: never."""
    over = threading.Event()

    def work() -> None:
        number = 0
        while every and not over.wait(every):
            number += 1
            commit(moc_root, f"追加 {number} {time.time()}")

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


if __name__ == "__main__":
    main()
