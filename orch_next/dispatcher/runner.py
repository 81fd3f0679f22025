"""Run one configured command for one attempt: no shell, clean environment, limits."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.output import Line, Output, ThreadStarter
from orch_next.dispatcher.processes import (
    MARK,
    Identity,
    clean_environment,
    identify,
    kill_marked,
    signal_group,
    start_group,
)
from orch_next.storage.atomic import make_folders

# Seconds between asking a group to end and killing it; and for output after the end.
TERM_SECONDS = 5.0
DRAIN_SECONDS = 2.0
# Holds the attempt's lease token; what a command prints of it is not kept.
TOKEN_VARIABLE = "ORCH_TOKEN"  # noqa: S105  # the name of a variable, not a token


@dataclass(frozen=True)
class Job:
    """One attempt: `payload` goes to stdin as JSON, `variables` into the environment."""

    task_id: str
    attempt: int
    core: Core
    mark: str
    log: Path
    payload: Mapping[str, Any]
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """How an attempt ended: `stopped_for` is empty unless we ended it."""

    exit_status: int
    stopped_for: str
    artifact: str
    tail: tuple[str, ...]


class Run:
    """A command at work; `poll` is called by the worker's loop and never blocks."""

    def __init__(
        self, job: Job, process: subprocess.Popen[bytes], output: Output, started: float
    ) -> None:
        self.job = job
        self.output = output
        self.identity: Identity = identify(process.pid)
        self.stopped_for = ""
        self._process = process
        self._deadline = started + job.core.timeout_seconds
        self._kill_at: float | None = None
        self._drained_at: float | None = None

    def stop(self, reason: str, at: float) -> None:
        """Ask the group to end; `poll` kills it when it does not within TERM_SECONDS."""
        if self.stopped_for or self._process.poll() is not None:
            return
        self.stopped_for = reason
        self._kill_at = at + TERM_SECONDS
        signal_group(self.identity, force=False)

    def take_lines(self) -> list[Line]:
        """Return output that nobody has taken yet."""
        return self.output.take()

    def poll(self, at: float) -> Finished | None:
        """Look after limits at monotonic time `at`; return the end once it is complete."""
        status = self._process.poll()
        if status is None:
            self._watch(at)
            return None
        if self._drained_at is None:
            self._drained_at = at + DRAIN_SECONDS
        if not self.output.ended and at < self._drained_at:
            return None
        # Whatever the command left behind in its group ends with the attempt.
        signal_group(self.identity, force=True)
        reason = self.stopped_for or self._broken()
        # The task goes to another attempt, or to a person: nobody of this one may work on it.
        if reason or not self.job.core.may_leave_processes:
            kill_marked(self.job.mark)
        return Finished(status, reason, self.output.artifact, tuple(self.output.tail))

    def _broken(self) -> str:
        if self.output.exceeded:
            return "output cap"
        return f"log not written: {self.output.failure}" if self.output.failure else ""

    def _watch(self, at: float) -> None:
        broken = self._broken()
        if broken:
            self.stop(broken, at)
        elif at >= self._deadline:
            self.stop("time limit", at)
        if self._kill_at is not None and at >= self._kill_at:
            signal_group(self.identity, force=True)


class Runner:
    """Starts commands; `threads` starts a function in a real thread."""

    def __init__(
        self,
        *,
        threads: ThreadStarter,
        environ: Mapping[str, str],
        monotonic: Callable[[], float],
    ) -> None:
        self._threads = threads
        self._environ = environ
        self._monotonic = monotonic

    def start(self, job: Job) -> Run:
        """Start the command; raise `OSError` or `ValueError` when it cannot be started."""
        make_folders(job.log.parent, private=True)
        source, sink = os.pipe()
        try:
            process = self._popen(job, sink)
        except (OSError, ValueError):
            os.close(source)
            raise
        finally:
            os.close(sink)
        secret = job.variables.get(TOKEN_VARIABLE, "")
        output = Output(source, job.log, limit_bytes=job.core.output_limit_bytes, secret=secret)
        run = Run(job, process, output, self._monotonic())
        self._threads(output.copy)
        return run

    def _popen(self, job: Job, sink: int) -> subprocess.Popen[bytes]:
        variables = {**job.core.environment, **job.variables, MARK: job.mark}
        # A file, not a pipe: writing never blocks on a command that does not read.
        with tempfile.TemporaryFile() as stdin:
            stdin.write(json.dumps(job.payload, ensure_ascii=False).encode())
            stdin.seek(0)
            return start_group(
                job.core.command,
                cwd=job.core.cwd,
                environment=clean_environment(self._environ, job.core.pass_environment, variables),
                stdin=stdin,
                output=sink,
            )
