"""Break event streams 1,000 times and kill the server 10 times; every event must come once.

Run `python benchmarks/reconnect.py [--reconnects 1000] [--restarts 10]` (about two minutes). An
editor saves the ledger ten times a second meanwhile; exit status 1 when an event is missing,
doubled or out of order without a reset.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.live_clients import keep_editing
from tests.live_readers import Reader
from tests.servers import free_port, running_server

READERS = 4


def main() -> int:
    """Run the trial and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reconnects", type=int, default=1000)
    parser.add_argument("--restarts", type=int, default=10)
    given = parser.parse_args()
    port, stopped = free_port(), threading.Event()
    readers = [Reader(port) for _ in range(READERS)]
    threads = [threading.Thread(target=reader.run) for reader in readers]
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(given.restarts + 1):
            wanted = given.reconnects * (round_ + 1) // (given.restarts + 1)
            with running_server(Path(folder), port=port) as server:
                if round_ == 0:
                    root = server.orch_root
                    threads.append(threading.Thread(target=keep_editing, args=(root, stopped)))
                    for thread in threads:
                        thread.start()
                while sum(reader.connections for reader in readers) < wanted:
                    time.sleep(0.05)
                if round_ == given.restarts:
                    finish(stopped, readers, threads)
                else:
                    server.stop(signal.SIGKILL if round_ % 2 else signal.SIGTERM)
    return report(readers, given.restarts)


def finish(
    stopped: threading.Event, readers: list[Reader], threads: list[threading.Thread]
) -> None:
    """Stop the editor, let the readers catch up, and stop them."""
    stopped.set()
    time.sleep(3)
    for reader in readers:
        reader.stopped.set()
    for thread in threads:
        thread.join(10)


def report(readers: list[Reader], restarts: int) -> int:
    """Print connections, events and faults; return the exit status."""
    newest = max(reader.seen[-1] for reader in readers)
    wrong = [r for r in readers if not r.resets and r.seen != list(range(newest + 1))]
    connections = sum(reader.connections for reader in readers)
    resets = sum(reader.resets for reader in readers)
    print(
        f"{connections} connections, {restarts} restarts, {newest} events to {READERS} readers: "
        f"{resets} resets, {len(wrong)} readers with a missing or doubled event"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
