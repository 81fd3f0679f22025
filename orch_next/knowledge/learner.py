"""The learner's process: reads runs as JSON, writes a line for each step, then the model."""

from __future__ import annotations

import json
import os
import sys
from typing import IO

from orch_next.clock import utc_now
from orch_next.knowledge.learned import Sample
from orch_next.knowledge.model import learn

_KINDNESS = 10


def main(source: IO[str], sink: IO[str]) -> int:
    """Learn what `child.encode` wrote; return the exit status."""
    question = json.load(source)
    at = utc_now()
    samples = [
        Sample(tuple(setting), success, log_ms, items, at)
        for setting, success, log_ms, items in question["runs"]
    ]

    def step() -> None:
        # A parent that is gone breaks the pipe, which ends us too.
        sink.write(".\n")
        sink.flush()

    learned = learn(samples, question["epochs"], step)
    sink.write(json.dumps(learned.as_json()) + "\n")
    sink.flush()
    return 0


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(_KINDNESS)
    sys.exit(main(sys.stdin, sys.stdout))
