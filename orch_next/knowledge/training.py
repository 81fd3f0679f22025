"""Training in a thread of its own: one run at a time, cancellable, told step by step."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from orch_next.clock import utc_micros
from orch_next.errors import OrchError, RuleError
from orch_next.events import Event
from orch_next.knowledge.learned import Learned, Sample, as_samples
from orch_next.knowledge.recommend import LEAST_SAMPLES
from orch_next.knowledge.shelf import Shelf, Stored
from orch_next.knowledge.store import KnowledgeStore

log = logging.getLogger(__name__)

EPOCHS = 50
MOST_EPOCHS = 1_000
# The last runs of a script that are learned from.
MOST_SAMPLES = 2_000
PROGRESS_EVENT = "ml_training_progress"
FINISHED_EVENT = "ml_training_finished"

Publish = Callable[[Event], object]
StartThread = Callable[[Callable[[], None]], object]


class Learn(Protocol):
    """What `model.learn` and `child.learn_in_child` do."""

    def __call__(self, samples: list[Sample], epochs: int, progress: Callable[[], None]) -> Learned:
        """Learn from samples; `progress` may raise to cancel."""


class _CancelledError(Exception):
    """Leaves the learner in mid-step: somebody asked for it."""


@dataclass(frozen=True)
class Training:
    """How a training stands: `running`, `done`, `cancelled`, `failed`; `idle` before the first.

    `step` counts the learner's steps for `script`; of `scripts`, `models` got a new version and
    `skipped` have too few runs.
    """

    state: str = "idle"
    epochs: int = 0
    script: str = ""
    step: int = 0
    scripts: int = 0
    models: int = 0
    skipped: int = 0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what clients see."""
        return dict(vars(self))


class Trainer:
    """Learns a model for every script that has enough runs.

    `learn` does the work, in the training's thread; the server's learns in a child process.
    """

    def __init__(
        self,
        store: KnowledgeStore,
        shelf: Shelf,
        learn: Learn,
        *,
        now: Callable[[], datetime],
        publish: Publish,
        start_thread: StartThread,
    ) -> None:
        self._store, self._shelf, self._learner = store, shelf, learn
        self._now, self._publish, self._start_thread = now, publish, start_thread
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self.training = Training()

    def start(self, epochs: int = EPOCHS) -> None:
        """Begin a training in a thread; raise RuleError while one runs."""
        with self._lock:
            if self.training.state == "running":
                raise RuleError("a training is running already")
            self._cancelled.clear()
            self.training = Training("running", epochs)
        self._start_thread(self._run)

    def cancel(self) -> bool:
        """Ask the training to end at its next step; tell whether one was running."""
        with self._lock:
            self._cancelled.set()
            return self.training.state == "running"

    def learn_one(self, script: str, epochs: int = EPOCHS) -> Stored | None:
        """Learn one script here and now; None without enough runs. Raise BusyError."""
        return self._learn(script, epochs, lambda: None)

    def _run(self) -> None:
        """Learn every script; whatever ends this thread, clients hear how it ended."""
        state, error = "failed", "the training broke off: see the server's log"
        try:
            self._learn_all(self._store.scripts())
            state, error = "done", ""
        except _CancelledError:
            state, error = "cancelled", ""
        except OrchError as refusal:
            log.warning("training: %s", refusal)
            error = str(refusal)
        finally:
            self.training = replace(self.training, state=state, error=error)
            self._publish(Event(FINISHED_EVENT, self._told()))

    def _learn_all(self, scripts: Sequence[str]) -> None:
        self.training = replace(self.training, scripts=len(scripts))
        for script in scripts:
            self.training = replace(self.training, script=script, step=0)
            if self._learn(script, self.training.epochs, self._step):
                self.training = replace(self.training, models=self.training.models + 1)
            else:
                self.training = replace(self.training, skipped=self.training.skipped + 1)

    def _learn(self, script: str, epochs: int, progress: Callable[[], None]) -> Stored | None:
        samples = as_samples(self._store.recent(script, MOST_SAMPLES))
        if len(samples) < LEAST_SAMPLES:
            return None
        learned = self._learner(samples, epochs, progress)
        return self._shelf.add(
            Stored(
                script=script,
                version=0,
                created_at=utc_micros(self._now()),
                data_from=utc_micros(samples[0].at),
                data_to=utc_micros(samples[-1].at),
                samples=len(samples),
                epochs=epochs,
                score=learned.score,
                learned=learned.as_json(),
            )
        )

    def _step(self) -> None:
        if self._cancelled.is_set():
            raise _CancelledError
        self.training = replace(self.training, step=self.training.step + 1)
        if self.training.step % 10 == 1:
            self._publish(Event(PROGRESS_EVENT, self._told()))

    def _told(self) -> dict[str, Any]:
        return {**self.training.as_json(), "timestamp": utc_micros(self._now())}
