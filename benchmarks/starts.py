"""Start servers and set up pools of real threads again and again; each must answer.

Run `python benchmarks/starts.py [--starts 300] [--set-ups 10000] [--mode serve]`. Exit status 1
when a server or a pool was silent.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.pool_setups import answered
from tests.servers import COMMANDS, SilentServer, running_server


def main() -> int:
    """Run both and print how many answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=300)
    parser.add_argument("--set-ups", type=int, default=10_000)
    parser.add_argument("--mode", choices=sorted(COMMANDS), default="serve")
    given = parser.parse_args()
    # First, and in this small process: the set-ups are forks of it.
    library = "gevent" if "gevent" in given.mode else "eventlet"
    set_ups = counted("pools", given.set_ups, lambda: answered(library, 1) == 1)
    starts = counted("servers", given.starts, lambda: starts_and_answers(given.mode))
    return 0 if (set_ups, starts) == (given.set_ups, given.starts) else 1


def counted(what: str, count: int, answers: Callable[[], bool]) -> int:
    """Return how many of `count` tries answered; say it now and then."""
    found = 0
    for n in range(1, count + 1):
        found += answers()
        if n == count or n % max(1, count // 20) == 0:
            print(f"{found} of {n} {what} answered", flush=True)
    return found


def starts_and_answers(mode: str) -> bool:
    """Start one server over a fresh ORCH folder and stop it; tell whether it answered."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with running_server(Path(folder), mode):
                return True
        except SilentServer as error:
            print(error, flush=True)
            return False


if __name__ == "__main__":
    raise SystemExit(main())
