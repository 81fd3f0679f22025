"""The memory of one application: what it is made of, and what runs beside it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from orch_next.core.database import Database
from orch_next.errors import BusyError, ConfigError
from orch_next.events import Event, EventBus
from orch_next.knowledge.attempts import ENDED_EVENTS, AttemptReader
from orch_next.knowledge.child import learn_in_child
from orch_next.knowledge.documents import Library
from orch_next.knowledge.learning import Learning
from orch_next.knowledge.schedule import AUTO, CONFIG_FILE, RetrainSchedule
from orch_next.knowledge.search import Search
from orch_next.knowledge.shelf import Shelf
from orch_next.knowledge.store import KnowledgeStore
from orch_next.knowledge.training import Learn, Trainer

log = logging.getLogger(__name__)
LOOK_SECONDS = 30.0


@dataclass(frozen=True)
class Knowledge:
    """Outcomes, search, and the learner; `learning` and `retrain` are None without the extra.

    The dispatcher's events on the bus say when an attempt has ended: it is recorded soon.
    """

    bus: EventBus

    store: KnowledgeStore
    search: Search
    attempts: AttemptReader
    learning: Learning | None = None
    retrain: RetrainSchedule | None = None
    _news: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.bus.subscribe(Event, self._hear)

    def _hear(self, event: Event) -> None:
        if event.name in ENDED_EVENTS:
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
    bus: EventBus,
    learn: Learn | None,
) -> Knowledge:
    """Put the memory together; it touches no disk and starts nothing.

    `learn` is what `find_learner` returns.
    """
    library = Library(database)
    store, search = KnowledgeStore(library), Search(library)
    attempts = AttemptReader(library, store)
    if learn is None:
        return Knowledge(bus, store, search, attempts)
    shelf = Shelf(library)
    trainer = Trainer(store, shelf, learn, now=now, publish=bus.publish, start_thread=start_thread)
    retrain = RetrainSchedule(
        trainer.start, moc_root / CONFIG_FILE, now=now, start_thread=start_thread
    )
    return Knowledge(bus, store, search, attempts, Learning(store, shelf, trainer), retrain)
