"""Learn in a process of its own: learning computes for seconds, and the server must not wait.

What goes there and comes back is JSON; the child is `python -m orch_next.knowledge.learner`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from orch_next.errors import OrchError
from orch_next.knowledge.learned import Learned, Sample, load_learned

MODULE = "orch_next.knowledge.learner"
# One core is enough, and the rest is for the server.
_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_TAIL = 400


class LearnerError(OrchError):
    """The learner's process ended without a model; says its last words."""


def learn_in_child(
    samples: Sequence[Sample],
    epochs: int,
    progress: Callable[[], None],
    command: Sequence[str] = (sys.executable, "-m", MODULE),
) -> Learned:
    """Learn as `model.learn` does; `progress` may raise, which ends the child.

    Raise LearnerError when the child cannot be started or fails.
    """
    with tempfile.TemporaryFile() as errors:
        try:
            child = subprocess.Popen(  # noqa: S603  # our own program
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_environ(os.environ),
            )
        except OSError as error:
            raise LearnerError(f"the learner cannot be started: {error}") from error
        with child:
            try:
                answer = _converse(child, encode(samples, epochs), progress)
            finally:
                child.kill()
        if not answer:
            raise LearnerError(f"the learner failed: {_last_words(errors)}")
    return load_learned(json.loads(answer))


def encode(samples: Sequence[Sample], epochs: int) -> bytes:
    """Return what the child reads; times of day are of no use to it."""
    runs = [[list(one.setting), one.success, one.log_ms, one.items] for one in samples]
    return json.dumps({"epochs": epochs, "runs": runs}).encode()


def _converse(
    child: subprocess.Popen[bytes], question: bytes, progress: Callable[[], None]
) -> bytes:
    """Send the question and count the lines until the model comes; empty when it does not."""
    if child.stdin is None or child.stdout is None:
        raise LearnerError("the learner has no pipes")
    try:
        child.stdin.write(question)
        child.stdin.close()
    except BrokenPipeError:
        return b""
    for line in child.stdout:
        if line.startswith(b"{"):
            return line
        progress()
    return b""


def _environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which the child finds the same program."""
    home = str(Path(__file__).resolve().parent.parent.parent)
    paths = [home, environ.get("PYTHONPATH", "")]
    return {**environ, **_THREADS, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode(errors="replace")[-_TAIL:].strip() or "without a word"
