"""From a lease to a running command, and from its end to the task's next status."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_next.core.lease_store import Lease
from orch_next.core.lease_terms import Ended, Ending, reported, taken_back
from orch_next.core.leases import Leases
from orch_next.core.records import Task
from orch_next.core.requests import Requests
from orch_next.dispatcher.cores import Core
from orch_next.dispatcher.names import attempt_log
from orch_next.dispatcher.output import Line
from orch_next.dispatcher.runner import TOKEN_VARIABLE, Finished, Job, Run, Runner
from orch_next.errors import SlowFileError

logger = logging.getLogger(__name__)

STOPPED = "stopped"
LOST = "lease lost"
_LONGEST_ARTIFACT = 1000
# More lines than this at a time share events of at most so many characters.
LINES_APART = 50
EVENT_CHARACTERS = 16_384


def mark_of(root: Path, task_id: str, generation: int) -> str:
    """Return the mark of an attempt's processes; it can be made again after a crash."""
    text = f"{root.absolute()}\0{task_id}\0{generation}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass
class Running:
    """A command that works on a lease; `renew_at` in monotonic seconds.

    `noted`: the database knows its process.
    """

    lease: Lease
    run: Run
    renew_at: float
    noted: bool = False


@dataclass(frozen=True)
class Workshop:
    """Starts commands for leases and brings their results back into the ledger."""

    root: Path
    leases: Leases
    requests: Requests
    runner: Runner
    tell: Callable[[str, dict[str, Any]], None]

    def start(self, core: Core, task: Task, lease: Lease, at: float) -> Running:
        """Start the core's command; raise `OSError` or `ValueError` when that fails."""
        run = self.runner.start(self._job(core, task, lease))
        return Running(lease, run, at + self.leases.rules.extension / 2)

    def note(self, running: Running) -> bool:
        """Store the process of a command that was started; False if its lease is gone."""
        job, identity = running.run.job, running.run.identity
        process = {"pid": identity.pid, "pid_started": identity.started}
        values = {"log": str(job.log), "mark": job.mark, **process}
        self.leases.store.note_attempt(running.lease, values)
        running.noted = True
        return self.leases.start(running.lease)

    def give_back(self, lease: Lease, error: Exception) -> Ended:
        """Return a task whose command could not be started; no failure of the task."""
        return self.leases.end(lease, taken_back("start failed", str(error)))

    def tell_lines(self, running: Running) -> int:
        """Send the lines that came since the last look as events; say how many lines."""
        lines = running.run.take_lines()
        for line in joined(lines):
            self.tell(
                "job_log",
                {
                    "job_id": running.lease.task_id,
                    "coreId": running.lease.core,
                    "attempt": running.lease.attempt,
                    "line": line.text,
                    "offset": line.offset,
                },
            )
        return len(lines)

    def finish(self, running: Running, finished: Finished) -> None:
        """Write the result: REVIEW with an approval, FIX, or READY for one that was stopped.

        Raise ConflictError when the lease is not ours any more; after other errors it can
        be called again.
        """
        lease, ending = running.lease, ending_of(finished)
        if finished.stopped_for == STOPPED:
            self.leases.end(lease, ending)
            return
        ended = self.leases.report(lease.task_id, lease.token, ending)
        self.ask(ended, str(running.run.job.log))

    def ask(self, ended: Ended, log: str) -> None:
        """Open the approval of a task that reached REVIEW; the log is the last evidence.

        Where reading that takes long, the dispatcher's step opens it later.
        """
        if ended.task.status == "REVIEW":
            try:
                self._open_request(ended, log)
            except SlowFileError as error:
                logger.info("the approval of %s comes later: %s", ended.task.id, error)

    def _open_request(self, ended: Ended, log: str) -> None:
        artifact = ended.task.artifact
        self.requests.open(
            ended.task,
            generation=ended.lease.generation,
            core=ended.lease.core,
            evidence=artifact if artifact not in ("", "-") else log or "-",
        )

    def payload(self, core: Core, task: Task, lease: Lease) -> dict[str, Any]:
        """Return what a core is told of its task: JSON for stdin or an HTTP answer."""
        return {
            "task": task.as_json(),
            "coreId": core.id,
            "role": core.role,
            "attempt": lease.attempt,
            "generation": lease.generation,
            "lock_expires_at": task.lock_expires_at,
            "feedback": self.requests.feedback(task.id),
        }

    def _job(self, core: Core, task: Task, lease: Lease) -> Job:
        log = attempt_log(self.root / "LOGS" / "jobs", task.id, lease.attempt)
        variables = {
            "ORCH_ROOT": str(self.root.absolute()),
            "ORCH_TASK_ID": task.id.replace("\0", "\ufffd"),  # no variable holds NUL
            "ORCH_CORE_ID": core.id,
            "ORCH_ROLE": core.role,
            "ORCH_ATTEMPT": str(lease.attempt),
            "ORCH_GENERATION": str(lease.generation),
            TOKEN_VARIABLE: lease.token,
        }
        return Job(
            task_id=task.id,
            attempt=lease.attempt,
            core=core,
            mark=mark_of(self.root, task.id, lease.generation),
            log=log.absolute(),
            payload=self.payload(core, task, lease),
            variables=variables,
        )


def ending_of(finished: Finished) -> Ending:
    """Translate a command's end; exit status 0 is the only success."""
    if finished.stopped_for == STOPPED:
        return taken_back(STOPPED, "stopped by a person")
    more: dict[str, Any] = {"exit_status": finished.exit_status, "tail": finished.tail}
    if finished.exit_status == 0 and not finished.stopped_for:
        return reported("REVIEW", artifact=_artifact(finished.artifact), **more)
    message = finished.stopped_for or f"exit status {finished.exit_status}"
    return reported("FIX", message=message, **more)


def joined(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield a few lines as they are, many joined by newlines."""
    if len(lines) <= LINES_APART:
        yield from lines
        return
    texts: list[str] = []
    size = offset = 0
    for line in lines:
        if texts and size + len(line.text) >= EVENT_CHARACTERS:
            yield Line("\n".join(texts), offset)
            texts, size = [], 0
        texts.append(line.text)
        size, offset = size + len(line.text) + 1, line.offset
    yield Line("\n".join(texts), offset)


def _artifact(named: str) -> str:
    return named if named.isprintable() and len(named) <= _LONGEST_ARTIFACT else ""
