"""The memory of one application: what it is made of, and what runs beside it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from orch_next.core.database import Database
from orch_next.errors import BusyError, ConfigError
from orch_next.knowledge.attempts import ENDED_EVENTS, AttemptReader
from orch_next.knowledge.child import learn_in_child
from orch_next.knowledge.documents import Library
from orch_next.knowledge.learning import Learning
from orch_next.knowledge.schedule import AUTO, CONFIG_FILE, RetrainSchedule
from orch_next.knowledge.search import Search
from orch_next.knowledge.shelf import Shelf
from orch_next.knowledge.store import KnowledgeStore
from orch_next.knowledge.training import Emit, Learn, Trainer

log = logging.getLogger(__name__)
LOOK_SECONDS = 30.0


@dataclass
class Knowledge:
    """Outcomes, search, and the learner; `learning` and `retrain` are None without the extra."""

    store: KnowledgeStore
    search: Search
    attempts: AttemptReader
    learning: Learning | None = None
    retrain: RetrainSchedule | None = None

    def __post_init__(self) -> None:
        self._news = threading.Event()

    def tell(self, name: str, _payload: dict[str, Any]) -> None:
        """Hear the dispatcher's events: an attempt that ended is recorded soon; never waits."""
        if name in ENDED_EVENTS:
            self._news.set()

    def catch_up(self) -> None:
        """Record attempts that ended and index new journal entries; raise BusyError."""
        self.attempts.catch_up()
        self.search.catch_up()

    def start(self, stopping: threading.Event) -> None:
        """Begin to run in a thread of its own."""
        threading.Thread(
            target=self.run, args=(stopping,), name="orch-knowledge", daemon=True
        ).start()

    def run(self, stopping: threading.Event) -> None:
        """Catch up at the start, when told, and every 30 s until `stopping` is set."""
        self._start_retraining()
        while not stopping.is_set():
            try:
                self.catch_up()
            except BusyError as error:
                log.warning("knowledge: %s", error)
            self._wait(stopping)
        if self.retrain is not None:
            self.retrain.stop()

    def _start_retraining(self) -> None:
        if self.retrain is None:
            return
        try:
            if self.retrain.config()[AUTO] is True:
                self.retrain.start()
        except ConfigError as error:
            log.warning("retraining does not start: %s", error)

    def _wait(self, stopping: threading.Event) -> None:
        for _ in range(round(LOOK_SECONDS)):
            if self._news.wait(1.0) or stopping.is_set():
                break
        self._news.clear()


def find_learner() -> Learn | None:
    """Return the learner; None where scikit-learn (extra `ml`) is not installed."""
    return learn_in_child if find_spec("sklearn") else None


def start_thread(work: Callable[[], None]) -> None:
    """Start a thread that ends with the process."""
    threading.Thread(target=work, name="orch-learning", daemon=True).start()


def open_knowledge(
    database: Database,
    moc_root: Path,
    *,
    now: Callable[[], datetime],
    emit: Emit,
    learn: Learn | None,
) -> Knowledge:
    """Put the memory together; it touches no disk and starts nothing.

    `learn` is what `find_learner` returns.
    """
    library = Library(database)
    store, search = KnowledgeStore(library), Search(library)
    knowledge = Knowledge(store, search, AttemptReader(library, store))
    if learn is not None:
        shelf = Shelf(library)
        trainer = Trainer(store, shelf, learn, now=now, emit=emit, start_thread=start_thread)
        knowledge.learning = Learning(store, shelf, trainer)
        knowledge.retrain = RetrainSchedule(
            trainer.start, moc_root / CONFIG_FILE, now=now, start_thread=start_thread
        )
    return knowledge
