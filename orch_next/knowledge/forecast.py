"""Predictions for the scheduler: of many tasks at once, as plain numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orch_next.core.database import Database
from orch_next.knowledge.attempts import AttemptReader
from orch_next.knowledge.documents import Library
from orch_next.knowledge.predict import RECENT, Track
from orch_next.knowledge.recommend import LEAST_SAMPLES
from orch_next.knowledge.store import KnowledgeStore

# Of a core and tasks: each task's chance of success and milliseconds.
Forecast = Callable[[str, Sequence[str]], dict[str, tuple[float, float]]]


@dataclass(frozen=True)
class Forecaster:
    """Foresees what a core's next runs would be, from the runs that ended until now."""

    store: KnowledgeStore
    attempts: AttemptReader

    def forecast(self, core: str, task_ids: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Return each task's chance of success (0..1) and milliseconds; raise BusyError.

        A task is judged by the script of its last run, one that never ran by the core's own
        runs. Where either has fewer than 20, nothing is said of the task.
        """
        self.attempts.catch_up()
        scripts = self.store.last_scripts(task_ids)
        tracks = {name: self._track(name) for name in {core, *scripts.values()}}
        judged = ((task_id, tracks[scripts.get(task_id, core)]) for task_id in task_ids)
        return {
            task_id: (track.chance(task_id), track.time_ms(task_id))
            for task_id, track in judged
            if len(track.outcomes) >= LEAST_SAMPLES
        }

    def _track(self, script: str) -> Track:
        return Track(self.store.recent(script, RECENT))


def chosen_forecast(database: Database, *, is_wanted: bool) -> Forecast | None:
    """Return what foresees runs for the scheduler, None unless the configuration wants it."""
    return open_forecaster(database).forecast if is_wanted else None


def open_forecaster(database: Database) -> Forecaster:
    """Return the forecaster over the journal's database; it touches no disk."""
    library = Library(database)
    store = KnowledgeStore(library)
    return Forecaster(store, AttemptReader(library, store))
